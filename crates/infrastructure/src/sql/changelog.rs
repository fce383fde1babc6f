//! Reading the change log.

use application::changelog::{ChangeLog, LogChange, LogEntry, LogPosition};
use application::store::StoreError;
use async_trait::async_trait;
use chrono::TimeDelta;
use domain::Timestamp;

use super::{Database, Dialect, Failure, Query, Row, SqlCatalog};
use crate::rows::RowError;

#[async_trait]
impl<D: Database> ChangeLog for SqlCatalog<D> {
    async fn read(&self, after: LogPosition, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let columns = format!(
            "cast(c.position as text), {}, c.resource, cast(c.id as text), cast(c.root as text), \
             cast(c.version as text), c.events, c.actor, c.request_id, cast(c.before as text), cast(c.after as text)",
            D::DIALECT.instant("c.at")
        );
        let rows = self.database.fetch(Self::after(after, &columns, limit)).await?;
        Ok(rows
            .into_iter()
            .map(entry)
            .collect::<Result<_, _>>()
            .map_err(Failure::from)?)
    }

    async fn end(&self) -> Result<LogPosition, StoreError> {
        let query = Query::new(match D::DIALECT {
            Dialect::Postgres => {
                "select cast(tx as text), cast(position as text) from changes \
                 where tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx desc, position desc limit 1"
            }
            Dialect::Sqlite => {
                "select '0', cast(position as text) from changes order by position desc limit 1"
            }
        });
        let rows = self.database.fetch(query).await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(LogPosition::default());
        };
        Ok(position(row).map_err(Failure::from)?)
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Option<Vec<LogChange>>, StoreError> {
        // SQLite's clock ticks in milliseconds; an entry too many is harmless.
        let since = since - TimeDelta::milliseconds(1);
        let query = Query::new(format!(
            "select {}, {} from changes c where c.at >= $1 limit $2",
            D::DIALECT.transaction("c.tx"),
            names(D::DIALECT)
        ));
        let rows = self
            .database
            .fetch(query.with(since).with(i64::from(limit) + 1))
            .await?;
        if rows.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let changes: Result<Vec<_>, _> = rows.into_iter().map(change).collect();
        Ok(Some(changes.map_err(Failure::from)?))
    }

    async fn changes(&self, after: LogPosition, limit: u32) -> Result<Vec<LogChange>, StoreError> {
        let rows = self
            .database
            .fetch(Self::after(after, &names(D::DIALECT), limit))
            .await?;
        Ok(rows
            .into_iter()
            .map(change)
            .collect::<Result<_, _>>()
            .map_err(Failure::from)?)
    }
}

/// The columns of a change without its states.
fn names(dialect: Dialect) -> String {
    format!(
        "cast(c.position as text), c.resource, cast(c.id as text), cast(c.root as text), c.events, {}",
        dialect.differs("c.before", "c.after", "categories")
    )
}

impl<D: Database> SqlCatalog<D> {
    /// The entries that no reader can have passed, after the transaction's number these columns of each.
    fn after(after: LogPosition, columns: &str, limit: u32) -> Query {
        let query = match D::DIALECT {
            // Transactions get their numbers before they commit: only below the oldest that still runs is it certain
            // that no row will turn up later.
            Dialect::Postgres => Query::new(format!(
                "select cast(c.tx as text), {columns} from changes c \
                 where (c.tx, c.position) > ($1::xid8, $2) and c.tx < pg_snapshot_xmin(pg_current_snapshot()) \
                 order by c.tx, c.position limit $3"
            ))
            .with(after.transaction.to_string()),
            // One writer: positions are in the order of commits.
            Dialect::Sqlite => Query::new(format!(
                "select '0', {columns} from changes c where c.position > $2 and $1 is not null \
                 order by c.position limit $3"
            ))
            .with(after.transaction),
        };
        query.with(after.position).with(i64::from(limit))
    }
}

pub(super) fn position(mut row: Row) -> Result<LogPosition, RowError> {
    Ok(LogPosition {
        transaction: row.parse()?,
        position: row.parse()?,
    })
}

fn change(mut row: Row) -> Result<LogChange, RowError> {
    Ok(LogChange {
        at: LogPosition {
            transaction: row.parse()?,
            position: row.parse()?,
        },
        resource: row.text()?,
        id: row.uuid()?,
        root: row.uuid()?,
        events: row.text()?,
        is_refiled: row.parse()?,
    })
}

fn entry(mut row: Row) -> Result<LogEntry, RowError> {
    Ok(LogEntry {
        at: LogPosition {
            transaction: row.parse()?,
            position: row.parse()?,
        },
        time: row.parse()?,
        resource: row.text()?,
        id: row.uuid()?,
        root: row.uuid()?,
        version: row.parse()?,
        events: row.text()?,
        actor: row.text()?,
        request_id: row.text()?,
        before: row.optional()?,
        after: row.text()?,
    })
}
