-- Uploaded files. Their bytes are elsewhere, in a folder or a bucket, under the file's id.

create table media (
    id         text primary key not null,
    -- The address of the file. The same bytes are the same file.
    sha256     text not null,
    data       text not null,
    created_at text not null,
    updated_at text not null
) strict;

create unique index media_sha256 on media (sha256);
create index media_by_update on media (updated_at, id);

-- Which resource shows which file. A file that is shown is not deleted.
create table media_uses (
    media_id text not null constraint media_uses_media references media (id),
    -- A category, product or variant; deleted ones too, which may come back.
    owner    text not null,
    primary key (owner, media_id)
) strict, without rowid;

create index media_uses_by_media on media_uses (media_id);
