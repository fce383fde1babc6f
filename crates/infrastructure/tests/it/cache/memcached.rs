//! Memcached that is poisoned, full, killed, frozen and brought back; and what is its own there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use application::cache::{
    CacheEvent, CacheHealth, CacheKey, CachePolicy, CacheStore, Entity, Lease, Miss, Schema, Source,
};
use application::changelog::LogPosition;
use infrastructure::memcached_cache::MemcachedCache;
use tokio::io::AsyncWriteExt as _;

use super::faults::Stream;
use super::history::random_pause;
use super::memcached_server::MemcachedServer;
use super::world::{SCHEMA, Tiers, World, product};
use super::{eventually, fresh, value};

const LONG: Duration = Duration::from_secs(30);

pub(super) fn unconnected(server: &MemcachedServer) -> Arc<MemcachedCache> {
    Arc::new(MemcachedCache::new(&server.url(), "test:").unwrap())
}

pub(super) async fn memcached_at(server: &MemcachedServer) -> Arc<MemcachedCache> {
    let cache = unconnected(server);
    cache.probe().await.unwrap();
    cache
}

async fn lease(store: &dyn CacheStore, key: &CacheKey) -> Lease {
    match store.miss(key, fresh(), LONG, false).await.unwrap() {
        Miss::Granted(lease) => lease,
        other => panic!("no lease but {other:?}"),
    }
}

async fn fill(store: &dyn CacheStore, key: &CacheKey) -> bool {
    let lease = lease(store, key).await;
    let entry = value(1, lease.epoch, "body");
    store.fill(key, &lease, &entry, LONG).await.unwrap()
}

async fn is_there(store: &dyn CacheStore, key: &CacheKey) -> bool {
    store.get(key).await.unwrap().is_some()
}

/// That everything can be done as if nothing had been there.
async fn works(store: &dyn CacheStore, key: &CacheKey) {
    assert!(!is_there(store, key).await);
    assert!(fill(store, key).await);
    assert!(is_there(store, key).await);
    let (entities, token): ([Entity; 1], _) = ([key.entity], fresh());
    store.fence(&entities, token, LONG).await.unwrap();
    assert!(!is_there(store, key).await);
    assert_eq!(store.miss(key, fresh(), LONG, false).await.unwrap(), Miss::Fenced);
    assert!(store.release(&entities, token, None).await.unwrap().intact);
    assert!(fill(store, key).await);
}

#[tokio::test]
async fn what_others_wrote_under_our_names_is_absent() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    for varied in ["", "de|EUR"] {
        let key = CacheKey::varied(product(), SCHEMA, varied);
        fill(&*store, &key).await;
        let is_ours = |name: &String| name.as_str() == "test:n" || name.contains(&key.entity.to_string());
        // The server's list leaves out what it is moving about.
        let ours = eventually("the space, the state and the value", async || {
            let ours: Vec<_> = server.names().await.into_iter().filter(is_ours).collect();
            (ours.len() == 3).then_some(ours)
        })
        .await;
        let lease = ours
            .iter()
            .find(|name| name.contains(":v:"))
            .unwrap()
            .replace(":v:", ":l:");
        for name in ours.iter().chain([&lease]) {
            for bad in [
                &b""[..],
                b"garbage",
                b"VTS1",
                b"VTG1aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                b"VTL1",
                b"VTV1",
                b"VTN2",
            ] {
                store.release(&[key.entity], fresh(), None).await.unwrap();
                server.set(name, bad).await;
                works(&*store, &key).await;
                store.release(&[key.entity], fresh(), None).await.unwrap();
                server.set(name, bad).await;
                store
                    .release_missed(&[(key.entity, LogPosition::default())])
                    .await
                    .unwrap();
                works(&*store, &key).await;
            }
        }
    }
}

