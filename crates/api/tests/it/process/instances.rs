//! Several processes on one database, from its first moment.

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::servers::Database;
use super::support::Setup;

/// Starts two at once; each sees what the other writes.
async fn start_together(setup: &Setup) {
    let mut both = [setup.spawn(), setup.elsewhere().spawn()];
    for vitrine in &mut both {
        vitrine.ready().await;
    }
    let [first, second] = &both;
    let id = first.client.create("lamp").await;
    assert_eq!(second.client.product(&id).await.version(), 1);
    assert_eq!(first.client.try_create("lamp").await.unwrap().status, 409);
    for vitrine in both {
        vitrine.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_together_on_an_empty_postgres_come_up() {
    let (database, folder) = (Database::create().await, tempfile::tempdir().unwrap());
    let setup = Setup::new(&folder).with("VITRINE__DATABASE__URL", &database.url());
    start_together(&setup).await;
    let applied = async || -> i64 {
        let mut connection: PgConnection = database.connect().await;
        let count = sqlx::query_scalar("select count(*) from _sqlx_migrations");
        count.fetch_one(&mut connection).await.unwrap()
    };
    let once = applied().await;
    setup.succeed(&["migrate"]);
    setup.succeed(&["migrate"]);
    assert_eq!(applied().await, once);
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_together_on_an_empty_sqlite_come_up() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup::new(&folder);
        start_together(&setup).await;
        let file = format!("sqlite://{}", folder.path().join("data/vitrine.db").display());
        let applied = async || -> i64 {
            let mut connection = SqliteConnection::connect(&file).await.unwrap();
            let count = sqlx::query_scalar("select count(*) from _sqlx_migrations");
            count.fetch_one(&mut connection).await.unwrap()
        };
        let once = applied().await;
        setup.succeed(&["migrate"]);
        setup.succeed(&["migrate"]);
        assert_eq!(applied().await, once);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_together_with_the_example_catalog_load_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder).with("VITRINE__CATALOG__EXAMPLE", "true");
    start_together(&setup).await;
    let vitrine = setup.start().await;
    let answer = vitrine
        .client
        .get("/v1/products?limit=1&count=exact")
        .await
        .unwrap();
    assert!(answer.body["total"].as_u64().unwrap() > 150, "{answer:?}");
    vitrine.stop().await;
}

/// Whoever migrates by hand must learn that they forgot to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_that_may_not_be_migrated_is_refused() {
    let (database, folder) = (Database::create().await, tempfile::tempdir().unwrap());
    let by_hand = Setup::new(&folder).with("VITRINE__DATABASE__MIGRATE_ON_START", "false");
    for setup in [
        by_hand.clone().with("VITRINE__DATABASE__URL", &database.url()),
        by_hand,
    ] {
        let output = setup.run(&["serve"]);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(errors.contains("vitrine migrate"), "{errors}");
        setup.succeed(&["migrate"]);
        setup.start().await.stop().await;
    }
    database.remove().await;
}
