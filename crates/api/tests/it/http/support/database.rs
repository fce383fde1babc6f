//! A PostgreSQL database to an instance, on the server that the environment names.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use uuid::Uuid;

const ADVICE: &str = "these tests need PostgreSQL and Redis: run `cargo xtask test`, or set TEST_DATABASE_URL and \
    TEST_REDIS_URL to the URLs of servers";

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set; {ADVICE}"))
}

/// The URL of an empty database. It is left behind: the servers of `cargo xtask test` do not outlive it.
pub(super) async fn create() -> String {
    let options: PgConnectOptions = server("TEST_DATABASE_URL").parse().unwrap();
    let name = format!("vitrine_http_{}", Uuid::from_u128(rand::random()).simple());
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    options.database(&name).to_url_lossy().to_string()
}

/// The URL of Redis, which instances share.
pub(super) fn redis() -> String {
    server("TEST_REDIS_URL")
}
