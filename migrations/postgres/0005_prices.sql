-- Price lists, and the prices in them.

create table price_lists (
    id         uuid primary key,
    key        text collate "C" not null,
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

create unique index price_lists_key on price_lists (key) where deleted_at is null;
create index price_lists_key_deleted on price_lists (key, deleted_at) where deleted_at is not null;
create index price_lists_by_update on price_lists (updated_at, id);

-- The list that a fresh catalog has, under an id that the program knows: what variants carry themselves is part of it.
insert into price_lists (id, key, version, data, created_at, updated_at)
values (
    '01900000-0000-7000-8000-0000ba5e0000', 'base', 1,
    '{"id": "01900000-0000-7000-8000-0000ba5e0000", "version": 1,
      "createdAt": "2026-01-01T00:00:00.000000Z", "updatedAt": "2026-01-01T00:00:00.000000Z", "deletedAt": null,
      "key": "base", "name": {"en": "Base prices"}, "priority": 0, "validFrom": null, "validUntil": null,
      "channels": [], "countries": [], "customerGroups": [], "status": "active", "metadata": {}}',
    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
);

-- So that one index can hold both equality and overlap. Part of PostgreSQL, and trusted: who may create tables in the
-- database may create it.
create extension if not exists btree_gist;

create table prices (
    id           uuid primary key,
    list_id      uuid not null references price_lists (id),
    variant_id   uuid not null references variants (id),
    currency     text collate "C" not null,
    min_quantity bigint not null,
    -- Open where null; the end is not part of it.
    valid_from   timestamptz,
    valid_until  timestamptz,
    version      bigint not null,
    data         jsonb not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,
    -- No two prices for the same at the same time. Looked at when a statement has ended, so that one statement may
    -- change many whose times pass from one to another.
    constraint prices_overlap exclude using gist (
        variant_id with =,
        list_id with =,
        currency with =,
        min_quantity with =,
        tstzrange(valid_from, valid_until) with &&
    ) where (deleted_at is null) deferrable initially immediate
);

create index prices_by_variant on prices (variant_id, id) where deleted_at is null;
create index prices_by_list on prices (list_id, id) where deleted_at is null;
create index prices_by_list_update on prices (list_id, updated_at, id) where deleted_at is null;
create index prices_live on prices (id) where deleted_at is null;
create index prices_live_by_update on prices (updated_at, id) where deleted_at is null;
