//! What becomes of counted views when processes and Redis end.

use std::time::Duration;

use application::views::{ViewCounter, Window};
use chrono::Utc;
use domain::ChannelId;
use infrastructure::redis_views::RedisViews;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;

use super::servers::Redis;
use super::support::{Client, Setup, eventually};

struct World {
    redis: Redis,
    setup: Setup,
    _folder: TempDir,
}

impl World {
    async fn new(interval: &str) -> Self {
        let (redis, folder) = (Redis::start().await, tempfile::tempdir().unwrap());
        let setup = Setup::new(&folder)
            .with("VITRINE__CACHE__URL", &redis.url())
            .with("VITRINE__VIEWS__FLUSH_INTERVAL", interval);
        Self {
            redis,
            setup,
            _folder: folder,
        }
    }

    /// How often the product was viewed, as Redis knows it.
    #[expect(
        clippy::disallowed_methods,
        reason = "counts are filed by the machine's clock"
    )]
    async fn counted(&self, client: &Client, product: &str) -> u64 {
        let channels = client.get("/v1/channels").await.unwrap();
        let channel: Uuid = channels.body["items"][0]["id"].as_str().unwrap().parse().unwrap();
        let counter = RedisViews::new(self.redis.url(), "vitrine-views:").unwrap();
        let top = counter
            .top(ChannelId::new(channel), Window::Day, Utc::now(), 10)
            .await;
        let found = top.unwrap().into_iter().find(|(id, _)| id.to_string() == product);
        found.map_or(0, |(_, views)| views)
    }
}

async fn published(client: &Client, key: &str) -> String {
    let body = json!({"key": key, "name": key});
    let answer = client
        .send(Method::POST, "/v1/products?publish=true", Some(&body))
        .await;
    answer.unwrap().id()
}

async fn view(client: &Client, product: &str) {
    let path = format!("/v1/store/default/products/{product}/views");
    let answer = client.send(Method::POST, &path, None).await.unwrap();
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_loses_no_view() {
    let world = World::new("1m").await;
    let vitrine = world.setup.start().await;
    let client = vitrine.client.clone();
    let product = published(&client, "stopped").await;
    for _ in 0..50 {
        view(&client, &product).await;
    }
    vitrine.stop().await;
    let vitrine = world.setup.start().await;
    assert_eq!(world.counted(&vitrine.client, &product).await, 50);
    vitrine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_at_most_the_views_of_the_last_interval() {
    const INTERVAL: Duration = Duration::from_millis(500);
    /// What a write may take, on a machine that does other things too.
    const WRITE: Duration = Duration::from_millis(500);
    let world = World::new("500ms").await;
    let vitrine = world.setup.start().await;
    let client = vitrine.client.clone();
    let product = published(&client, "killed").await;
    let (started, mut acknowledged) = (Instant::now(), Vec::new());
    while started.elapsed() < 4 * INTERVAL {
        view(&client, &product).await;
        acknowledged.push(Instant::now());
    }
    let killed = Instant::now();
    vitrine.kill();
    let old = |at: &&Instant| killed - **at > INTERVAL + WRITE;
    let (all, old) = (acknowledged.len(), acknowledged.iter().filter(old).count());
    let vitrine = world.setup.start().await;
    let counted = world.counted(&vitrine.client, &product).await;
    assert!(
        old > 0 && (old as u64..=all as u64).contains(&counted),
        "{old} <= {counted} <= {all}"
    );
    vitrine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_pages_go_on_and_views_are_counted_later() {
    let mut world = World::new("100ms").await;
    let vitrine = world.setup.start().await;
    let client = vitrine.client.clone();
    client.until_cache("up").await;
    let product = published(&client, "away").await;
    let trending = async || client.get("/v1/store/default/trending").await.unwrap();
    view(&client, &product).await;
    eventually("it trends", async || {
        (trending().await.body["items"][0]["id"] == product).then_some(())
    })
    .await;
    world.redis.kill();
    for _ in 0..3 {
        view(&client, &product).await;
        let path = format!("/v1/store/default/products/{product}");
        assert_eq!(client.get(&path).await.unwrap().status, 200);
        let answer = trending().await;
        assert_eq!(
            (answer.status, answer.body),
            (200, json!({"items": [], "nextCursor": null}))
        );
    }
    let url = format!("http://{}/v1/store/default/trending", client.address);
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    world.redis.restart().await;
    eventually("what was counted meanwhile is there", async || {
        (world.counted(&client, &product).await == 3).then_some(())
    })
    .await;
    vitrine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_count_where_they_are_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder)
        .with("VITRINE__VIEWS__COUNT_ANSWERS", "true")
        .with("VITRINE__VIEWS__FLUSH_INTERVAL", "100ms");
    let vitrine = setup.start().await;
    let client = vitrine.client.clone();
    let (read, asked) = (
        published(&client, "read").await,
        published(&client, "asked").await,
    );
    let at = |id: &str| format!("/v1/store/default/products/{id}");
    for _ in 0..2 {
        assert_eq!(client.get(&at(&read)).await.unwrap().status, 200);
    }
    for _ in 0..3 {
        let answer = client.send(Method::HEAD, &at(&asked), None).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let trending = async |ids: &[&String]| {
        eventually("they trend", async || {
            let answer = client.get("/v1/store/default/trending").await.unwrap();
            let items = answer.body["items"].as_array().unwrap().clone();
            items
                .iter()
                .map(|item| &item["id"])
                .eq(ids.iter().copied())
                .then_some(())
        })
        .await;
    };
    trending(&[&read]).await;
    // Revalidating is looking too.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}{}", client.address, at(&asked));
    let tag = http.head(&url).send().await.unwrap().headers()["etag"].clone();
    for _ in 0..3 {
        let again = http.get(&url).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
    }
    trending(&[&asked, &read]).await;
    vitrine.stop().await;
}
