-- What a shop decides about its search: one row, under an id that the program knows.

create table search_settings (
    id         uuid primary key,
    -- Never set; all resources that are stored as a whole have the column.
    key        text collate "C",
    version    bigint not null,
    data       jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);

insert into search_settings (id, version, data, created_at, updated_at)
values (
    '01900000-0000-7000-8000-5ea2c4000000', 1,
    '{"id": "01900000-0000-7000-8000-5ea2c4000000", "version": 1, "createdAt": "2026-01-01T00:00:00.000000Z",
      "updatedAt": "2026-01-01T00:00:00.000000Z", "deletedAt": null, "typosOff": false, "stopWords": {}, "synonyms": {}}',
    '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'
);
