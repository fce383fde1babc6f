//! View counts on Redis: a sorted set per channel, window and slot.
//!
//! Its connections are its own, so that what is slow or fails here leaves the cache alone. All keys of a channel share a
//! hash slot, so that they can be summed by the server.

use std::time::Duration;

use application::views::{ViewCount, ViewCounter, ViewsError, Window};
use async_trait::async_trait;
use deadpool_redis::{Connection, Manager, Pool, Runtime};
use domain::{ChannelId, ProductId, Timestamp};
use redis::{AsyncConnectionConfig, IntoConnectionInfo, Pipeline, RedisError};
use uuid::Uuid;

/// Products of a slot that are kept. With it, a sum over the 25 slots of a day takes the server at most some 20 ms.
const MOST_KEPT: isize = 2000;
/// For how long a sum is answered before it is made again, for all instances.
const SUM_LASTS: Duration = Duration::from_secs(2);
/// Products to one round trip: each costs the server three small updates.
const BATCH: usize = 500;
const CONNECTIONS: usize = 4;
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum RedisViewsError {
    #[error("connecting failed")]
    Pool(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl From<RedisViewsError> for ViewsError {
    fn from(error: RedisViewsError) -> Self {
        Self::new(error)
    }
}

pub struct RedisViews {
    pool: Pool,
    prefix: String,
}

impl RedisViews {
    /// At a `redis://` or `rediss://` URL, under keys that begin with `prefix`. Nothing is connected yet.
    pub fn new(server: impl IntoConnectionInfo, prefix: &str) -> Result<Self, RedisViewsError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let pool = Pool::builder(Manager::new_with_config(server, config)?)
            .max_size(CONNECTIONS)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(RESPONSE_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| RedisViewsError::Pool(error.into()))?;
        Ok(Self {
            pool,
            prefix: prefix.to_owned(),
        })
    }

    async fn connection(&self) -> Result<Connection, RedisViewsError> {
        let connection = self.pool.get().await;
        connection.map_err(|error| RedisViewsError::Pool(error.into()))
    }

    fn key(&self, channel: ChannelId, window: Window, slot: i64) -> String {
        format!("{}{{{channel}}}:{}:{slot}", self.prefix, window.as_str())
    }

    fn sum_key(&self, channel: ChannelId, window: Window, slot: i64) -> String {
        format!("{}:sum", self.key(channel, window, slot))
    }

    /// The updates of one batch of one channel.
    fn additions(&self, at: Timestamp, channel: ChannelId, counts: &[ViewCount]) -> Pipeline {
        let mut pipeline = redis::pipe();
        for window in Window::ALL {
            let key = self.key(channel, window, window.slot_of(at));
            for count in counts {
                let member = member(count.product);
                pipeline.zincr(&key, &member, count.views).ignore();
            }
            pipeline.zremrangebyrank(&key, 0, -MOST_KEPT - 1).ignore();
            let seconds = i64::try_from(window.keep().as_secs()).unwrap_or(i64::MAX);
            pipeline.expire(&key, seconds).ignore();
        }
        pipeline
    }

    async fn sum(
        &self,
        connection: &mut Connection,
        (channel, window, at): (ChannelId, Window, Timestamp),
        most: usize,
    ) -> Result<Vec<(Vec<u8>, f64)>, RedisViewsError> {
        let sum = self.sum_key(channel, window, window.slot_of(at));
        let read = || {
            let mut read = redis::cmd("ZRANGE");
            let last = most.saturating_sub(1);
            read.arg(&sum).arg(0).arg(last).arg("REV").arg("WITHSCORES");
            read
        };
        let known: Vec<(Vec<u8>, f64)> = read().query_async(connection).await?;
        if !known.is_empty() || most == 0 {
            return Ok(known);
        }
        let slots: Vec<_> = window.slots(at).collect();
        let mut union = redis::cmd("ZUNIONSTORE");
        union.arg(&sum).arg(slots.len());
        for slot in &slots {
            union.arg(self.key(channel, window, slot.number));
        }
        union.arg("WEIGHTS");
        for slot in &slots {
            union.arg(slot.weight);
        }
        let lasts = i64::try_from(SUM_LASTS.as_millis()).unwrap_or(i64::MAX);
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        pipeline.add_command(union).ignore();
        pipeline.pexpire(&sum, lasts).ignore();
        pipeline.add_command(read());
        let (found,) = pipeline.query_async(connection).await?;
        Ok(found)
    }
}

#[async_trait]
impl ViewCounter for RedisViews {
    async fn add(&self, at: Timestamp, counts: &[ViewCount]) -> Result<(), ViewsError> {
        let mut counts = counts.to_vec();
        counts.sort_unstable_by_key(|count| count.channel);
        let mut connection = self.connection().await?;
        for of_channel in counts.chunk_by(|a, b| a.channel == b.channel) {
            for batch in of_channel.chunks(BATCH) {
                let Some(first) = batch.first() else { continue };
                let pipeline = self.additions(at, first.channel, batch);
                let done: Result<(), _> = pipeline.query_async(&mut connection).await;
                done.map_err(RedisViewsError::from)?;
            }
        }
        Ok(())
    }

    async fn top(
        &self,
        channel: ChannelId,
        window: Window,
        at: Timestamp,
        most: usize,
    ) -> Result<Vec<(ProductId, u64)>, ViewsError> {
        let mut connection = self.connection().await?;
        let found = self.sum(&mut connection, (channel, window, at), most).await?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of views is neither negative nor near 2^64"
        )]
        let known = |(member, views): (Vec<u8>, f64)| {
            let id = Uuid::from_slice(&member).ok()?;
            Some((ProductId::new(id), views.round() as u64))
        };
        Ok(found.into_iter().filter_map(known).collect())
    }
}

fn member(product: ProductId) -> Vec<u8> {
    product.uuid().as_bytes().to_vec()
}
