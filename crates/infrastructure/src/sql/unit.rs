//! Several commits as one: a catalog whose every statement goes through one transaction.
//!
//! Invariant: what is written through a [`Unit`] is seen by its own reads at once, and by everyone else when the unit
//! commits, or never.

use std::marker::PhantomData;
use std::sync::Arc;

use application::store::StoreError;
use async_trait::async_trait;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Database, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};

type Slot = Arc<Mutex<Option<Box<dyn Transaction>>>>;

/// A database inside one open transaction. Its own transactions are savepoints, one after the other.
pub struct Unit<D> {
    slot: Slot,
    engine: PhantomData<D>,
}

impl<D: Database> SqlCatalog<D> {
    /// Opens a catalog inside a transaction of its own, which ends without effect unless it is
    /// [committed](Self::commit_unit).
    pub async fn open_unit(&self) -> Result<SqlCatalog<Unit<D>>, StoreError> {
        let transaction = self.database.begin().await?;
        let unit = Unit {
            slot: Arc::new(Mutex::new(Some(transaction))),
            engine: PhantomData,
        };
        Ok(SqlCatalog {
            schemas: self.schemas.clone(),
            ..SqlCatalog::new(unit)
        })
    }
}

impl<D: Database> SqlCatalog<Unit<D>> {
    /// Makes everything permanent that was written in the unit.
    pub async fn commit_unit(&self) -> Result<(), StoreError> {
        let transaction = self.database.slot.lock().await.take().ok_or_else(ended)?;
        Ok(transaction.commit().await?)
    }
}

fn ended() -> Failure {
    Failure::Store(StoreError::Internal("the unit of work has ended".into()))
}

fn not_here() -> Failure {
    Failure::Store(StoreError::Internal(
        "no schema is changed inside a unit of work".into(),
    ))
}

#[async_trait]
impl<D: Database> Database for Unit<D> {
    const DIALECT: Dialect = D::DIALECT;

    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        let mut slot = self.slot.lock().await;
        slot.as_mut().ok_or_else(ended)?.fetch(query).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure> {
        let mut slot = Arc::clone(&self.slot).lock_owned().await;
        let transaction = slot.as_mut().ok_or_else(ended)?;
        transaction.execute(Query::new("savepoint part")).await?;
        Ok(Box::new(Savepoint { slot: Some(slot) }))
    }

    async fn migrate(&self) -> Result<(), Failure> {
        Err(not_here())
    }

    fn newest_migration() -> i64 {
        D::newest_migration()
    }

    fn pool_use(&self) -> PoolUse {
        PoolUse {
            in_use: 1,
            idle: 0,
            max: 1,
        }
    }

    async fn close(&self) {
        self.slot.lock().await.take();
    }
}

/// Holds the unit's transaction until it has ended. Dropped before that, as by a cancelled write, it takes the whole
/// unit with it: what it wrote cannot be taken back without waiting.
struct Savepoint {
    slot: Option<OwnedMutexGuard<Option<Box<dyn Transaction>>>>,
}

impl Savepoint {
    fn transaction(&mut self) -> Result<&mut Box<dyn Transaction>, Failure> {
        self.slot
            .as_mut()
            .and_then(|slot| slot.as_mut())
            .ok_or_else(ended)
    }

    async fn end(mut self: Box<Self>, statements: &[&str]) -> Result<(), Failure> {
        for statement in statements {
            self.transaction()?.execute(Query::new(*statement)).await?;
        }
        self.slot = None;
        Ok(())
    }
}

impl Drop for Savepoint {
    fn drop(&mut self) {
        if let Some(slot) = &mut self.slot {
            slot.take();
        }
    }
}

#[async_trait]
impl Transaction for Savepoint {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        self.transaction()?.fetch(query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        self.transaction()?.execute(query).await
    }

    async fn commit(self: Box<Self>) -> Result<(), Failure> {
        self.end(&["release savepoint part"]).await
    }

    async fn rollback(self: Box<Self>) -> Result<(), Failure> {
        self.end(&["rollback to savepoint part", "release savepoint part"])
            .await
    }
}
