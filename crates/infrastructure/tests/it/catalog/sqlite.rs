//! SQLite, in a temporary folder per test.

use std::sync::Arc;

use application::testing::Harness;
use infrastructure::sqlite::SqliteCatalog;
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;

use super::{DatabaseOptions, migration, options};

pub(crate) struct Temporary {
    pub(crate) harness: Harness,
    catalog: Arc<SqliteCatalog>,
    _folder: TempDir,
}

impl Temporary {
    pub(crate) async fn close(self) {
        self.catalog.close().await;
    }
}

pub(crate) fn options_in(folder: &TempDir) -> DatabaseOptions {
    options(format!("sqlite://{}", folder.path().join("vitrine.db").display()))
}

pub(crate) async fn temporary() -> Temporary {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Arc::new(SqliteCatalog::connect(&options_in(&folder)).await.unwrap());
    catalog.migrate().await.unwrap();
    Temporary {
        harness: Harness::new(&catalog),
        catalog,
        _folder: folder,
    }
}

mod contract {
    application::catalog_contract!(super::super::temporary);
}

mod following {
    crate::catalog::following::on!(super::temporary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_start_together_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let starts = (0..4).map(|_| {
        let options = options_in(&folder);
        tokio::spawn(async move {
            let catalog = SqliteCatalog::connect(&options).await.unwrap();
            catalog.migrate().await.unwrap();
            catalog.shared_secret("cursors").await.unwrap()
        })
    });
    let secrets = futures::future::try_join_all(starts).await.unwrap();
    assert!(secrets.iter().all(|s| *s == secrets[0] && s.len() == 32));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_before_there_were_copies_stays_on_sale() {
    let folder = tempfile::tempdir().unwrap();
    let options = options_in(&folder);
    let catalog = Arc::new(SqliteCatalog::connect(&options).await.unwrap());
    let mut raw = sqlx::SqliteConnection::connect(&options.url).await.unwrap();
    let (before, after) = migration::scripts("sqlite", "0004");
    for script in [before, migration::before_published_copies(), after] {
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut raw)
            .await
            .unwrap();
    }
    migration::published_products_have_copies(&Harness::new(&catalog)).await;
    catalog.close().await;
}
