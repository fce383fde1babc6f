//! The cache: its stores against their contract, and its protocol against real Redis.

mod cluster;
mod contract;
mod faults;
mod foreign;
mod hearing;
mod history;
mod instant;
mod memcached;
mod memcached_server;
mod model;
mod protocol;
mod register;
mod sentinel;
pub(crate) mod server;
mod tls;
mod world;

use std::sync::Arc;
use std::time::Duration;

use application::Ids;
use application::cache::{CacheStore, Entry, Kind};
use infrastructure::redis_cache::{RedisCache, RedisOptions};
use infrastructure::system::UuidV7;
use uuid::Uuid;

/// The Redis that all tests share, each under a prefix of its own.
fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`")
}

async fn redis_at(url: &str, prefix: &str) -> Arc<RedisCache> {
    let options = RedisOptions {
        prefix: prefix.to_owned(),
        ..RedisOptions::default()
    };
    let cache = RedisCache::new(url, &options).unwrap();
    eventually("the cache answers", || async { cache.probe().await.ok() }).await;
    Arc::new(cache)
}

async fn redis() -> Arc<RedisCache> {
    redis_at(&redis_url(), &format!("test:{}:", fresh())).await
}

/// An id or token never used before.
fn fresh() -> Uuid {
    UuidV7.next()
}

fn value(version: i64, epoch: u64, body: &str) -> Entry {
    Entry {
        kind: Kind::Value,
        version,
        epoch,
        made: 1,
        fresh_until: 2,
        true_until: None,
        load_cost: 3,
        etag: format!("\"{version}\""),
        facts: b"{}".as_slice().into(),
        body: body.to_owned().into(),
    }
}

/// Waits for what is bound to come, looking often; fails when it has not within a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking)
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"))
}
