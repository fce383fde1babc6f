//! Connections that many requests share.
//!
//! A checkout from a pool pings each time and keeps requests from being pipelined, so a few multiplexed connections
//! are taken from the pool for good. Such a connection never reconnects by itself.
//!
//! Invariant: a lane's epoch was read from the very connection it stands for, and only [`Lanes::connect`] makes
//! connections: requests on a lane that is down fail at once instead of queueing for a server that does not answer.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::{Connection, Manager, Pool, Runtime};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, ServerErrorKind};

use super::RedisCacheError;
use super::places::{Kind, Place};
use super::scripts::{Scripts, says};

/// Those whose turn it is one after the other.
const LANES: usize = 2;
/// The lane of entries so big that others would have to wait for them.
const BULK: usize = LANES;
pub(super) const ALL_LANES: usize = LANES + 1;
/// What is bigger is bulk.
const BIG: usize = 64 << 10;
/// Requests that may wait on one lane.
const BUFFER: usize = 1024;
/// Both are well below what a request may take, so that a hung server costs a request little.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(250);

/// A connection to one life of the server.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) connection: MultiplexedConnection,
    /// Made from the server's run id, which a restart or failover changes, and from the election of a master.
    pub(super) epoch: u64,
    at: usize,
    id: u64,
}

pub(super) struct Lanes {
    pool: Pool,
    kind: Kind,
    slots: [RwLock<Option<Lane>>; ALL_LANES],
    turn: AtomicUsize,
    ids: AtomicU64,
}

impl Lanes {
    pub(super) fn new(place: &Place) -> Result<Self, RedisCacheError> {
        let pool = Pool::builder(Manager::new_with_config(place.info.clone(), config())?)
            .max_size(ALL_LANES)
            .wait_timeout(Some(CONNECT_TIMEOUT))
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(RESPONSE_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| RedisCacheError::Pool(error.into()))?;
        let slots = Default::default();
        Ok(Self {
            pool,
            kind: place.kind,
            slots,
            turn: AtomicUsize::new(0),
            ids: AtomicU64::new(0),
        })
    }

    /// The lane for an entry of so many bytes.
    pub(super) fn for_size(&self, bytes: usize) -> Result<Lane, RedisCacheError> {
        if bytes > BIG { self.at(BULK) } else { self.next() }
    }

    pub(super) fn at(&self, at: usize) -> Result<Lane, RedisCacheError> {
        self.get(at).ok_or(RedisCacheError::NotConnected)
    }

    /// The lane whose turn it is.
    pub(super) fn next(&self) -> Result<Lane, RedisCacheError> {
        let at = self.turn.fetch_add(1, Ordering::Relaxed) % LANES;
        self.at(at)
    }

    /// Takes the lane down if the error says that its connection is of no more use. A time-out says so too: nothing
    /// else would ever show that the other end is gone without a word. So does a server that has become a replica: it
    /// gets back what its new master has, which may not have heard of the last writes.
    pub(super) fn failed(&self, lane: &Lane, error: &RedisError) {
        let is_replica = says(error, ServerErrorKind::ReadOnly);
        if !(error.is_unrecoverable_error() || error.is_io_error() || is_replica) {
            return;
        }
        if let Some(slot) = self.slots.get(lane.at) {
            let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
            slot.take_if(|current| current.id == lane.id);
        }
    }

    /// Gives every lane that is down a new connection.
    pub(super) async fn connect(&self, scripts: &Scripts) -> Result<(), RedisCacheError> {
        for (at, slot) in self.slots.iter().enumerate() {
            if self.get(at).is_some() {
                continue;
            }
            let pooled = self
                .pool
                .get()
                .await
                .map_err(|error| RedisCacheError::Pool(error.into()))?;
            let mut connection = Connection::take(pooled);
            let mut epoch = epoch(&info(&mut connection, "server").await?).ok_or(RedisCacheError::NoRunId)?;
            if let Kind::Elected(elections) = self.kind {
                if !info(&mut connection, "replication")
                    .await?
                    .contains("role:master")
                {
                    return Err(RedisCacheError::NoMaster);
                }
                epoch ^= elections;
            }
            scripts.load(&mut connection).await?;
            let id = self.ids.fetch_add(1, Ordering::Relaxed);
            *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Lane {
                connection,
                epoch,
                at,
                id,
            });
        }
        Ok(())
    }

    fn get(&self, at: usize) -> Option<Lane> {
        self.slots
            .get(at)?
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn info(connection: &mut MultiplexedConnection, section: &str) -> Result<String, RedisCacheError> {
    let mut info = redis::cmd("INFO");
    Ok(info.arg(section).query_async(connection).await?)
}

pub(super) fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_pipeline_buffer_size(BUFFER)
}

/// The first half of a run id of 40 hexadecimal digits is enough to tell two apart.
fn epoch(info: &str) -> Option<u64> {
    let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"))?;
    u64::from_str_radix(run_id.get(..16)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::epoch;

    #[test]
    fn the_epoch_is_read_from_the_run_id() {
        let info = "# Server\r\nredis_version:7.0.15\r\nrun_id:00000000000000ff0011223344556677889900aa\r\n";
        assert_eq!(epoch(info), Some(255));
        assert_eq!(epoch("run_id:short"), None);
        assert_eq!(epoch("# Server"), None);
    }
}
