//! The catalog's ports over any SQL database: which statements make a commit or a read, written once.
//!
//! What differs between engines is behind two seams: [`Dialect`] for the text of a statement and [`Database`] for
//! connections, transactions and errors. So that the engines can't drift apart, the rules of the ports are here only.

mod category;
mod changelog;
mod conflict;
mod database;
mod dialect;
mod find;
mod history;
mod job;
mod media;
mod page;
mod price;
mod product;
mod query;
mod resource;
mod search;
mod secret;
mod store;
mod storefront;
mod unit;
mod upkeep;
mod variant;
mod write;

pub use database::{Database, DatabaseOptions, Failure, PoolUse, Transaction};
pub use dialect::Dialect;
pub use history::Logged;
pub use query::{Cell, Param, Query, Row};
pub use unit::Unit;

use application::store::StoreError;

use crate::json_schema::JsonSchemas;
use crate::rows::RowError;

/// The catalog in an SQL database.
#[derive(Debug, Clone)]
pub struct SqlCatalog<D> {
    database: D,
    /// Holds stored products against types that change.
    schemas: JsonSchemas,
}

impl<D: Database> SqlCatalog<D> {
    pub fn new(database: D) -> Self {
        Self {
            database,
            schemas: JsonSchemas::default(),
        }
    }

    pub fn schemas(&self) -> JsonSchemas {
        self.schemas.clone()
    }

    pub const fn database(&self) -> &D {
        &self.database
    }

    /// Brings the schema up to date. Instances that start together wait for one another.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        Ok(self.database.migrate().await?)
    }

    /// Whether every migration that this program knows has been applied.
    pub async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        let table = match D::DIALECT {
            Dialect::Postgres => "select '1' where to_regclass('_sqlx_migrations') is not null",
            Dialect::Sqlite => "select '1' from sqlite_master where name = '_sqlx_migrations'",
        };
        if self.database.fetch(Query::new(table)).await?.is_empty() {
            return Ok(false);
        }
        let newest = "select cast(coalesce(max(version), 0) as text) from _sqlx_migrations where success";
        let rows = self.database.fetch(Query::new(newest)).await?;
        let applied: Result<Vec<i64>, _> = rows.into_iter().map(|mut row| row.parse()).collect();
        Ok(applied
            .map_err(Failure::from)?
            .iter()
            .any(|applied| *applied >= D::newest_migration()))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.database.fetch(Query::new("select '1'")).await?;
        Ok(())
    }

    pub fn pool_use(&self) -> PoolUse {
        self.database.pool_use()
    }

    /// Closes the connections once they are given back.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl From<RowError> for Failure {
    fn from(error: RowError) -> Self {
        Self::Store(StoreError::Internal(Box::new(error)))
    }
}
