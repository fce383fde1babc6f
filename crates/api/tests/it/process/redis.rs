//! Redis that dies, hangs and comes back under load, with two instances on one Postgres.

use std::time::Duration;

use tempfile::TempDir;

use super::load::{Failures, Load};
use super::servers::{Database, Redis};
use super::support::{Client, Setup, Vitrine, eventually};

struct World {
    redis: Redis,
    database: Database,
    instances: [Vitrine; 2],
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let (redis, database) = (Redis::start().await, Database::create().await);
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup::new(&folder)
            .with("VITRINE__DATABASE__URL", &database.url())
            .with("VITRINE__CACHE__URL", &redis.url());
        let instances = [setup.start().await, setup.elsewhere().start().await];
        let world = Self {
            redis,
            database,
            instances,
            _folder: folder,
        };
        world.until("up").await;
        world
    }

    fn clients(&self) -> [&Client; 2] {
        self.instances.each_ref().map(|instance| &instance.client)
    }

    async fn until(&self, state: &str) {
        for client in self.clients() {
            client.until_cache(state).await;
        }
    }

    async fn counted(&self, result: &str) -> [f64; 2] {
        let label = format!("result=\"{result}\"");
        let [first, second] = self.clients();
        [
            first.metric("cache_requests_total", &label).await,
            second.metric("cache_requests_total", &label).await,
        ]
    }

    /// Waits until both instances have counted more of these than before.
    async fn until_more(&self, result: &str, before: [f64; 2]) {
        eventually(&format!("more of {result}"), async || {
            let now = self.counted(result).await;
            (now[0] > before[0] && now[1] > before[1]).then_some(())
        })
        .await;
    }

    async fn stop(self) {
        for instance in self.instances {
            instance.stop().await;
        }
        self.database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_dies_and_comes_back_makes_nothing_fail_or_stale() {
    let mut world = World::start().await;
    let mut load = Load::start(&world.clients(), 4, Failures::None).await;
    for _ in 0..4 {
        load.go_on(100, 50).await;
        let (down, recovered) = (world.counted("down").await, world.counted("recovered").await);
        world.redis.kill();
        world.until("degraded").await;
        for client in world.clients() {
            let (status, body) = client.health().await.unwrap();
            assert_eq!((status, &body["status"]), (200, &"degraded".into()));
            assert!(client.metric("cache_up", "").await < 1.0);
        }
        world.until_more("down", down).await;
        load.go_on(100, 50).await;
        world.redis.restart().await;
        // Instances come back one after the other, which is when they could disagree.
        load.go_on(100, 50).await;
        world.until("up").await;
        world.until_more("recovered", recovered).await;
        let hits = world.counted("hit").await;
        load.go_on(100, 50).await;
        world.until_more("hit", hits).await;
    }
    assert_eq!(load.stop().await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_costs_an_answer_little() {
    /// A response is waited for 250 ms, and a write asks twice. What has no limit of its own waits for the thaw, which
    /// comes when so much was answered; a busy machine takes its time as well.
    const LIMIT: Duration = Duration::from_secs(5);
    let world = World::start().await;
    let mut load = Load::start(&world.clients(), 4, Failures::None).await;
    for _ in 0..2 {
        load.go_on(100, 50).await;
        let recovered = world.counted("recovered").await;
        load.slowest();
        world.redis.freeze();
        world.until("degraded").await;
        load.go_on_for(Duration::from_secs(2)).await;
        load.go_on(50, 20).await;
        let slowest = load.slowest();
        assert!(slowest < LIMIT, "{slowest:?}");
        world.redis.thaw();
        world.until("up").await;
        world.until_more("recovered", recovered).await;
        let hits = world.counted("hit").await;
        load.go_on(100, 50).await;
        world.until_more("hit", hits).await;
    }
    load.stop().await;
    world.stop().await;
}
