//! PostgreSQL 15 or later.
//!
//! Invariant: a connection is in the pool only when no transaction is open on it. Who is cancelled inside the driver's
//! `begin` gives its connection back with one open (the driver does not notice), and the next writer's acknowledged
//! statement would be undone with it; so transactions are begun where nobody cancels. Asking each connection when it is
//! given back would do as well, and took as long as the reads themselves.

mod error;
mod statement;

use std::str::FromStr;
use std::time::Duration;

use application::store::StoreError;
use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use self::error::failure;
use crate::sql::{Database, DatabaseOptions, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// A connection that rested longer than this is asked whether it still works before it is used.
const RESTED: Duration = Duration::from_secs(1);

/// The catalog in PostgreSQL.
pub type PostgresCatalog = SqlCatalog<Postgres>;

/// A pool of connections to a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres {
    pool: PgPool,
    /// Without time-outs, for migrations.
    plain: PgConnectOptions,
}

impl PostgresCatalog {
    /// Opens the pool with one connection.
    pub async fn connect(options: &DatabaseOptions) -> Result<Self, StoreError> {
        let plain = PgConnectOptions::from_str(&options.url)
            .map_err(|e| StoreError::Internal(Box::new(e)))?
            .application_name("vitrine");
        let timeout = format!("{}ms", options.statement_timeout.as_millis());
        let limited = plain.clone().options([
            ("statement_timeout", &timeout),
            ("lock_timeout", &timeout),
            ("idle_in_transaction_session_timeout", &timeout),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > RESTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(limited)
            .await
            .map_err(failure)?;
        let database = Postgres { pool, plain };
        Ok(Self::new(database))
    }
}

#[async_trait]
impl Database for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        let rows = statement::bound(query)
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
        rows.iter().map(statement::row).collect()
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure> {
        let pool = self.pool.clone();
        // A transaction that nobody waits for any more is dropped there, which rolls it back.
        let begun = tokio::spawn(async move { pool.begin().await }).await;
        let transaction = begun
            .map_err(|e| StoreError::Unavailable(Box::new(e)))?
            .map_err(failure)?;
        Ok(Box::new(Open(transaction)))
    }

    async fn migrate(&self) -> Result<(), Failure> {
        let mut connection = self.plain.connect().await.map_err(failure)?;
        // The migrator holds an advisory lock, so that instances that start together take turns.
        let applied = MIGRATIONS.run_direct(None, &mut connection, false).await;
        connection.close().await.map_err(failure)?;
        applied.map_err(|e| StoreError::Internal(Box::new(e)).into())
    }

    fn newest_migration() -> i64 {
        MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default()
    }

    fn pool_use(&self) -> PoolUse {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        PoolUse {
            in_use: self.pool.size().saturating_sub(idle),
            idle,
            max: self.pool.options().get_max_connections(),
        }
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

struct Open(sqlx::Transaction<'static, sqlx::Postgres>);

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

    async fn rollback(mut self: Box<Self>) -> Result<(), Failure> {
        // Deferred constraints are looked at by a dry run too; in a transaction that failed this fails again.
        let checked = sqlx::raw_sql("set constraints all immediate")
            .execute(&mut *self.0)
            .await;
        self.0.rollback().await.map_err(failure)?;
        checked.map(drop).map_err(failure)
    }
}
