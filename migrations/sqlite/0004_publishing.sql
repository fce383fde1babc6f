-- Publishing: beside the working copy of a product and its variants, the copy that shoppers see.
--
-- The published tables are filled from the working ones by the commit that publishes, and are all that the store plane
-- reads. `live` is false while the product is deleted: its copy waits for its restoration and holds no name.

-- Whether the working copy differs from the published one; without one it does.
alter table products add column staged integer not null default 1;
alter table variants add column staged integer not null default 1;
create index variants_staged on variants (product_id) where staged and deleted_at is null;

-- Where products are listed. A product without rows is listed everywhere and always.
create table product_channels (
    product_id   text not null references products (id),
    channel_id   text not null references channels (id),
    publish_at   text,
    unpublish_at text,
    primary key (product_id, channel_id)
) strict;

create index product_channels_channel on product_channels (channel_id);

create table published_products (
    id           text primary key not null references products (id),
    live         integer not null,
    -- Listed in every channel at all times; else `listings` has where and when.
    everywhere   integer not null,
    key          text,
    version      integer not null,
    brand        text,
    data         text not null,
    updated_at   text not null
);

create unique index published_products_key on published_products (key) where live;
-- One pair of indexes for every filter of the store's list, for its two sort orders.
create index published_products_live on published_products (id) where live;
create index published_products_by_update on published_products (updated_at, id) where live;
create index published_products_by_brand on published_products (brand, id) where live;
create index published_products_by_brand_update on published_products (brand, updated_at, id) where live;

create table published_variants (
    variant_id text primary key not null references variants (id),
    product_id text not null references published_products (id) on delete cascade,
    live       integer not null,
    position   integer not null,
    sku        text not null,
    gtin       text,
    version    integer not null,
    data       text not null
) strict;

create index published_variants_product on published_variants (product_id, position, variant_id);
create unique index published_variants_sku on published_variants (sku) where live;
create unique index published_variants_gtin on published_variants (gtin) where live;

create table published_product_tags (
    tag        text not null,
    product_id text not null references published_products (id) on delete cascade,
    primary key (tag, product_id)
) strict;

create index published_product_tags_product on published_product_tags (product_id);

create table published_product_categories (
    category_id text not null references categories (id),
    product_id  text not null references published_products (id) on delete cascade,
    primary key (category_id, product_id)
) strict;

create index published_product_categories_product on published_product_categories (product_id, category_id);

-- Which files shoppers are shown, so that none of them is deleted.
create table published_media (
    media_id   text not null,
    product_id text not null references published_products (id) on delete cascade,
    primary key (media_id, product_id)
) strict;

create index published_media_product on published_media (product_id);

create table listings (
    product_id   text not null references published_products (id) on delete cascade,
    channel_id   text not null references channels (id),
    -- Inclusive; null for ever since.
    publish_at   text,
    -- Exclusive; null for ever after.
    unpublish_at text,
    primary key (product_id, channel_id)
);

create index listings_channel on listings (channel_id, product_id);
-- When the next listing of a channel begins or ends.
create index listings_publish on listings (channel_id, publish_at) where publish_at is not null;
create index listings_unpublish on listings (channel_id, unpublish_at) where unpublish_at is not null;

-- Slugs under which shoppers find products, and those under which they once did, which lead to the present ones.
create table store_slugs (
    product_id text not null references products (id),
    locale     text not null,
    slug       text not null,
    live       integer not null,
    current    integer not null,
    -- When it ceased to be current.
    retired_at text,
    primary key (product_id, locale, slug)
) strict;

create unique index store_slugs_current on store_slugs (locale, slug) where current and live;
create index store_slugs_slug on store_slugs (slug);

-- What was published until now was its own working copy.
update products set data = json_set(data, '$.channels', json('[]'), '$.relations', json('[]'));
insert into published_products (id, live, everywhere, key, version, brand, data, updated_at)
    select id, deleted_at is null, true, key, version, brand, data, updated_at from products where status = 'published';
insert into published_variants (variant_id, product_id, live, position, sku, gtin, version, data)
    select v.id, v.product_id, p.deleted_at is null, v.position, v.sku, v.gtin, v.version, v.data
    from variants v join products p on p.id = v.product_id
    -- Those that went with their product come back with it.
    where p.status = 'published' and v.deleted_at is not distinct from p.deleted_at;
insert into published_product_tags (tag, product_id)
    select t.tag, t.product_id from product_tags t join published_products p on p.id = t.product_id;
insert into published_product_categories (category_id, product_id)
    select c.category_id, c.product_id
    from product_categories c join published_products p on p.id = c.product_id;
insert into store_slugs (product_id, locale, slug, live, current)
    select s.product_id, s.locale, s.slug, p.live, true
    from product_slugs s join published_products p on p.id = s.product_id;
update products set staged = false where status = 'published';
update variants set staged = false where id in (select variant_id from published_variants);
