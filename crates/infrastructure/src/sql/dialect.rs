//! Where the engines' SQL differs.

/// The engine that a statement is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Postgres,
    Sqlite,
}

/// The type of a column of a [`Dialect::batch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Uuid,
    Text,
    Int,
    Bool,
    Time,
    Json,
}

use Kind::{Bool, Int, Json, Text, Time, Uuid};

pub(crate) const IDS: &[(&str, Kind)] = &[("id", Uuid)];
pub(crate) const PAIRS: &[(&str, Kind)] = &[("a", Text), ("b", Text)];
pub(crate) const PRODUCT_PAIRS: &[(&str, Kind)] = &[("a", Uuid), ("b", Text)];
pub(crate) const KEYS: &[(&str, Kind)] = &[("a", Text)];

impl Dialect {
    /// A common table `r` with the rows of the JSON array that is the statement's first parameter: one statement and
    /// one parameter, however many rows.
    pub(crate) fn batch(self, columns: &[(&str, Kind)]) -> String {
        let list: Vec<String> = columns
            .iter()
            .map(|(name, kind)| self.column(name, *kind))
            .collect();
        let list = list.join(", ");
        match self {
            Self::Postgres => format!("r as (select * from jsonb_to_recordset($1::jsonb) as x({list}))"),
            Self::Sqlite => format!("r as (select {list} from json_each($1))"),
        }
    }

    fn column(self, name: &str, kind: Kind) -> String {
        match (self, kind) {
            (Self::Postgres, Uuid) => format!("{name} uuid"),
            (Self::Postgres, Text) => format!("{name} text collate \"C\""),
            (Self::Postgres, Int) => format!("{name} bigint"),
            (Self::Postgres, Bool) => format!("{name} boolean"),
            (Self::Postgres, Time) => format!("{name} timestamptz"),
            (Self::Postgres, Json) => format!("{name} jsonb"),
            // The operator gives a JSON null as text.
            (Self::Sqlite, Json) => format!("nullif(value -> '{name}', 'null') as {name}"),
            (Self::Sqlite, Uuid | Text | Int | Bool | Time) => format!("value ->> '{name}' as {name}"),
        }
    }

    /// What a stored document says, apart from what is kept about it: version, times and status.
    pub(crate) fn content(self, document: &str) -> String {
        match self {
            Self::Postgres => format!(
                "({document} - array['version', 'createdAt', 'updatedAt', 'deletedAt', 'status', 'publishedAt'])"
            ),
            Self::Sqlite => format!(
                "json_remove({document}, '$.version', '$.createdAt', '$.updatedAt', '$.deletedAt', '$.status', \
                 '$.publishedAt')"
            ),
        }
    }

    /// Locks rows where writers run side by side; SQLite has one writer.
    pub(crate) fn locking(self, clause: &'static str) -> &'static str {
        match self {
            Self::Postgres => clause,
            Self::Sqlite => "",
        }
    }

    /// Whether the array in the field of a document has the text of `value` in it.
    pub(crate) fn lists(self, document: &str, field: &str, value: &str) -> String {
        match self {
            Self::Postgres => format!("{document} -> '{field}' ? cast({value} as text)"),
            Self::Sqlite => {
                format!("exists (select 1 from json_each({document}, '$.{field}') e where e.value = {value})")
            }
        }
    }

    /// The number of the transaction that wrote a row of the change log, as text.
    pub(crate) fn transaction(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("cast({column} as text)"),
            Self::Sqlite => "'0'".to_owned(),
        }
    }

    /// Whether a field of two documents is not the same, as text. Where one of them lacks it, it is not.
    pub(crate) fn differs(self, one: &str, other: &str, field: &str) -> String {
        match self {
            Self::Postgres => {
                format!("cast({one} -> '{field}' is distinct from {other} -> '{field}' as text)")
            }
            Self::Sqlite => format!(
                "case when json_extract({one}, '$.{field}') is not json_extract({other}, '$.{field}') \
                 then 'true' else 'false' end"
            ),
        }
    }

    /// A column of instants as RFC 3339 text.
    pub(crate) fn instant(self, column: &str) -> String {
        match self {
            Self::Postgres => {
                format!("to_char({column} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
            }
            Self::Sqlite => column.to_owned(),
        }
    }

    /// The database's own clock, which all instances share.
    pub(crate) const fn now(self) -> &'static str {
        match self {
            Self::Postgres => "clock_timestamp()",
            Self::Sqlite => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
        }
    }

    pub(crate) const fn day_ago(self) -> &'static str {
        match self {
            Self::Postgres => "clock_timestamp() - interval '24 hours'",
            Self::Sqlite => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-24 hours')",
        }
    }
}
