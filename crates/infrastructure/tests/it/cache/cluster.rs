//! Three primaries that share the keys.

use std::collections::BTreeSet;
use std::sync::Arc;

use application::cache::{CacheEvent, CachePolicy, CacheStore, Source};
use infrastructure::redis_cache::RedisCache;

use super::faults::Stream;
use super::server::{RedisServer, free_port};
use super::world::{Tiers, World, product};
use super::{eventually, fresh, redis_at};

pub(super) struct Cluster {
    nodes: Vec<RedisServer>,
}

impl Cluster {
    pub(super) async fn start() -> Self {
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for slots in [["0", "5460"], ["5461", "10922"], ["10923", "16383"]] {
            let bus = free_port().to_string();
            let node = RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus]).await;
            let epoch = (nodes.len() + 1).to_string();
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
            node.command(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]])
                .await;
            nodes.push(node);
            buses.push(bus);
        }
        for (node, bus) in nodes.iter().zip(&buses) {
            let port = node.port().to_string();
            nodes[0]
                .command(&["CLUSTER", "MEET", "127.0.0.1", &port, bus])
                .await;
        }
        for node in &nodes {
            eventually("the cluster is complete", || async {
                let state: String =
                    redis::from_redis_value(node.command(&["CLUSTER", "INFO"]).await).unwrap();
                (state.contains("cluster_state:ok") && state.contains("cluster_size:3")).then_some(())
            })
            .await;
        }
        Self { nodes }
    }

    /// Told of one node only.
    pub(super) async fn cache(&self) -> Arc<RedisCache> {
        let url = format!("redis+cluster://127.0.0.1:{}", self.nodes[0].port());
        redis_at(&url, &format!("test:{}:", fresh())).await
    }

    async fn id(&self, node: usize) -> String {
        redis::from_redis_value(self.nodes[node].command(&["CLUSTER", "MYID"]).await).unwrap()
    }

    /// The slots of a node that have keys.
    async fn used_slots(&self, node: usize) -> BTreeSet<u16> {
        let node = &self.nodes[node];
        let keys: Vec<String> = redis::from_redis_value(node.command(&["KEYS", "*"]).await).unwrap();
        let mut slots = BTreeSet::new();
        for key in keys {
            slots.insert(redis::from_redis_value(node.command(&["CLUSTER", "KEYSLOT", &key]).await).unwrap());
        }
        slots
    }

    async fn move_slot(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let (from_id, to_id) = (self.id(from).await, self.id(to).await);
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let set = async |node: &RedisServer, state: &[&str]| {
            node.command(&[&["CLUSTER", "SETSLOT", &slot], state].concat())
                .await;
        };
        set(target, &["IMPORTING", &from_id]).await;
        set(source, &["MIGRATING", &to_id]).await;
        let port = target.port().to_string();
        loop {
            let keys = source.command(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).await;
            let keys: Vec<String> = redis::from_redis_value(keys).unwrap();
            if keys.is_empty() {
                break;
            }
            for key in keys {
                source
                    .command(&["MIGRATE", "127.0.0.1", &port, &key, "0", "5000"])
                    .await;
            }
        }
        for node in [target, source].into_iter().chain(&self.nodes) {
            set(node, &["NODE", &to_id]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_move_cost_no_answer_and_no_truth() {
    let cluster = Cluster::start().await;
    let stream = Stream::on(Tiers::shared(cluster.cache().await).and_local()).await;
    let mut moved = 0;
    for round in 0..6 {
        let (from, to) = (round % 3, (round + 1) % 3);
        for slot in cluster.used_slots(from).await {
            cluster.move_slot(slot, from, to).await;
            moved += 1;
        }
        stream.comes_back().await;
    }
    assert!(moved > 4, "nothing was moved");
    assert!(stream.world.events.of(CacheEvent::Down) > 0, "it was noticed");
    stream.ends_well().await;
}

/// Whoever listens to one node does not hear of another that the slot has moved to.
#[tokio::test]
async fn with_a_cluster_instances_answer_nothing_that_they_keep_themselves() {
    let cluster = Cluster::start().await;
    let world = World::new(
        Tiers::shared(cluster.cache().await).and_local(),
        CachePolicy::default(),
    )
    .await;
    let product = product();
    world.write(product).await.unwrap();
    world.glance(product).await;
    for _ in 0..3 {
        assert_eq!(world.glance(product).await, (1, Source::Shared));
    }
    world.write(product).await.unwrap();
    assert_eq!(world.glance(product).await.0, 2);
}

#[tokio::test]
async fn a_purge_while_slots_move_fails() {
    let cluster = Cluster::start().await;
    let store = cluster.cache().await;
    let (from, to) = (cluster.id(0).await, cluster.id(1).await);
    cluster.nodes[1]
        .command(&["CLUSTER", "SETSLOT", "7", "IMPORTING", &from])
        .await;
    cluster.nodes[0]
        .command(&["CLUSTER", "SETSLOT", "7", "MIGRATING", &to])
        .await;
    assert!(store.purge().await.is_err());
    for node in &cluster.nodes[..2] {
        node.command(&["CLUSTER", "SETSLOT", "7", "STABLE"]).await;
    }
    store.purge().await.unwrap();
}
