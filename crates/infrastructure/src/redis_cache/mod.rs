//! The cache on Redis: what [`CacheStore`](application::cache::CacheStore) and
//! [`InvalidationBus`](application::cache::InvalidationBus) promise.
//!
//! Invariant: entries are read and written under the epoch of the connection that is used, and filled under that of
//! the lease, so that nothing from an earlier life of the server is ever answered.

mod ear;
mod fleet;
mod heart;
mod keys;
mod lanes;
mod listen;
mod scripts;
mod store;
mod suspects;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use application::Ids as _;
use application::cache::CacheError;
use redis::{Client, Cmd, FromRedisValue, RedisError, Value};

use fleet::Fleet;
use keys::Keys;
use lanes::{Lane, Lanes};
use scripts::{Call, Scripts};
use suspects::Suspects;

use crate::system::UuidV7;

#[derive(Debug, thiserror::Error)]
pub enum RedisCacheError {
    #[error("a key prefix has only letters, digits and : - _ . /")]
    Prefix,
    #[error("there is no connection")]
    NotConnected,
    #[error("the server does not say its run id")]
    NoRunId,
    #[error("the server answered in a way that is not understood")]
    Answer,
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
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "vitrine:".into(),
            canary: Duration::from_millis(25),
            trust: Duration::from_millis(75),
        }
    }
}

/// The tier that instances share, and how they hear of each other.
pub struct RedisCache(Arc<Inner>);

struct Inner {
    /// For connections of their own.
    client: Client,
    lanes: Lanes,
    keys: Keys,
    scripts: Scripts,
    suspects: Suspects,
    fleet: Fleet,
    canary: Duration,
    trust: Duration,
    /// The number of the next beat: never used twice by one process.
    beats: AtomicU64,
    /// Held by the writer who looks for all that wait.
    looking: tokio::sync::Mutex<()>,
    tracking_is_silent: AtomicBool,
    warned: AtomicBool,
    /// Whether changes are told by messages too, which a user may not be allowed to.
    publishes: AtomicBool,
}

impl RedisCache {
    /// A cache at a `redis://` or `rediss://` URL. Nothing is connected before the first
    /// [`CacheStore::probe`](application::cache::CacheStore::probe).
    pub fn new(url: &str, options: &RedisOptions) -> Result<Self, RedisCacheError> {
        let keys = Keys::new(&options.prefix).ok_or(RedisCacheError::Prefix)?;
        Ok(Self(Arc::new(Inner {
            client: Client::open(url)?,
            lanes: Lanes::new(url)?,
            keys,
            scripts: Scripts::new(),
            suspects: Suspects::default(),
            fleet: Fleet::new(UuidV7.next(), options.trust),
            canary: options.canary,
            trust: options.trust,
            beats: AtomicU64::new(1),
            looking: tokio::sync::Mutex::default(),
            tracking_is_silent: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            publishes: AtomicBool::new(true),
        })))
    }
}

impl Inner {
    async fn command<T: FromRedisValue>(&self, lane: &mut Lane, command: &Cmd) -> Result<T, RedisCacheError> {
        let answer = command.query_async(&mut lane.connection).await;
        Ok(answer.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    async fn run(&self, lane: &mut Lane, calls: &[Call<'_>]) -> Result<Vec<Value>, RedisCacheError> {
        let answers = self.scripts.run(calls, &mut lane.connection).await;
        Ok(answers.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    async fn run_one<T: FromRedisValue>(
        &self,
        lane: &mut Lane,
        call: Call<'_>,
    ) -> Result<T, RedisCacheError> {
        let answer = self.run(lane, &[call]).await?.into_iter().next();
        parse(answer.ok_or(RedisCacheError::Answer)?)
    }
}

fn parse<T: FromRedisValue>(answer: Value) -> Result<T, RedisCacheError> {
    Ok(redis::from_redis_value(answer).map_err(RedisError::from)?)
}
