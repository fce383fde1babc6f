//! The cache on Redis: what [`CacheStore`] promises, one script to an operation.
//!
//! Invariant: entries are read and written under the epoch of the connection that is used, and filled under that of
//! the lease, so that nothing from an earlier life of the server is ever answered.

mod keys;
mod lanes;
mod scripts;

use std::time::Duration;

use application::cache::{
    CacheError, CacheKey, CacheStore, Entry, Lease, Miss, Representation, Token, version_bytes,
};
use async_trait::async_trait;
use bytes::Bytes;
use domain::ProductId;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, RedisError, Script, Value};

use keys::Keys;
use lanes::{Lane, Lanes};
use scripts::{Call, Scripts};

/// How long a floor outlives the entry it stands for.
const FLOOR_LIFE: Duration = Duration::from_mins(1);
/// Products to one round trip: each costs the server some 20 µs, in which it serves nobody else.
const BATCH: usize = 256;
/// Keys looked at in one step of a purge.
const SCAN_STEP: usize = 1000;

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

pub struct RedisCache {
    lanes: Lanes,
    keys: Keys,
    scripts: Scripts,
}

impl RedisCache {
    /// A cache at a `redis://` or `rediss://` URL, under keys that begin with `prefix`. Nothing is connected before
    /// the first [`CacheStore::probe`].
    pub fn new(url: &str, prefix: &str) -> Result<Self, RedisCacheError> {
        let keys = Keys::new(prefix).ok_or(RedisCacheError::Prefix)?;
        Ok(Self {
            lanes: Lanes::new(url)?,
            keys,
            scripts: Scripts::new(),
        })
    }

