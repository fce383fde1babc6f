//! PostgreSQL, in a database per test.

mod cancelled;
mod horizon;
mod outage;
mod proxy;

mod contract {
    application::catalog_contract!(super::super::temporary);
}

mod following {
    crate::catalog::following::on!(super::temporary);
}

use std::sync::Arc;

use application::testing::Harness;
use infrastructure::postgres::PostgresCatalog;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use uuid::Uuid;

use super::{migration, options};

pub(crate) struct Temporary {
    pub(crate) harness: Harness,
    catalog: Arc<PostgresCatalog>,
    name: String,
    url: String,
}

fn server() -> PgConnectOptions {
    let url = std::env::var("TEST_DATABASE_URL").expect(
        "these tests need PostgreSQL: run `cargo xtask test`, or set TEST_DATABASE_URL to the URL of a superuser",
    );
    url.parse().unwrap()
}

/// An empty database, and the URL of it.
async fn database() -> (String, String) {
    let name = format!("t_{}", Uuid::from_u128(rand::random()).simple());
    let mut admin = server().connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    let url = server().database(&name).to_url_lossy().to_string();
    (name, url)
}

async fn drop_database(name: &str) {
    let mut admin: PgConnection = server().connect().await.unwrap();
    let drop = format!("drop database if exists {name} with (force)");
    // Best effort: a leftover is in nobody's way.
    let _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await;
}

impl Temporary {
    /// A connection beside the catalog's.
    async fn raw(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.catalog.close().await;
        drop_database(&self.name).await;
    }
}

pub(crate) async fn temporary() -> Temporary {
    let (name, url) = database().await;
    let catalog = Arc::new(PostgresCatalog::connect(&options(url.clone())).await.unwrap());
    catalog.migrate().await.unwrap();
    Temporary {
        harness: Harness::new(&catalog),
        catalog,
        name,
        url,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_migrate_once() {
    let (name, url) = database().await;
    let starts = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let catalog = PostgresCatalog::connect(&options(url)).await.unwrap();
            catalog.migrate().await.unwrap();
            let secret = catalog.shared_secret("cursors").await.unwrap();
            catalog.close().await;
            secret
        })
    });
    let secrets = futures::future::try_join_all(starts).await.unwrap();
    assert!(secrets.iter().all(|s| *s == secrets[0] && s.len() == 32));
    drop_database(&name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_before_there_were_copies_stays_on_sale() {
    let (name, url) = database().await;
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let (before, after) = migration::scripts("postgres", "0004");
    for script in [before, migration::before_published_copies(), after] {
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut raw)
            .await
            .unwrap();
    }
    raw.close().await.unwrap();
    let catalog = Arc::new(PostgresCatalog::connect(&options(url)).await.unwrap());
    migration::published_products_have_copies(&Harness::new(&catalog)).await;
    catalog.close().await;
    drop_database(&name).await;
}
