-- Channels: storefronts, marketplaces, points of sale.

create table channels (
    id         text primary key not null,
    key        text not null,
    version    integer not null,
    data       text not null,
    created_at text not null,
    updated_at text not null,
    deleted_at text
) strict;

create unique index channels_key on channels (key) where deleted_at is null;
create index channels_key_deleted on channels (key, deleted_at) where deleted_at is not null;
create index channels_by_update on channels (updated_at, id);
