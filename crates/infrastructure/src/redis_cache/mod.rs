//! The cache on Redis: what [`CacheStore`](application::cache::CacheStore) and
//! [`InvalidationBus`](application::cache::InvalidationBus) promise.
//!
//! Invariant: entries are read and written under the epoch of the connection that is used, and filled under that of
//! the lease, so that nothing from an earlier life of the server is ever answered.

mod address;
mod ear;
mod fleet;
mod heart;
mod keys;
mod lanes;
mod listen;
mod node;
mod operations;
mod places;
mod ring;
mod scripts;
mod store;
mod suspects;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use application::Ids as _;
use application::cache::{CacheError, SharedTier};
use redis::{ConnectionInfo, FromRedisValue, RedisError, Value};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

pub use address::TlsFiles;

use address::Address;
use keys::Keys;
use node::Node;
use places::Place;
use ring::Ring;
use scripts::Scripts;

use crate::system::UuidV7;

#[derive(Debug, thiserror::Error)]
pub enum RedisCacheError {
    #[error("a key prefix has only letters, digits and : - _ . /")]
    Prefix,
    #[error("{0}")]
    Url(&'static str),
    #[error("{} cannot be read", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("there is no connection")]
    NotConnected,
    #[error("the server does not say its run id")]
    NoRunId,
    #[error("the server answered in a way that is not understood")]
    Answer,
    #[error("what the sentinels call master is none")]
    NoMaster,
    #[error("the cluster has slots that no node serves")]
    Uncovered,
    #[error("the cluster moves slots")]
    Moving,
    #[error("another server has become master")]
    Moved,
    #[error("the connection was lost")]
    Lost,
    #[error("nothing is heard of the server")]
    Silent,
    #[error("connecting failed")]
    Pool(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl From<RedisCacheError> for CacheError {
    fn from(error: RedisCacheError) -> Self {
        Self::new(error)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// What names of keys begin with: letters, digits and `: - _ . /`. Instances that share a cache share it.
    pub prefix: String,
    /// How often an instance that listens gives a sign of life.
    pub canary: Duration,
    /// How long an instance trusts what it keeps after a sign of life that came back. MUST be the same in all that share
    /// a cache, and be that of [`CachePolicy`](application::cache::CachePolicy).
    pub trust: Duration,
    pub tls: TlsFiles,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "vitrine:".into(),
            canary: Duration::from_millis(25),
            trust: Duration::from_millis(75),
            tls: TlsFiles::default(),
        }
    }
}

/// The tier that instances share, and how they hear of each other.
pub struct RedisCache {
    address: Address,
    common: Common,
    ring: watch::Sender<Arc<Ring>>,
    finding: Mutex<()>,
}

/// What all servers have in common.
struct Common {
    me: Uuid,
    keys: Keys,
    scripts: Arc<Scripts>,
    canary: Duration,
    trust: Duration,
}

impl RedisCache {
    /// A cache at a `redis://`, `redis+sentinel://` or `redis+cluster://` URL; with `rediss` in the place of `redis` over
    /// TLS. Nothing is connected before the first [`CacheStore::probe`](application::cache::CacheStore::probe).
    pub fn new(url: &str, options: &RedisOptions) -> Result<Self, RedisCacheError> {
        let keys = Keys::new(&options.prefix).ok_or(RedisCacheError::Prefix)?;
        let cache = Self {
            address: Address::parse(url, &options.tls)?,
            common: Common {
                me: UuidV7.next(),
                keys,
                scripts: Arc::new(Scripts::new()),
                canary: options.canary,
                trust: options.trust,
            },
            ring: watch::Sender::default(),
            finding: Mutex::default(),
        };
        if let Address::Server(info) = &cache.address {
            cache.turn_to(vec![Place::single(info.clone())])?;
        }
        Ok(cache)
    }

    /// Instances do not hear of each other by a cluster, and so cannot keep anything themselves: its slots move from node
    /// to node, and who listens to the old one could go on trusting what it has.
    pub fn into_tier(self: Arc<Self>) -> SharedTier {
        let hears = !matches!(self.address, Address::Cluster { .. });
        SharedTier {
            store: self.clone(),
            bus: hears.then_some(self as _),
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.borrow())
    }

    /// Looks for the servers where they may change.
    async fn find(&self) -> Result<(), RedisCacheError> {
        if matches!(self.address, Address::Server(_)) {
            return Ok(());
        }
        let _turn = self.finding.lock().await;
        let known = self.ring().infos();
        self.turn_to(self.address.find(known).await?)
    }

    /// Uses these servers from now on, and keeps those that stay.
    fn turn_to(&self, mut places: Vec<Place>) -> Result<(), RedisCacheError> {
        places.sort_by_key(|place| place.slots.first().copied());
        let old = self.ring();
        let slots: Vec<_> = places.iter().map(|place| place.slots.clone()).collect();
        let node = |place: Place| match old.all().iter().find(|node| node.place.is_same(&place)) {
            Some(node) => Ok(Arc::clone(node)),
            None => Node::new(&self.common, place).map(Arc::new),
        };
        let nodes = places.into_iter().map(node).collect::<Result<_, _>>()?;
        let ring = Ring::new(nodes, &slots)?;
        if !ring.is_same(&old) {
            self.ring.send_replace(Arc::new(ring));
        }
        Ok(())
    }
}

/// Where a `redis://` or `rediss://` URL leads; `None` when it is not of a single server.
pub fn single_server(url: &str, tls: &TlsFiles) -> Result<Option<ConnectionInfo>, RedisCacheError> {
    match Address::parse(url, tls)? {
        Address::Server(info) => Ok(Some(info)),
        Address::Sentinels { .. } | Address::Cluster { .. } => Ok(None),
    }
}

/// What is wrong with a URL, before anything is connected.
pub fn check_url(url: &str) -> Result<(), RedisCacheError> {
    Address::parse(url, &TlsFiles::default()).map(drop)
}

fn parse<T: FromRedisValue>(answer: Value) -> Result<T, RedisCacheError> {
    Ok(redis::from_redis_value(answer).map_err(RedisError::from)?)
}
