//! What is to be tidied up now and then.

use application::store::StoreError;

use super::{Database, Query, SqlCatalog};

/// So few that the statement's time-out is far away, however many there are.
const AT_ONCE: u64 = 5000;

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
            let mut tx = self.database.begin().await?;
            let some = tx.execute(Query::new(text.clone())).await?;
            tx.commit().await?;
            forgotten += some;
            if some < AT_ONCE {
                break;
            }
        }
        Ok(forgotten)
    }
}
