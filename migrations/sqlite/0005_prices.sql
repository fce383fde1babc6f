-- Price lists, and the prices in them.

create table price_lists (
    id         text primary key not null,
    key        text not null,
    version    integer not null,
    data       text not null,
    created_at text not null,
    updated_at text not null,
    deleted_at text
) strict;

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
    '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'
);

create table prices (
    id           text primary key not null,
    list_id      text not null references price_lists (id),
    variant_id   text not null references variants (id),
    currency     text not null,
    min_quantity integer not null,
    -- Open where null; the end is not part of it. That no two prices for the same overlap is looked at by the one
    -- writer there is.
    valid_from   text,
    valid_until  text,
    version      integer not null,
    data         text not null,
    created_at   text not null,
    updated_at   text not null,
    deleted_at   text
) strict;

create index prices_rivals on prices (variant_id, list_id, currency, min_quantity) where deleted_at is null;
create index prices_by_variant on prices (variant_id, id) where deleted_at is null;
create index prices_by_list on prices (list_id, id) where deleted_at is null;
create index prices_by_list_update on prices (list_id, updated_at, id) where deleted_at is null;
create index prices_live on prices (id) where deleted_at is null;
create index prices_live_by_update on prices (updated_at, id) where deleted_at is null;
