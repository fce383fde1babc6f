alter table product add primary key (number);
create index on product using gin (words) with (fastupdate = off);
create index on product using gin (categories);
create index on product using gin (tags);
create index on product using gin (attributes jsonb_path_ops);
create index on product (brand);
create index on product (created desc, number desc);
alter table variant add primary key (product, place);
-- All that a request asks of variants: the table itself need not be read.
create index on variant (product) include (price, colour, size);
create index on variant (sku);
create index on variant (price);
