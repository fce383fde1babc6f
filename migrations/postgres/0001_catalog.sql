-- The catalog: products, variants, categories, and the log of what was done to them.
--
-- `data` holds the whole state of a resource as JSON; the columns beside it are what the database itself needs to
-- look at: to find, to sort, and to hold rules that must be true for concurrent writers too.
-- Deleted resources keep their rows, but no key, slug, SKU or GTIN: the unique indexes cover live rows only.

create table categories (
    id         uuid primary key,
    key        text collate "C",
    parent_id  uuid constraint categories_parent references categories (id),
    position   bigint not null,
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

create unique index categories_key on categories (key) where deleted_at is null;
create index categories_key_deleted on categories (key, deleted_at) where deleted_at is not null;
create index categories_by_parent on categories (parent_id, id);
create index categories_by_update on categories (updated_at, id);

create table category_slugs (
    category_id uuid not null references categories (id),
    locale      text collate "C" not null,
    slug        text collate "C" not null,
    live        boolean not null,
    primary key (category_id, locale)
);

create unique index category_slugs_slug on category_slugs (locale, slug) where live;
create index category_slugs_deleted on category_slugs (locale, slug) where not live;

create table products (
    id           uuid primary key,
    key          text collate "C",
    status       text not null,
    version      bigint not null,
    brand        text collate "C",
    -- The names of the option axes as a sorted JSON array: what `variants_axes` compares.
    axes         text collate "C" not null,
    data         jsonb not null,
    published_at timestamptz,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,
    constraint products_axes unique (id, axes)
);

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
    product_id uuid not null references products (id),
    locale     text collate "C" not null,
    slug       text collate "C" not null,
    live       boolean not null,
    primary key (product_id, locale)
);

create unique index product_slugs_slug on product_slugs (locale, slug) where live;
create index product_slugs_deleted on product_slugs (locale, slug) where not live;

create table product_tags (
    tag        text collate "C" not null,
    product_id uuid not null references products (id),
    primary key (tag, product_id)
);

create index product_tags_product on product_tags (product_id);

create table product_categories (
    category_id uuid not null references categories (id),
    product_id  uuid not null references products (id),
    primary key (category_id, product_id)
);

create index product_categories_product on product_categories (product_id, category_id);

create table variants (
    id         uuid primary key,
    product_id uuid not null references products (id),
    key        text collate "C",
    sku        text collate "C" not null,
    gtin       text collate "C",
    -- The names of the options as a sorted JSON array.
    axes       text collate "C" not null,
    -- The same while the variant is alive: a deleted variant may have other options than its product's axes.
    live_axes  text collate "C" generated always as (case when deleted_at is null then axes end) stored,
    -- The options as a JSON object in the order of their names.
    options    text collate "C" not null,
    position   bigint not null,
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    -- A variant has a value for every axis of its product and for no other. Deferred, so that a transaction may
    -- change a product and its variants in any order.
    constraint variants_axes foreign key (product_id, live_axes) references products (id, axes)
        deferrable initially deferred
);

create unique index variants_key on variants (key) where deleted_at is null;
create unique index variants_sku on variants (sku) where deleted_at is null;
create unique index variants_gtin on variants (gtin) where deleted_at is null;
-- A digest, since options may be longer than what an index takes.
create unique index variants_options on variants (product_id, md5(options)) where deleted_at is null;
create index variants_key_deleted on variants (key, deleted_at) where deleted_at is not null;
create index variants_sku_deleted on variants (sku, deleted_at) where deleted_at is not null;
create index variants_gtin_deleted on variants (gtin, deleted_at) where deleted_at is not null;
create index variants_by_product on variants (product_id, id);
create index variants_by_product_update on variants (product_id, updated_at, id);

-- Every change of every resource, written by the transaction that makes it.
create table changes (
    position   bigint generated always as identity primary key,
    -- Readers take rows of transactions that no running one can precede, in the order (tx, position); by position
    -- alone they would miss rows that commit late.
    tx         xid8 not null default pg_current_xact_id(),
    at         timestamptz not null,
    resource   text not null,
    id         uuid not null,
    -- The product that a variant belongs to, else the resource itself.
    root       uuid not null,
    version    bigint not null,
    events     text not null,
    actor      text not null,
    request_id text not null,
    before     jsonb,
    after      jsonb not null
);

create index changes_in_order on changes (tx, position);
create index changes_by_root on changes (root, position desc);
create index changes_by_time on changes (at);

-- Answers to writes, to be given again when a client repeats the request.
create table idempotency_keys (
    actor       text collate "C" not null,
    key         text collate "C" not null,
    fingerprint bytea not null,
    status      integer not null,
    etag        text,
    location    text,
    body        bytea not null,
    created_at  timestamptz not null,
    primary key (actor, key)
);

create index idempotency_keys_by_time on idempotency_keys (created_at);

create table jobs (
    id               uuid primary key,
    status           text not null,
    format           text not null,
    dry_run          boolean not null,
    actor            text not null,
    created          bigint not null,
    updated          bigint not null,
    unchanged        bigint not null,
    failed           bigint not null,
    error            text,
    cancel_requested boolean not null default false,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    finished_at      timestamptz
);

create table job_faults (
    job_id   uuid not null references jobs (id),
    ordinal  bigint generated always as identity,
    line     bigint not null,
    pointer  text not null,
    code     text not null,
    detail   text not null,
    primary key (job_id, ordinal)
);

-- Keys that all instances share, such as the one that signs cursors.
create table secrets (
    name  text primary key,
    value bytea not null
);
