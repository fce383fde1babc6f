-- Channels: storefronts, marketplaces, points of sale.

create table channels (
    id         uuid primary key,
    key        text collate "C" not null,
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

create unique index channels_key on channels (key) where deleted_at is null;
create index channels_key_deleted on channels (key, deleted_at) where deleted_at is not null;
create index channels_by_update on channels (updated_at, id);