    async fn command<T: FromRedisValue>(&self, lane: &mut Lane, command: &Cmd) -> Result<T, RedisCacheError> {
        let answer = command.query_async(&mut lane.connection).await;
        Ok(answer.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    async fn run(
        &self,
        script: &Script,
        lane: &mut Lane,
        calls: &[Call],
    ) -> Result<Vec<Value>, RedisCacheError> {
        let connection: &mut MultiplexedConnection = &mut lane.connection;
        let answers = scripts::run(script, calls, connection).await;
        Ok(answers.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    async fn run_one<T: FromRedisValue>(
        &self,
        script: &Script,
        lane: &mut Lane,
        call: Call,
    ) -> Result<T, RedisCacheError> {
        let answer = self
            .run(script, lane, &[call])
            .await?
            .into_iter()
            .next()
            .ok_or(RedisCacheError::Answer)?;
        Ok(redis::from_redis_value(answer).map_err(RedisError::from)?)
    }

    async fn run_on_products(
        &self,
        script: &Script,
        products: &[ProductId],
        args: impl Fn(u64) -> Vec<Vec<u8>> + Send,
    ) -> Result<(), RedisCacheError> {
        for batch in products.chunks(BATCH) {
            let mut lane = self.lanes.next()?;
            let mut args = args(lane.epoch);
            args.extend(Representation::ALL.map(|representation| representation.tag().into()));
            let call = |product: &ProductId| Call {
                keys: self.keys.of_write(*product),
                args: args.clone(),
            };
            let calls: Vec<_> = batch.iter().map(call).collect();
            self.run(script, &mut lane, &calls).await?;
        }
        Ok(())
    }

    /// Deletes all keys that were there when it began.
    async fn delete_all(&self, pattern: &str) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(SCAN_STEP);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.command(&mut lane, &scan).await?;
            if !keys.is_empty() {
                self.command::<()>(&mut lane, redis::cmd("UNLINK").arg(keys))
                    .await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}

#[async_trait]
impl CacheStore for RedisCache {
    async fn get(&self, key: CacheKey) -> Result<Option<Entry>, CacheError> {
        let mut lane = self.lanes.next()?;
        let get = Cmd::get(self.keys.value(key));
        let bytes: Option<Vec<u8>> = self.command(&mut lane, &get).await?;
        let entry = bytes.and_then(|bytes| Entry::decode(&Bytes::from(bytes), key.representation));
        Ok(entry.filter(|entry| entry.is_usable() && entry.epoch == lane.epoch))
    }

    async fn miss(&self, key: CacheKey, token: Token, life: Duration) -> Result<Miss, CacheError> {
        let mut lane = self.lanes.next()?;
        let args = vec![
            lane.epoch.to_be_bytes().into(),
            key.representation.tag().into(),
            token.as_bytes().into(),
            millis(life),
        ];
        let call = Call {
            keys: self.keys.of_read(key),
            args,
        };
        let answer: (u8, Vec<u8>, i64) = self.run_one(&self.scripts.miss, &mut lane, call).await?;
        Ok(match answer {
            // What the script takes for whole and the decoder does not is left alone until it expires.
            (0, bytes, _) => {
                Entry::decode(&Bytes::from(bytes), key.representation).map_or(Miss::Fenced, Miss::Usable)
            }
            (1, ..) => Miss::Fenced,
            (2, floor, _) => {
                let floor = floor.first_chunk().map(|floor| i64::from_be_bytes(*floor));
                Miss::Granted(Lease {
                    token,
                    floor: floor.ok_or(RedisCacheError::Answer)?,
                    epoch: lane.epoch,
                })
            }
            (_, _, left) => Miss::Busy(Duration::from_millis(u64::try_from(left).unwrap_or_default())),
        })
    }

    async fn fill(
        &self,
        key: CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        let mut lane = self.lanes.next()?;
        if lane.epoch != lease.epoch {
            return Ok(false);
        }
        let args = vec![
            lane.epoch.to_be_bytes().into(),
            key.representation.tag().into(),
            lease.token.as_bytes().into(),
            version_bytes(entry.version).into(),
            entry.encode(key.representation).into(),
            millis(ttl),
        ];
        let call = Call {
            keys: self.keys.of_read(key),
            args,
        };
        Ok(self.run_one(&self.scripts.fill, &mut lane, call).await?)
    }

    async fn abandon(&self, key: CacheKey, lease: &Lease) -> Result<(), CacheError> {
        let mut lane = self.lanes.next()?;
        let call = Call {
            keys: vec![self.keys.lease(key)],
            args: vec![lease.token.as_bytes().into()],
        };
        self.run(&self.scripts.abandon, &mut lane, &[call]).await?;
        Ok(())
    }

    async fn fence(&self, products: &[ProductId], token: Token, life: Duration) -> Result<(), CacheError> {
        let args = |epoch: u64| {
            vec![
                epoch.to_be_bytes().into(),
                token.as_bytes().into(),
                millis(life),
                millis(FLOOR_LIFE),
            ]
        };
        Ok(self.run_on_products(&self.scripts.fence, products, args).await?)
    }

    async fn release(&self, products: &[ProductId], token: Token, version: i64) -> Result<(), CacheError> {
        let args = |epoch: u64| {
            vec![
                epoch.to_be_bytes().into(),
                token.as_bytes().into(),
                version_bytes(version).into(),
                millis(FLOOR_LIFE),
            ]
        };
        Ok(self
            .run_on_products(&self.scripts.release, products, args)
            .await?)
    }

    async fn purge(&self) -> Result<(), CacheError> {
        // Leases first: what is filled behind the second scan's back was then loaded after the purge began.
        self.delete_all(&self.keys.all_leases()).await?;
        Ok(self.delete_all(&self.keys.all_values()).await?)
    }

    async fn probe(&self) -> Result<(), CacheError> {
        self.lanes.connect(&self.scripts).await?;
        for _ in 0..lanes::LANES {
            let mut lane = self.lanes.next()?;
            let mut set = redis::cmd("SET");
            set.arg(self.keys.probe()).arg("").arg("PX").arg(1000);
            self.command::<()>(&mut lane, &set).await?;
        }
        Ok(())
    }
}

fn millis(time: Duration) -> Vec<u8> {
    // Redis refuses a life of 0.
    time.as_millis().max(1).to_string().into_bytes()
}
