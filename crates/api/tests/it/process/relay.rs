//! Writes that go past a process with a cache of its own, and what it tells about itself.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;

use super::servers::{Database, Redis};
use super::support::{Client, Setup, eventually};

async fn hit(client: &Client, id: &str) {
    eventually("a hit", async || {
        let before = hits(client).await;
        client.product(id).await;
        (hits(client).await > before).then_some(())
    })
    .await;
}

/// From either tier.
async fn hits(client: &Client) -> f64 {
    let of = async |result: &str| client.metric("cache_requests_total", result).await;
    of("result=\"hit\"").await + of("result=\"local_hit\"").await
}

async fn is_followed(setup: &Setup) {
    let (mut reader, mut writer) = (setup.start().await, setup.elsewhere().spawn());
    writer.ready().await;
    let (reader_of, writer_of) = (&reader.client, &writer.client);
    reader_of.until_cache("up").await;
    let id = writer_of.create("lamp").await;
    let sold = json!({"sku": "LAMP-1"});
    let path = format!("/v1/products/{id}/variants");
    let variant = writer_of
        .send(Method::POST, &path, Some(&sold))
        .await
        .unwrap()
        .id();
    let (variant, expanded) = (
        format!("/v1/variants/{variant}"),
        format!("/v1/products/{id}?expand=variants"),
    );
    for round in 0..5 {
        reader_of.get(&expanded).await.unwrap();
        hit(reader_of, &id).await;
        let version = writer_of
            .rename(&id, &format!("Brand {round}"))
            .await
            .unwrap()
            .version();
        let written = Instant::now();
        eventually("the new body", async || {
            (reader_of.product(&id).await.version() >= version).then_some(())
        })
        .await;
        let took = written.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        // What is written of a variant changes its product's body too.
        let mpn = json!({"mpn": format!("MPN {round}")});
        let answer = writer_of.send(Method::PATCH, &variant, Some(&mpn)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        eventually("the new variant", async || {
            let body = reader_of.get(&expanded).await.unwrap().body;
            (body["variants"][0]["mpn"] == mpn["mpn"]).then_some(())
        })
        .await;
    }
    writer.signal("TERM");
    assert!(writer.end().await.success());
    reader.signal("TERM");
    assert!(reader.end().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_of_another_process_on_sqlite_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    is_followed(&Setup::new(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_of_another_process_on_postgres_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create().await;
    is_followed(&Setup::new(&folder).with("VITRINE__DATABASE__URL", &database.url())).await;
    database.remove().await;
}

/// Takes in a file with a new name for a product that is read from the cache; the bound is up to the caller.
fn import(setup: &Setup, folder: &TempDir, key: &str, name: &str) {
    let file = folder.path().join("import.ndjson");
    let record = json!({"resource": "product", "key": key, "name": name});
    std::fs::write(&file, format!("{record}\n")).unwrap();
    let said = setup.succeed(&["import", file.to_str().unwrap()]);
    assert!(said.contains("updated 1"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_from_the_command_line_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let vitrine = setup.start().await;
    let client = &vitrine.client;
    client.until_cache("up").await;
    let id = client.create("lamp").await;
    hit(client, &id).await;
    import(&setup, &folder, "lamp", "New");
    let imported = Instant::now();
    eventually("the new name", async || {
        (client.product(&id).await.body["name"]["en"] == "New").then_some(())
    })
    .await;
    // A second is promised; other tests run beside it. Without the change log it would be minutes.
    assert!(imported.elapsed() < Duration::from_secs(10));
    vitrine.stop().await;
}

/// With a cache that they share the command releases what it writes, in both modes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_from_the_command_line_are_seen_at_once_through_redis() {
    let redis = Redis::start().await;
    for mode in ["available", "strict"] {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup::new(&folder)
            .with("VITRINE__CACHE__URL", &redis.url())
            .with("VITRINE__CACHE__MODE", mode);
        let vitrine = setup.start().await;
        let client = &vitrine.client;
        client.until_cache("up").await;
        let id = client.create("lamp").await;
        for round in 0..3 {
            hit(client, &id).await;
            let name = format!("New {round}");
            import(&setup, &folder, "lamp", &name);
            assert_eq!(
                client.product(&id).await.body["name"]["en"],
                name.as_str(),
                "{mode}"
            );
        }
        vitrine.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics_tell_how_things_stand() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let vitrine = setup.start().await;
    let client = &vitrine.client;
    client.until_cache("up").await;
    let (status, body) = client.health().await.unwrap();
    assert_eq!(
        (status, body),
        (200, json!({"status": "ok", "database": "up", "cache": "up"}))
    );
    let id = client.create("lamp").await;
    hit(client, &id).await;
    let text = client.metrics().await;
    for name in [
        "http_server_requests_total{",
        "http_server_request_duration_seconds_bucket{",
        "http_server_active_requests{",
        "db_pool_in_use",
        "db_pool_idle",
        "db_pool_max",
        "cache_up",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(name)),
            "{name} is not in\n{text}"
        );
    }
    assert!(client.metric("db_pool_max", "").await > 0.0);
    assert!(client.metric("cache_up", "").await > 0.0);
    let created = client
        .metric("http_server_requests_total", "http_route=\"/v1/products\"")
        .await;
    assert!((created - 1.0).abs() < f64::EPSILON, "{created}");
    vitrine.stop().await;

    let vitrine = setup.with("VITRINE__CACHE__ENABLED", "false").start().await;
    let (status, body) = vitrine.client.health().await.unwrap();
    assert_eq!(
        (status, body),
        (
            200,
            json!({"status": "ok", "database": "up", "cache": "disabled"})
        )
    );
    vitrine.client.product(&id).await;
    assert!(hits(&vitrine.client).await < 1.0);
    vitrine.stop().await;
}
