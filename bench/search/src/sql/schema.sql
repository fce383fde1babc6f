drop table if exists product, variant, incoming;

create table product (
    number bigint not null,
    created bigint not null,
    brand text not null,
    -- With all above them.
    categories int[] not null,
    tags text[] not null,
    attributes jsonb not null,
    words tsvector not null
);

create table variant (
    product bigint not null,
    place smallint not null,
    sku text not null,
    price bigint not null,
    weight bigint not null,
    stretch bigint not null,
    colour text not null,
    size text not null,
    fit text not null,
    finish text not null
);

create unlogged table incoming (
    number bigint,
    name text,
    brand text,
    categories int[],
    tags text[],
    created bigint,
    attributes jsonb,
    keywords text,
    features text,
    body text
);

create or replace function take_in() returns void language sql as $$
    insert into product
    select number, created, brand, categories, tags, attributes,
        setweight(to_tsvector('english', name), 'A')
            || setweight(to_tsvector('english', keywords), 'B')
            || setweight(to_tsvector('english', features), 'C')
            || setweight(to_tsvector('english', body), 'D')
    from incoming;
    truncate incoming;
$$;
