//! A server that is away.

use std::time::Duration;

use application::store::{CatalogStore, StoreError};
use application::testing::context;
use application::testing::fixtures::{new_product, product};
use infrastructure::postgres::PostgresCatalog;
use infrastructure::sql::DatabaseOptions;
use sqlx::{ConnectOptions, Connection};

use super::proxy::Proxy;
use super::{options, server, temporary};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_or_busy_is_unavailable() {
    let direct = temporary().await;
    let h = &direct.harness;
    let proxy = Proxy::start(
        (server().get_host().to_owned(), server().get_port()),
        Duration::ZERO,
    )
    .await;
    let through = server().host("127.0.0.1").port(proxy.port).database(&direct.name);
    let through = DatabaseOptions {
        acquire_timeout: Duration::from_secs(1),
        statement_timeout: Duration::from_millis(200),
        ..options(through.to_url_lossy().to_string())
    };
    let catalog = PostgresCatalog::connect(&through).await.unwrap();
    let unavailable = async |what: &str| {
        let result = catalog
            .commit(&new_product(h, product(h)).into(), &context(), None)
            .await;
        assert!(
            matches!(result, Err(StoreError::Unavailable(_))),
            "{what}: {result:?}"
        );
    };

    let mut raw = direct.raw().await;
    let mut locked = raw.begin().await.unwrap();
    sqlx::raw_sql("lock table products in exclusive mode")
        .execute(&mut *locked)
        .await
        .unwrap();
    unavailable("a lock that is not had in time").await;
    locked.rollback().await.unwrap();
    catalog
        .commit(&new_product(h, product(h)).into(), &context(), None)
        .await
        .unwrap();

    proxy.cut();
    unavailable("a connection that breaks").await;
    unavailable("no connection").await;
    direct.close().await;
}
