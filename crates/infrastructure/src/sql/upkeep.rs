//! What is to be tidied up now and then.

use application::store::StoreError;

use super::{Database, Query, SqlCatalog};

impl<D: Database> SqlCatalog<D> {
    /// Removes the receipts that are no longer given again; how many.
    pub async fn forget_old_receipts(&self) -> Result<u64, StoreError> {
        let text = format!(
            "delete from idempotency_keys where created_at < {}",
            D::DIALECT.day_ago()
        );
        let mut tx = self.database.begin().await?;
        let forgotten = tx.execute(Query::new(text)).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
