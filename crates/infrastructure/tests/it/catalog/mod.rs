//! The contract of the catalog's ports, on both databases, and what is particular to each.

mod cost;
pub(crate) mod following;
mod migration;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::time::Duration;

pub(crate) use infrastructure::sql::DatabaseOptions;
pub(crate) use sqlite::options_in;

fn options(url: String) -> DatabaseOptions {
    DatabaseOptions {
        url,
        max_connections: 10,
        acquire_timeout: Duration::from_secs(30),
        statement_timeout: Duration::from_secs(30),
    }
}
