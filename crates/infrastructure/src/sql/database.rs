//! What an engine must give: connections, transactions, and its errors in the words of the ports.

use std::time::Duration;

use application::store::{ConflictRule, StoreError};
use async_trait::async_trait;

use super::{Dialect, Query, Row};

/// How to reach a database and how long to wait for it.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// `postgres://…` or `sqlite://path`.
    pub url: String,
    pub max_connections: u32,
    /// The longest wait for a free connection.
    pub acquire_timeout: Duration,
    /// The longest that one statement may run, wait for a lock, or leave a transaction idle.
    pub statement_timeout: Duration,
}

/// Connections by what they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    pub in_use: u32,
    pub idle: u32,
    pub max: u32,
}

/// Why a statement or transaction failed.
#[derive(Debug)]
pub enum Failure {
    Store(StoreError),
    /// A constraint of the schema that stands for a rule of the domain.
    Rule(ConflictRule),
    /// The engine gave up this transaction for the sake of another; the same may succeed now.
    Retry(sqlx::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Rule(rule) => Self::Conflict(application::store::Conflict::of(rule)),
            Failure::Retry(error) => Self::Unavailable(Box::new(error)),
        }
    }
}

/// One engine with its connections.
#[async_trait]
pub trait Database: Send + Sync + 'static {
    const DIALECT: Dialect;

    /// Runs a statement that only reads, outside of any transaction.
    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure>;

    /// Begins a transaction that may write.
    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure>;

    async fn migrate(&self) -> Result<(), Failure>;

    /// The version of the last migration that [`migrate`](Self::migrate) applies.
    fn newest_migration() -> i64;

    fn pool_use(&self) -> PoolUse;

    async fn close(&self);
}

/// A transaction; dropped without [`commit`](Self::commit) it MUST leave nothing behind.
#[async_trait]
pub trait Transaction: Send {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure>;

    /// How many rows the statement wrote.
    async fn execute(&mut self, query: Query) -> Result<u64, Failure>;

    async fn commit(self: Box<Self>) -> Result<(), Failure>;

    async fn rollback(self: Box<Self>) -> Result<(), Failure>;
}
