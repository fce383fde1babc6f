//! Secrets that all instances of a fleet share.

use application::store::StoreError;

use super::{Database, Failure, Query, SqlCatalog};

impl<D: Database> SqlCatalog<D> {
    /// 32 random bytes under `name`, made by whichever instance asks first and the same for all ever after.
    pub async fn shared_secret(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        if let Some(secret) = self.stored_secret(name).await? {
            return Ok(secret);
        }
        let fresh: [u8; 32] = rand::random();
        let mut tx = self.database.begin().await?;
        let query =
            Query::new("insert into secrets (name, value) values ($1, $2) on conflict (name) do nothing");
        tx.execute(query.with(name).with(fresh.to_vec())).await?;
        tx.commit().await?;
        let missing = || StoreError::Internal("a secret that was just stored is not there".into());
        self.stored_secret(name).await?.ok_or_else(missing)
    }

    async fn stored_secret(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let query = Query::new("select value from secrets where name = $1").with(name);
        let rows = self.database.fetch(query).await?;
        Ok(rows.into_iter().next().map(|mut row| row.bytes()).transpose()?)
    }
}
