-- The catalog: products, variants, categories, and the log of what was done to them.
--
-- `data` holds the whole state of a resource as JSON; the columns beside it are what the database itself needs to
-- look at: to find, to sort, and to hold rules that must be true for concurrent writers too.
-- Ids are lower-case text, instants RFC 3339 in UTC with six digits of seconds, so that both sort as they should.
-- Deleted resources keep their rows, but no key, slug, SKU or GTIN: the unique indexes cover live rows only.

create table categories (
    id         text primary key not null,
    key        text,
    parent_id  text constraint categories_parent references categories (id),
    position   integer not null,
    version    integer not null,
    data       text not null,
    created_at text not null,
    updated_at text not null,
    deleted_at text
) strict;

create unique index categories_key on categories (key) where deleted_at is null;
create index categories_key_deleted on categories (key, deleted_at) where deleted_at is not null;
create index categories_by_parent on categories (parent_id, id);
create index categories_by_update on categories (updated_at, id);

create table category_slugs (
    category_id text not null references categories (id),
    locale      text not null,
    slug        text not null,
    live        integer not null,
    primary key (category_id, locale)
) strict;

create unique index category_slugs_slug on category_slugs (locale, slug) where live;
create index category_slugs_deleted on category_slugs (locale, slug) where not live;

create table products (
    id           text primary key not null,
    key          text,
    status       text not null,
    version      integer not null,
    brand        text,
    -- The names of the option axes as a sorted JSON array: what `variants_axes` compares.
    axes         text not null,
    data         text not null,
    published_at text,
    created_at   text not null,
    updated_at   text not null,
    deleted_at   text,
    constraint products_axes unique (id, axes)
) strict;

create unique index products_key on products (key) where deleted_at is null;
create index products_key_deleted on products (key, deleted_at) where deleted_at is not null;
-- One pair of indexes for every filter of the product list, for its two sort orders.
create index products_live on products (id) where deleted_at is null;
create index products_live_by_update on products (updated_at, id) where deleted_at is null;
create index products_by_status on products (status, id) where deleted_at is null;
create index products_by_status_update on products (status, updated_at, id) where deleted_at is null;
create index products_by_brand on products (brand, id) where deleted_at is null;
create index products_by_brand_update on products (brand, updated_at, id) where deleted_at is null;
create index products_deleted on products (id) where deleted_at is not null;
create index products_deleted_by_update on products (updated_at, id) where deleted_at is not null;

create table product_slugs (
    product_id text not null references products (id),
    locale     text not null,
    slug       text not null,
    live       integer not null,
    primary key (product_id, locale)
) strict;

create unique index product_slugs_slug on product_slugs (locale, slug) where live;
create index product_slugs_deleted on product_slugs (locale, slug) where not live;

create table product_tags (
    tag        text not null,
    product_id text not null references products (id),
    primary key (tag, product_id)
) strict;

create index product_tags_product on product_tags (product_id);

create table product_categories (
    category_id text not null references categories (id),
    product_id  text not null references products (id),
    primary key (category_id, product_id)
) strict;

create index product_categories_product on product_categories (product_id, category_id);

create table variants (
    id         text primary key not null,
    product_id text not null references products (id),
    key        text,
    sku        text not null,
    gtin       text,
    -- The names of the options as a sorted JSON array.
    axes       text not null,
    -- The same while the variant is alive: a deleted variant may have other options than its product's axes.
    live_axes  text generated always as (case when deleted_at is null then axes end) stored,
    -- The options as a JSON object in the order of their names.
    options    text not null,
    position   integer not null,
    version    integer not null,
    data       text not null,
    created_at text not null,
    updated_at text not null,
    deleted_at text,
    -- A variant has a value for every axis of its product and for no other. Deferred, so that a transaction may
    -- change a product and its variants in any order.
    constraint variants_axes foreign key (product_id, live_axes) references products (id, axes)
        deferrable initially deferred
) strict;

create unique index variants_key on variants (key) where deleted_at is null;
create unique index variants_sku on variants (sku) where deleted_at is null;
create unique index variants_gtin on variants (gtin) where deleted_at is null;
create unique index variants_options on variants (product_id, options) where deleted_at is null;
create index variants_key_deleted on variants (key, deleted_at) where deleted_at is not null;
create index variants_sku_deleted on variants (sku, deleted_at) where deleted_at is not null;
create index variants_gtin_deleted on variants (gtin, deleted_at) where deleted_at is not null;
create index variants_by_product on variants (product_id, id);
create index variants_by_product_update on variants (product_id, updated_at, id);

-- Every change of every resource, written by the transaction that makes it.
create table changes (
    position   integer primary key autoincrement,
    at         text not null,
    resource   text not null,
    id         text not null,
    -- The product that a variant belongs to, else the resource itself.
    root       text not null,
    version    integer not null,
    events     text not null,
    actor      text not null,
    request_id text not null,
    before     text,
    after      text not null
) strict;

create index changes_by_root on changes (root, position desc);
create index changes_by_time on changes (at);

-- Answers to writes, to be given again when a client repeats the request.
create table idempotency_keys (
    actor       text not null,
    key         text not null,
    fingerprint blob not null,
    status      integer not null,
    etag        text,
    location    text,
    body        blob not null,
    created_at  text not null,
    primary key (actor, key)
) strict;

create index idempotency_keys_by_time on idempotency_keys (created_at);

create table jobs (
    id               text primary key not null,
    status           text not null,
    format           text not null,
    dry_run          integer not null,
    actor            text not null,
    created          integer not null,
    updated          integer not null,
    unchanged        integer not null,
    failed           integer not null,
    error            text,
    cancel_requested integer not null default 0,
    created_at       text not null,
    updated_at       text not null,
    finished_at      text
) strict;

create table job_faults (
    ordinal  integer primary key autoincrement,
    job_id   text not null references jobs (id),
    line     integer not null,
    pointer  text not null,
    code     text not null,
    detail   text not null
) strict;

create index job_faults_by_job on job_faults (job_id, ordinal);

-- Keys that all instances share, such as the one that signs cursors.
create table secrets (
    name  text primary key not null,
    value blob not null
) strict;
