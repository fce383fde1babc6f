//! SQLite, in a file.
//!
//! Invariant: all writes go through one connection, each in a transaction that begins by taking the write lock, so
//! that writers of this process queue up instead of failing; readers have connections of their own and, with the
//! write-ahead log, never wait. An acknowledged commit has been synced to the disk.

mod error;
mod statement;

use std::str::FromStr;
use std::time::Duration;

use application::store::StoreError;
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use self::error::failure;
use crate::sql::{Database, DatabaseOptions, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// As good as for ever, for a wait without a limit.
const FOREVER: Duration = Duration::from_hours(24);

/// The catalog in an SQLite file.
pub type SqliteCatalog = SqlCatalog<Sqlite>;

/// Connections to an SQLite file: one that writes, others that read.
#[derive(Debug, Clone)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteCatalog {
    /// Opens the file, made if it is not there; its folder must be.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self, StoreError> {
        let file = SqliteConnectOptions::from_str(&options.url)
            .map_err(|e| StoreError::Internal(Box::new(e)))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(if options.statement_timeout.is_zero() {
                FOREVER
            } else {
                options.statement_timeout
            });
        let pool = |connections: u32| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.acquire_timeout)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(file.clone()).await.map_err(failure)?;
        let reading = file.pragma("query_only", "on");
        let readers = pool(options.max_connections)
            .connect_with(reading)
            .await
            .map_err(failure)?;
        let database = Sqlite { writer, readers };
        Ok(Self::new(database))
    }
}

#[async_trait]
impl Database for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        let rows = statement::bound(query)
            .fetch_all(&self.readers)
            .await
            .map_err(failure)?;
        rows.iter().map(statement::row).collect()
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure> {
        let transaction = self.writer.begin_with("begin immediate").await.map_err(failure)?;
        Ok(Box::new(Open(transaction)))
    }

    async fn migrate(&self) -> Result<(), Failure> {
        // The migrator has no lock of its own for SQLite: the write lock makes processes that start together take
        // turns, and keeps a failed migration from leaving half of itself.
        let mut transaction = self.writer.begin_with("begin immediate").await.map_err(failure)?;
        MIGRATIONS
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(|e| StoreError::Internal(Box::new(e)))?;
        transaction.commit().await.map_err(failure)
    }

    fn newest_migration() -> i64 {
        MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default()
    }

    fn pool_use(&self) -> PoolUse {
        let pools = [&self.writer, &self.readers];
        let idle = pools
            .iter()
            .map(|p| u32::try_from(p.num_idle()).unwrap_or(u32::MAX))
            .sum();
        let open: u32 = pools.iter().map(|p| p.size()).sum();
        PoolUse {
            in_use: open.saturating_sub(idle),
            idle,
            max: pools.iter().map(|p| p.options().get_max_connections()).sum(),
        }
    }

    async fn close(&self) {
        self.readers.close().await;
        // Last, so that it empties the write-ahead log into the file.
        self.writer.close().await;
    }
}

struct Open(sqlx::Transaction<'static, sqlx::Sqlite>);

#[async_trait]
impl Transaction for Open {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        let rows = statement::bound(query)
            .fetch_all(&mut *self.0)
            .await
            .map_err(failure)?;
        rows.iter().map(statement::row).collect()
    }

    async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        let done = statement::bound(query)
            .execute(&mut *self.0)
            .await
            .map_err(failure)?;
        Ok(done.rows_affected())
    }

    async fn commit(self: Box<Self>) -> Result<(), Failure> {
        self.0.commit().await.map_err(failure)
    }

    async fn rollback(self: Box<Self>) -> Result<(), Failure> {
        self.0.rollback().await.map_err(failure)
    }
}
