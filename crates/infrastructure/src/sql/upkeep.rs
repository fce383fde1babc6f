//! What is to be tidied up now and then.

use application::history::HistoryUpkeep;
use application::store::StoreError;
use async_trait::async_trait;
use domain::Timestamp;

use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::RowError;

/// So few that the statement's time-out is far away, however many there are.
const AT_ONCE: u64 = 5000;

/// Likewise how many places of the change log one statement looks at.
const PLACES: i64 = 5000;

impl<D: Database> SqlCatalog<D> {
    /// Removes the receipts that are no longer given again; how many.
    pub async fn forget_old_receipts(&self) -> Result<u64, StoreError> {
        let text = format!(
            "delete from idempotency_keys where (actor, key) in \
             (select actor, key from idempotency_keys where created_at < {} limit {AT_ONCE})",
            D::DIALECT.day_ago()
        );
        let mut forgotten = 0;
        loop {
            let some = self.remove(Query::new(text.clone())).await?;
            forgotten += some;
            if some < AT_ONCE {
                break;
            }
        }
        Ok(forgotten)
    }
}

#[async_trait]
impl<D: Database> HistoryUpkeep for SqlCatalog<D> {
    async fn forget_history(&self, before: Timestamp) -> Result<u64, StoreError> {
        let Some((first, last)) = self.old_entries(before).await? else {
            return Ok(0);
        };
        let text = "delete from changes where position >= $1 and position < $2 and at < $3 \
                    and exists (select 1 from changes n where n.id = changes.id and n.version > changes.version)";
        let mut forgotten = 0;
        let mut from = first;
        // By place and not by number: entries that stay are passed once.
        while from <= last {
            let to = from.saturating_add(PLACES);
            forgotten += self
                .remove(Query::new(text).with(from).with(to).with(before))
                .await?;
            from = to;
        }
        Ok(forgotten)
    }
}

impl<D: Database> SqlCatalog<D> {
    /// The places of the first entry and of the last one that is older than `before`.
    async fn old_entries(&self, before: Timestamp) -> Result<Option<(i64, i64)>, Failure> {
        let query = Query::new(
            "select cast((select min(position) from changes) as text), cast(position as text) from changes \
             where at < $1 order by at desc, position desc limit 1",
        );
        let rows = self.database.fetch(query.with(before)).await?;
        let ends = |mut row: super::Row| Ok((row.parse()?, row.parse()?));
        let ends: Result<Option<_>, RowError> = rows.into_iter().next().map(ends).transpose();
        Ok(ends?)
    }

    async fn remove(&self, query: Query) -> Result<u64, Failure> {
        let mut tx = self.database.begin().await?;
        let removed = tx.execute(query).await?;
        tx.commit().await?;
        Ok(removed)
    }
}
