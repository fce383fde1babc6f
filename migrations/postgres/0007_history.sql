-- The past of a resource, newest version first; also what tells an entry that a newer one follows, when old ones are
-- removed.

create index changes_by_version on changes (id, version desc);
