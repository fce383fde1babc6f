//! Resources that are stored as a whole, in a commit.

use domain::Change;
use domain::resource::{Identity, State};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Batches, Id, Identified, ids};
use super::{Writer, insert, lives};
use crate::rows::{Instant, StateDoc, Stored};
use crate::sql::Failure;
use crate::sql::dialect::{IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("key", Kind::Text),
    ("version", Kind::Int),
    ("data", Kind::Json),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("deleted_at", Kind::Time),
];

#[derive(Debug, Serialize)]
struct ResourceRow<D> {
    id: Uuid,
    key: Option<String>,
    version: i64,
    previous: Option<i64>,
    data: StateDoc<D>,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
}

impl<D> Identified for ResourceRow<D> {
    fn id(&self) -> Uuid {
        self.id
    }
}

/// The rows of one kind, and those of them that go: what refers to them is checked by the kind's own rules.
#[derive(Debug)]
pub(super) struct Plan<C: Stored> {
    rows: Batches<ResourceRow<C::Doc>>,
    pub(super) deleted: Batch<Id>,
}

impl<C: Stored> Plan<C> {
    pub(super) fn new(changes: &[Change<State<C>>]) -> Self {
        let mut rows = Batches::default();
        let mut deleted = Vec::new();
        for change in changes {
            let State { id, record, content } = &change.after;
            rows.push(
                change,
                ResourceRow {
                    id: id.to_uuid(),
                    key: content.key().map(ToString::to_string),
                    version: record.version,
                    previous: change.before.as_ref().map(|b| b.record.version),
                    data: StateDoc::from(&change.after),
                    created_at: Instant(record.created_at),
                    updated_at: Instant(record.updated_at),
                    deleted_at: record.deleted_at.map(Instant),
                },
            );
            deleted.extend((lives(change) == (true, false)).then_some(id.to_uuid()));
        }
        Self {
            rows,
            deleted: ids(deleted),
        }
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let columns = [COLUMNS, &[("previous", Kind::Int)]].concat();
        let update = || {
            format!(
                "with {} update {table} set key = r.key, version = r.version, data = r.data, \
                 updated_at = r.updated_at, deleted_at = r.deleted_at \
                 from r where {table}.id = r.id and {table}.version = r.previous returning cast({table}.id as text)",
                tx.dialect.batch(&columns),
                table = C::TABLE,
            )
        };
        let (deletes, updates) = (update(), update());
        self.lock(tx).await?;
        tx.update(C::KIND, &self.rows.deletes, deletes).await?;
        tx.update(C::KIND, &self.rows.updates, updates).await?;
        tx.execute(&self.rows.inserts, insert(tx.dialect, C::TABLE, COLUMNS))
            .await
    }

    /// Stronger than the lock of an update, so that it excludes those who hold a reference by `for key share`.
    async fn lock(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let locking = tx.dialect.locking(" for update of t");
        if locking.is_empty() {
            return Ok(());
        }
        let text = format!(
            "with {} select cast(t.id as text) from {} t where t.id in (select id from r) order by t.id{locking}",
            tx.dialect.batch(IDS),
            C::TABLE
        );
        tx.fetch(&self.deleted, text).await?;
        Ok(())
    }
}
