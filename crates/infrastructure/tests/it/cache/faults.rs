//! Redis is killed, frozen and brought back, from nothing and from an old dump, under a stream of reads and writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use application::cache::{CacheEvent, CacheHealth, CacheKey, CachePolicy, CacheStore, Miss, Source};
use infrastructure::redis_cache::{RedisCache, RedisOptions};
use tokio::task::JoinSet;

use super::history::{Findings, traffic};
use super::server::RedisServer;
use super::world::{SCHEMA, Tiers, World, product};
use super::{eventually, fresh, redis_at, value};

pub(super) struct Stream {
    pub(super) world: Arc<World>,
    findings: Arc<Findings>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

impl Stream {
    async fn new(server: &RedisServer) -> Self {
        let store = redis_at(&server.url(), "test:").await;
        Self::on(Tiers::shared(store).and_local()).await
    }

    pub(super) async fn on(tiers: Tiers) -> Self {
        let world = Arc::new(World::new(tiers, CachePolicy::default()).await);
        let (findings, stop) = (Arc::<Findings>::default(), Arc::<AtomicBool>::default());
        let tasks = traffic(&world, &findings, &stop).await;
        let stream = Self {
            world,
            findings,
            stop,
            tasks,
        };
        stream.flows(CacheEvent::Hit).await;
        stream
    }

    /// Waits for a hundred more of this event and ten more acknowledged writes.
    pub(super) async fn flows(&self, event: CacheEvent) {
        self.world
            .events
            .more(event, self.world.events.of(event) + 100)
            .await;
        let writes = self.count(|f| &f.writes);
        eventually("writes go on", || async {
            (self.count(|f| &f.writes) > writes + 10).then_some(())
        })
        .await;
    }

    pub(super) async fn goes_on_without(&self) {
        self.world.until(CacheHealth::Degraded).await;
        self.flows(CacheEvent::Bypass).await;
    }

    pub(super) async fn comes_back(&self) {
        self.world.until(CacheHealth::Up).await;
        self.flows(CacheEvent::Hit).await;
    }

    pub(super) async fn ends_well(mut self) {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(done) = self.tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(
            (self.count(|f| &f.failed), self.count(|f| &f.stale)),
            (0, 0),
            "failed and stale"
        );
    }

    fn count(&self, of: impl Fn(&Findings) -> &AtomicUsize) -> usize {
        of(&self.findings).load(Ordering::SeqCst)
    }
}

fn unconnected(server: &RedisServer) -> Arc<RedisCache> {
    let options = RedisOptions {
        prefix: "test:".into(),
        ..RedisOptions::default()
    };
    Arc::new(RedisCache::new(&server.url(), &options).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_and_a_restart_cost_no_answer_and_no_truth() {
    let mut server = RedisServer::start().await;
    let stream = Stream::new(&server).await;
    for _ in 0..2 {
        server.kill();
        stream.goes_on_without().await;
        server.restart().await;
        stream.comes_back().await;
    }
    stream.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_costs_no_answer_and_no_truth() {
    let server = RedisServer::start().await;
    let stream = Stream::new(&server).await;
    for _ in 0..2 {
        server.freeze();
        stream.goes_on_without().await;
        server.thaw();
        stream.comes_back().await;
    }
    stream.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_from_an_old_dump_under_traffic_costs_no_truth() {
    let mut server = RedisServer::start().await;
    let stream = Stream::new(&server).await;
    server.save().await;
    stream.flows(CacheEvent::Hit).await;
    server.kill();
    stream.goes_on_without().await;
    server.restart().await;
    stream.comes_back().await;
    stream.ends_well().await;
}

#[tokio::test]
async fn entries_from_an_old_dump_are_not_answered() {
    let mut server = RedisServer::start().await;
    // With no margin the replay does not reach back to the write, so that only the entry's epoch tells.
    let policy = CachePolicy {
        replay_margin: Duration::ZERO,
        database_timeouts: Duration::ZERO,
        ..CachePolicy::default()
    };
    let world = World::new(Tiers::shared(redis_at(&server.url(), "test:").await), policy).await;
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
    server.save().await;
    world.write(product).await.unwrap();
    server.kill();
    server.restart().await;
    assert_eq!(
        world.read(product).await,
        (2, Source::Bypass),
        "its connections are gone"
    );
    world.until(CacheHealth::Up).await;
    assert_eq!(world.read(product).await, (2, Source::Miss));
    assert_eq!(world.read(product).await, (2, Source::Shared));
}

#[tokio::test]
async fn leases_from_an_old_dump_fill_nothing_that_is_answered() {
    let mut server = RedisServer::start().await;
    let store = redis_at(&server.url(), "test:").await;
    let key = CacheKey::of(product(), SCHEMA);
    let long = Duration::from_mins(1);
    let Miss::Granted(lease) = store.miss(&key, fresh(), long, false).await.unwrap() else {
        panic!("no lease")
    };
    server.save().await;
    store.release(&[key.entity], fresh(), None).await.unwrap();
    server.kill();
    server.restart().await;
    let store = redis_at(&server.url(), "test:").await;
    assert!(
        !store
            .fill(&key, &lease, &value(1, lease.epoch, ""), long)
            .await
            .unwrap()
    );
    assert_eq!(store.get(&key).await.unwrap(), None);
}

#[tokio::test]
async fn a_service_that_starts_without_redis_answers_and_finds_it_later() {
    let mut server = RedisServer::start().await;
    server.kill();
    let world = World::starting(
        &Arc::default(),
        Tiers::shared(unconnected(&server)),
        CachePolicy::default(),
    );
    let product = product();
    world.write(product).await.unwrap();
    assert_eq!(world.read(product).await, (1, Source::Bypass));
    assert_eq!(world.cache.health(), CacheHealth::Degraded);
    server.restart().await;
    world.until(CacheHealth::Up).await;
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_taught_again() {
    let server = RedisServer::start().await;
    let world = World::new(
        Tiers::shared(redis_at(&server.url(), "test:").await),
        CachePolicy::default(),
    )
    .await;
    let product = product();
    server.forget_scripts().await;
    world.write(product).await.unwrap();
    server.forget_scripts().await;
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
    assert_eq!(world.events.of(CacheEvent::Error), 0);
}

/// Instances have a cache that was away back one after the other; until the last one has, its writes must reach it all
/// the same.
#[tokio::test]
async fn a_write_of_an_instance_that_has_not_the_cache_back_is_seen_by_one_that_has() {
    let server = RedisServer::start().await;
    let first = World::new(
        Tiers::shared(redis_at(&server.url(), "test:").await),
        CachePolicy::default(),
    )
    .await;
    let lost = Tiers::shared(unconnected(&server));
    let second = World::starting(&first.register, lost, CachePolicy::default()).cut_off();
    let product = product();
    first.write(product).await.unwrap();
    for _ in 0..3 {
        first.read(product).await;
        let (seen, source) = first.read(product).await;
        assert_eq!(source, Source::Shared);
        let written = second.write(product).await.unwrap();
        assert_eq!(written, seen + 1);
        assert_eq!(first.read(product).await.0, written);
    }
    assert_eq!(second.cache.health(), CacheHealth::Degraded);
}