#[tokio::test]
async fn a_value_of_another_variation_under_the_same_name_is_absent() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    let (one, other) = (
        CacheKey::varied(Entity::Query(1), SCHEMA, "de"),
        CacheKey::varied(Entity::Query(1), SCHEMA, "en"),
    );
    fill(&*store, &one).await;
    fill(&*store, &other).await;
    let values = eventually("both values", async || {
        let mut names = server.names().await;
        names.retain(|name| name.contains(":v:"));
        <[String; 2]>::try_from(names).ok()
    })
    .await;
    let bytes = server.get(&values[0]).await;
    server.set(&values[1], &bytes).await;
    let found = store.get_many(&[one, other]).await.unwrap();
    assert_eq!(found.iter().flatten().count(), 1);
}

#[tokio::test]
async fn what_is_too_large_is_not_kept_and_costs_nothing() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    let key = CacheKey::of(product(), SCHEMA);
    let lease = lease(&*store, &key).await;
    let large = value(1, lease.epoch, &"x".repeat(2 << 20));
    assert!(!store.fill(&key, &lease, &large, LONG).await.unwrap());
    works(&*store, &key).await;
}

#[tokio::test]
async fn a_release_says_whether_its_fence_still_stood() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    let (one, two, token) = (product().into(), product().into(), fresh());
    store.fence(&[one, two], token, LONG).await.unwrap();
    assert!(store.release(&[one, two], token, None).await.unwrap().intact);
    assert!(!store.release(&[one], token, None).await.unwrap().intact);
    store.fence(&[one], token, LONG).await.unwrap();
    assert!(!store.release(&[one, two], token, None).await.unwrap().intact);
    let expiring = fresh();
    store
        .fence(&[one], expiring, Duration::from_millis(1))
        .await
        .unwrap();
    eventually("the fence expires", || async {
        let key = CacheKey::of(one, SCHEMA);
        (store.miss(&key, fresh(), LONG, true).await.unwrap() != Miss::Fenced).then_some(())
    })
    .await;
    // Another one keeps the state alive, and not the fence.
    store.fence(&[one], fresh(), LONG).await.unwrap();
    assert!(!store.release(&[one], expiring, None).await.unwrap().intact);
}

