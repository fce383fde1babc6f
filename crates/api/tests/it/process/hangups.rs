//! Clients that hang up in the middle of a write.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::servers::{Database, Proxy};
use super::support::{Client, Setup, eventually};

const HANGUPS: usize = 320;

/// Asks for a product and hangs up somewhere on the way.
async fn hang_up(client: &Client, n: usize) {
    let body = json!({"key": format!("hung-up-{n}"), "name": "Never heard of"}).to_string();
    let request = format!(
        "POST /v1/products HTTP/1.1\r\nhost: vitrine\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        client.token,
        body.len()
    );
    let mut stream = TcpStream::connect(client.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    sleep(Duration::from_micros(rand::random_range(0..100_000))).await;
}

/// sqlx gives a connection back with its transaction open when it is dropped inside `begin`; the next writer's
/// acknowledged write would then be rolled back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hang_ups_cost_no_acknowledged_write_and_no_connection() {
    let (database, proxy) = (
        Database::create().await,
        Proxy::start(Duration::from_millis(5)).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder)
        .with("VITRINE__DATABASE__URL", &database.url_through(&proxy))
        // Few, so that those that were left behind are soon used again.
        .with("VITRINE__DATABASE__MAX_CONNECTIONS", "4")
        .with("VITRINE__DATABASE__ACQUIRE_TIMEOUT", "20s")
        // Its fences outlive clients too, and would stand in for what is tested.
        .with("VITRINE__CACHE__ENABLED", "false");
    let vitrine = setup.start().await;
    let client = &vitrine.client;

    let mut tasks = JoinSet::new();
    for lane in 0..8 {
        let client = client.clone();
        tasks.spawn(async move {
            for n in 0..HANGUPS / 8 {
                hang_up(&client, lane * HANGUPS + n).await;
            }
            HashMap::new()
        });
    }
    for n in 0..4 {
        let client = client.clone();
        tasks.spawn(async move {
            let mut acknowledged = HashMap::new();
            for turn in 0..25 {
                let id = client.create(&format!("kept-{n}-{turn}")).await;
                let answer = client.rename(&id, &format!("Brand {turn}")).await.unwrap();
                assert_eq!(answer.status, 200, "{answer:?}");
                acknowledged.insert(id, answer.version());
            }
            acknowledged
        });
    }
    let acknowledged: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(acknowledged.len(), 100);

    eventually("an idle pool", async || {
        (client.metric("db_pool_in_use", "").await < 1.0).then_some(())
    })
    .await;
    // Asked past the process, which could believe in transactions that nobody else will ever see.
    let mut beside = database.connect().await;
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'",
    )
    .fetch_one(&mut beside)
    .await
    .unwrap();
    assert_eq!(open, 0, "connections rest with a transaction open");
    for (id, version) in acknowledged {
        let stored: Option<i64> =
            sqlx::query_scalar("select version from products where id = cast($1 as uuid)")
                .bind(&id)
                .fetch_optional(&mut beside)
                .await
                .unwrap();
        assert_eq!(
            stored.and_then(|v| u64::try_from(v).ok()),
            Some(version),
            "an acknowledged write was lost"
        );
    }
    let hung_up: i64 = sqlx::query_scalar("select count(*) from products where key like 'hung-up-%'")
        .fetch_one(&mut beside)
        .await
        .unwrap();
    assert!(hung_up > 0, "no write went on without its client");
    let mut creations = JoinSet::new();
    for n in 0..12 {
        let client = client.clone();
        creations.spawn(async move { client.create(&format!("after-{n}")).await });
    }
    assert_eq!(creations.join_all().await.len(), 12);
    drop(beside);
    vitrine.stop().await;
    database.remove().await;
}
