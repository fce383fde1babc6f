-- Product types, and what products rest on them.

create table product_types (
    id         uuid primary key,
    key        text collate "C" not null,
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

create unique index product_types_key on product_types (key) where deleted_at is null;
create index product_types_key_deleted on product_types (key, deleted_at) where deleted_at is not null;
create index product_types_by_update on product_types (updated_at, id);

-- The type without attributes that every product has unless it names another. Its id is known to the program.
insert into product_types (id, key, version, data, created_at, updated_at)
values (
    '01900000-0000-7000-8000-000000000001', 'generic', 1,
    '{"id": "01900000-0000-7000-8000-000000000001", "version": 1, "createdAt": "2026-01-01T00:00:00.000000Z",
      "updatedAt": "2026-01-01T00:00:00.000000Z", "deletedAt": null, "key": "generic", "name": {"en": "Generic"},
      "attributes": [], "optionAttributes": [], "metadata": {}}',
    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
);

alter table products add column product_type_id uuid not null default '01900000-0000-7000-8000-000000000001'
    constraint products_type references product_types (id);

create index products_by_type on products (product_type_id, id);

-- Values of unique attributes, each under the living product or variant that has it. What a claim consists of,
-- attribute and digest, is one text, since both are only ever compared together.
create table unique_attributes (
    product_type_id uuid not null references product_types (id),
    claim           text collate "C" not null,
    owner_id        uuid not null,
    product_id      uuid not null references products (id),
    constraint unique_attributes_pkey primary key (product_type_id, claim)
);

create index unique_attributes_by_owner on unique_attributes (owner_id);
create index unique_attributes_by_product on unique_attributes (product_id);
