//! A master and its replica, watched by a sentinel.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheHealth, CacheKey, CachePolicy, CacheStore, Miss, Source};
use infrastructure::redis_cache::RedisCache;

use super::faults::Stream;
use super::server::RedisServer;
use super::world::{SCHEMA, Tiers, World, product};
use super::{eventually, fresh, redis_at, value};

struct Watched {
    servers: [RedisServer; 2],
    sentinel: RedisServer,
}

impl Watched {
    async fn start() -> Self {
        // Without a disk the replica has its copy at once.
        let first = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]).await;
        let port = first.port().to_string();
        let of_first = [
            "--repl-diskless-sync-delay",
            "0",
            "--replicaof",
            "127.0.0.1",
            &port,
        ];
        let second = RedisServer::start_with(&of_first).await;
        eventually("the replica follows", || async {
            let info = second.info("replication").await;
            info.contains("master_link_status:up").then_some(())
        })
        .await;
        let sentinel = RedisServer::sentinel("shop", first.port()).await;
        let watched = Self {
            servers: [first, second],
            sentinel,
        };
        watched.knows_the_replica().await;
        watched
    }

    async fn knows_the_replica(&self) {
        eventually("the sentinel knows the replica", || async {
            let info = self.sentinel.info("sentinel").await;
            info.contains("slaves=1,").then_some(())
        })
        .await;
    }

    async fn cache(&self) -> Arc<RedisCache> {
        let url = format!("redis+sentinel://127.0.0.1:{}/shop", self.sentinel.port());
        redis_at(&url, "test:").await
    }

    /// Makes `to` the master, as an operator does.
    async fn fail_over(&self, to: usize) {
        let [old, new] = [&self.servers[1 - to], &self.servers[to]];
        eventually("the sentinel fails over", || async {
            let mut connection = redis::Client::open(self.sentinel.url())
                .unwrap()
                .get_multiplexed_async_connection()
                .await
                .unwrap();
            let mut fail_over = redis::cmd("SENTINEL");
            fail_over.arg("FAILOVER").arg("shop");
            fail_over.query_async::<()>(&mut connection).await.ok()
        })
        .await;
        self.is_master(to).await;
        // What the sentinel does some seconds later, and all at once too: connections that survived would see what the
        // old master gets back from the new one, which had not heard of the last writes.
        let mut demote = redis::pipe();
        demote.atomic();
        demote.cmd("REPLICAOF").arg("127.0.0.1").arg(new.port());
        for kind in ["normal", "pubsub"] {
            demote.cmd("CLIENT").arg("KILL").arg("TYPE").arg(kind);
        }
        let client = redis::Client::open(old.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        demote.exec_async(&mut connection).await.unwrap();
        eventually("the old master follows", || async {
            let info = old.info("replication").await;
            info.contains("master_link_status:up").then_some(())
        })
        .await;
    }

    /// Waits until the sentinel says so too.
    async fn is_master(&self, at: usize) {
        let address = format!("address=127.0.0.1:{}", self.servers[at].port());
        eventually("the sentinel has switched", || async {
            let is_master = self.servers[at].info("replication").await.contains("role:master");
            let info = self.sentinel.info("sentinel").await;
            (is_master && info.contains(&address)).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_by_hand_costs_no_answer_and_no_truth() {
    let watched = Watched::start().await;
    let stream = Stream::on(Tiers::shared(watched.cache().await).and_local()).await;
    watched.fail_over(1).await;
    stream.comes_back().await;
    let hits = watched.servers[1].info("stats").await;
    assert!(
        !hits.contains("keyspace_hits:0\r"),
        "the new master is asked: {hits}"
    );
    stream.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_death_of_a_master_costs_no_answer_and_no_truth() {
    let mut watched = Watched::start().await;
    let stream = Stream::on(Tiers::shared(watched.cache().await).and_local()).await;
    watched.servers[0].kill();
    stream.goes_on_without().await;
    watched.is_master(1).await;
    stream.comes_back().await;
    stream.ends_well().await;
}

#[tokio::test]
async fn instances_trust_what_they_keep_again_after_a_failover() {
    let watched = Watched::start().await;
    let policy = CachePolicy::default;
    let first = World::new(Tiers::shared(watched.cache().await).and_local(), policy()).await;
    let tiers = Tiers::shared(watched.cache().await).and_local();
    let second = World::beside(&first.register, tiers, policy()).await;
    let product = product();
    first.write(product).await.unwrap();
    second.until_trusted(product).await;
    watched.fail_over(1).await;
    for world in [&first, &second] {
        eventually("it uses the new master", || async {
            world.read(product).await;
            let is_up = world.cache.health() == CacheHealth::Up;
            (is_up && world.read(product).await.1 == Source::Shared).then_some(())
        })
        .await;
    }
    for version in 2..10 {
        second.until_trusted(product).await;
        first.write(product).await.unwrap();
        assert_eq!(second.glance(product).await.0, version);
    }
}

/// It was not restarted meanwhile, and got its own entry back from the other.
#[tokio::test]
async fn a_master_that_is_one_again_answers_nothing_of_its_first_time() {
    let watched = Watched::start().await;
    let store = watched.cache().await;
    let key = CacheKey::of(product(), SCHEMA);
    let long = Duration::from_mins(1);
    let Miss::Granted(lease) = store.miss(&key, fresh(), long, false).await.unwrap() else {
        panic!("no lease")
    };
    let entry = value(1, lease.epoch, "");
    assert!(store.fill(&key, &lease, &entry, long).await.unwrap());
    assert!(store.get(&key).await.unwrap().is_some());
    let name = format!("test:v:{{{}}}", key.entity);
    eventually("the replica has it", || async {
        let there = watched.servers[1].command(&["EXISTS", &name]).await;
        (there == redis::Value::Int(1)).then_some(())
    })
    .await;
    for master in [1, 0] {
        watched.knows_the_replica().await;
        watched.fail_over(master).await;
        watched.cache().await;
    }
    let there = watched.servers[0].command(&["EXISTS", &name]).await;
    assert_eq!(there, redis::Value::Int(1), "it came back");
    let store = watched.cache().await;
    assert_eq!(store.get(&key).await.unwrap(), None);
}