/// Writers that change one state at once lose no fence of each other.
#[tokio::test(flavor = "multi_thread")]
async fn fences_of_many_writers_all_stand() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    let key = CacheKey::of(product(), SCHEMA);
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (store, entity) = (store.clone(), key.entity);
        writers.spawn(async move {
            for _ in 0..10 {
                let token = fresh();
                store.fence(&[entity], token, LONG).await.unwrap();
                let key = CacheKey::of(entity, SCHEMA);
                assert_eq!(
                    store.miss(&key, fresh(), LONG, false).await.unwrap(),
                    Miss::Fenced
                );
                assert!(store.release(&[entity], token, None).await.unwrap().intact);
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert!(fill(&*store, &key).await);
}

/// What was taken away stays away, however much of what says so is evicted.
#[tokio::test]
async fn nothing_comes_back_when_states_are_lost() {
    let server = MemcachedServer::start().await;
    let store = memcached_at(&server).await;
    let key = CacheKey::of(product(), SCHEMA);
    let (state, space) = (format!("test:g:{}", key.entity), "test:n".to_owned());
    for lost in [&state, &space] {
        fill(&*store, &key).await;
        assert!(is_there(&*store, &key).await);
        let leased = CacheKey::of(key.entity, Schema::new("t2"));
        let lease = lease(&*store, &leased).await;
        server.delete(lost).await;
        assert!(!is_there(&*store, &key).await);
        // Both are made anew.
        store.probe().await.unwrap();
        store
            .miss(&CacheKey::of(key.entity, Schema::new("t3")), fresh(), LONG, false)
            .await
            .unwrap();
        assert!(!is_there(&*store, &key).await);
        let entry = value(1, lease.epoch, "");
        assert!(!store.fill(&leased, &lease, &entry, LONG).await.unwrap());
        store.release(&[key.entity], fresh(), None).await.unwrap();
        store.abandon(&leased, &lease).await.unwrap();
    }
    server.flush().await;
    works(&*store, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_restarts_cost_no_answer_and_no_truth() {
    let mut server = MemcachedServer::start().await;
    let stream = Stream::on(Tiers::without_bus(memcached_at(&server).await).and_local()).await;
    for _ in 0..3 {
        server.kill();
        stream.goes_on_without().await;
        server.restart().await;
        stream.comes_back().await;
    }
    stream.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_costs_no_answer_and_no_truth() {
    let server = MemcachedServer::start().await;
    let stream = Stream::on(Tiers::without_bus(memcached_at(&server).await)).await;
    for _ in 0..2 {
        server.freeze();
        stream.goes_on_without().await;
        server.thaw();
        stream.comes_back().await;
    }
    stream.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_costs_no_answer_and_no_truth() {
    let server = MemcachedServer::start().await;
    let stream = Stream::on(Tiers::without_bus(memcached_at(&server).await)).await;
    for _ in 0..20 {
        server.flush().await;
        stream.flows(CacheEvent::Miss).await;
    }
    stream.comes_back().await;
    stream.ends_well().await;
}

/// With so little memory everything is evicted all the time, states and fences too.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_costs_no_answer_and_no_truth() {
    let server = Arc::new(MemcachedServer::with(&["-m", "2"]).await);
    let stream = Stream::on(Tiers::without_bus(memcached_at(&server).await)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut fillers = tokio::task::JoinSet::new();
    for filler in 0..4 {
        let (server, stop) = (server.clone(), stop.clone());
        fillers.spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::SeqCst) {
                // Of the sizes of values, states and leases.
                for size in [20, 40, 60, 100, 150, 200, 300] {
                    let batch: Vec<u8> = (0..500)
                        .flat_map(|m| {
                            format!(
                                "set x:{filler}:{n}:{m} 0 0 {size} noreply\r\n{}\r\n",
                                "x".repeat(size)
                            )
                            .into_bytes()
                        })
                        .collect();
                    server
                        .command(&[&batch[..], b"version"].concat(), "VERSION")
                        .await;
                    n += 1;
                }
                random_pause(1000).await;
            }
        });
    }
    let evicted = server.statistic("evictions").await;
    for _ in 0..5 {
        stream.flows(CacheEvent::Miss).await;
    }
    assert!(server.statistic("evictions").await > evicted + 1000);
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = fillers.join_next().await {
        done.unwrap();
    }
    stream.ends_well().await;
}

/// Without a bus no instance answers from a tier of its own, and nobody is waited for.
#[tokio::test]
async fn instances_keep_nothing_themselves_and_see_each_others_writes() {
    let server = MemcachedServer::start().await;
    let tiers = async || Tiers::without_bus(memcached_at(&server).await).and_local();
    let policy = CachePolicy {
        trust: Duration::from_mins(1),
        ..CachePolicy::default()
    };
    let first = World::new(tiers().await, policy.clone()).await;
    let second = World::beside(&first.register, tiers().await, policy).await;
    let product = product();
    let started = std::time::Instant::now();
    for version in 1..20 {
        let writer = [&first, &second][usize::from(version % 2 == 0)];
        assert_eq!(writer.write(product).await.unwrap(), version);
        for reader in [&first, &second] {
            assert_eq!(reader.glance(product).await.0, version);
            assert_eq!(reader.glance(product).await, (version, Source::Shared));
        }
    }
    assert!(
        started.elapsed() < Duration::from_secs(45),
        "somebody was waited for"
    );
    // Nor where the release fails.
    server.freeze();
    first.write(product).await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(45),
        "somebody was waited for"
    );
    server.thaw();
    first.until(CacheHealth::Up).await;
}

#[tokio::test]
async fn a_service_that_starts_without_memcached_answers_and_finds_it_later() {
    let mut server = MemcachedServer::start().await;
    server.kill();
    let tiers = Tiers::without_bus(unconnected(&server));
    let world = World::starting(&Arc::default(), tiers, CachePolicy::default());
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
async fn what_is_no_memcached_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("memcached://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let store = MemcachedCache::new(&url, "test:").unwrap();
    store.probe().await.unwrap_err();
    store.get(&CacheKey::of(product(), SCHEMA)).await.unwrap_err();
    serving.abort();
    for url in ["memcached://", "memcached:cache", "nothing"] {
        assert!(MemcachedCache::new(url, "test:").is_err(), "{url}");
    }
    assert!(MemcachedCache::new("memcached://cache", "a b").is_err());
}
