-- What a shop decides about its search: one row, under an id that the program knows.

create table search_settings (
    id         text primary key not null,
    -- Never set; all resources that are stored as a whole have the column.
    key        text,
    version    integer not null,
    data       text not null,
    created_at text not null,
    updated_at text not null,
    deleted_at text
) strict;

insert into search_settings (id, version, data, created_at, updated_at)
values (
    '01900000-0000-7000-8000-5ea2c4000000', 1,
    '{"id": "01900000-0000-7000-8000-5ea2c4000000", "version": 1, "createdAt": "2026-01-01T00:00:00.000000Z",
      "updatedAt": "2026-01-01T00:00:00.000000Z", "deletedAt": null, "typosOff": false, "stopWords": {}, "synonyms": {}}',
    '2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'
);
