//! The ports of the cache: the tier that instances share, the one that each has, how they hear of each other's writes,
//! and who is told what the cache does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use super::{CacheKey, Entity, Entry, Kept};
use crate::changelog::LogPosition;

/// Why the cache did not answer. All reasons are met in the same way: the database answers.
#[derive(Debug, thiserror::Error)]
#[error("the cache is not available")]
pub struct CacheError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl CacheError {
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Names the holder of a lease or a fence. Never used twice.
pub type Token = Uuid;

/// The right to fill one key, until it expires or a writer takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub token: Token,
    /// The life of the cache server in which the lease was given; entries filled under it carry it.
    pub epoch: u64,
}

/// What a reader that found nothing is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It is there after all.
    Usable(Arc<Entry>),
    /// The reader is to load and fill it.
    Granted(Lease),
    /// A write is under way: nobody may fill.
    Fenced,
    /// Someone else fills; their lease lasts at most this long.
    Busy(Duration),
}

/// An instant of a cache server, by the clock of that server: where in the order of what it did an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Which server, and which life of it: another one after each restart. A fence and a release of the same entities
    /// have the same unless the server was another one in between.
    pub server: u64,
    /// In microseconds.
    pub at: i64,
}

/// What came of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Whether this token's fence still stood on every entity, so that nothing can have been filled since it was set.
    pub intact: bool,
    /// When it was done, on each server concerned.
    pub marks: Vec<Mark>,
}

/// The tier that instances share: keeps entries, leases and fences.
///
/// Each operation MUST be atomic per entity, and each is safe to repeat and safe when its answer is lost. It MUST answer
/// or fail in well under a second. Losing entries, leases and fences at any time is allowed; bringing back what an
/// earlier life of the server had (a restart from an old snapshot, a failover) is not: that has another epoch and MUST NOT
/// be answered. Values that others wrote under our names MUST be taken for absent.
#[async_trait]
pub trait CacheStore: Send + Sync + 'static {
    /// The entry, if there is one. It may have expired by its own times.
    async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, CacheError>;

    /// The same for many, in their order, in one round trip per server.
    async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, CacheError>;

    /// Asks for the right to fill. Entries come before fences, fences before leases; a lease is given to one token until
    /// it expires, is used or is taken away. Asking again with the token that holds it MUST grant it. With `refresh` an
    /// entry that is there does not stand in the way: it is to be replaced.
    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, CacheError>;

    /// Stores the entry for `ttl` and ends the lease. MUST be refused (`false`) unless the lease is still held and the
    /// entity is not fenced. `entry.epoch` MUST be the lease's.
    async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError>;

    /// Gives up a lease that is not going to be used.
    async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), CacheError>;

    /// Fences the entities for at least `life`, and says when: MUST take away every lease, drop every entry, and refuse
    /// fills and leases until every fence on the entity is released or has expired. Fencing again with the same token
    /// prolongs the fence. Every instance that listens MUST hear of it.
    async fn fence(&self, entities: &[Entity], token: Token, life: Duration)
    -> Result<Vec<Mark>, CacheError>;

    /// Ends this token's fence on the entities, if there is one. Whether or not there is, MUST take away every lease and
    /// drop every entry, every instance that listens MUST hear of it, and `position` MUST be remembered for each
    /// entity for at least a minute, if nothing is lost.
    async fn release(
        &self,
        entities: &[Entity],
        token: Token,
        position: Option<LogPosition>,
    ) -> Result<Released, CacheError>;

    /// Releases those entities for which no release at this position, or at a later one of the same transaction, is
    /// remembered. One for a later transaction MUST NOT do: it may have been before this one committed.
    async fn release_missed(&self, changes: &[(Entity, LogPosition)]) -> Result<(), CacheError>;

    /// Drops everything. MUST take away every lease given before the call, drop every entry filled under one, and every
    /// instance that listens MUST hear of it.
    async fn purge(&self) -> Result<(), CacheError>;

    /// Checks that entries can be read and written, connecting anew where needed. The other operations MAY fail
    /// until this succeeds.
    async fn probe(&self) -> Result<(), CacheError>;
}

/// How instances hear of each other's writes.
#[async_trait]
pub trait InvalidationBus: Send + Sync + 'static {
    /// Listens, and tells `listener`, until the connection is lost. [`Listener::started`] MUST come first, when whatever
    /// is released or fenced from then on will be told; what was confirmed by [`Listener::confirmed`] MUST have been
    /// told before.
    async fn listen(&self, listener: &dyn Listener) -> CacheError;

    /// Waits until every instance that may answer from its own tier has confirmed what was done up to `marks`, at most
    /// until `deadline`. Instances that are gone, or silent for so long that they do not trust what they have, are not
    /// waited for. Says how many were.
    async fn settle(&self, marks: &[Mark], deadline: Instant) -> usize;

    /// The instances that are there.
    async fn fleet(&self) -> Result<Vec<Instance>, CacheError>;
}

/// One of the instances that share a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: Uuid,
    pub is_this: bool,
    /// Since its last sign of life.
    pub silent_for: Duration,
    /// Since what it has last confirmed was done; `None` before it has confirmed anything.
    pub behind: Option<Duration>,
}

/// Is told what the bus hears, in its order. MUST NOT block.
pub trait Listener: Send + Sync {
    /// A connection begins to hear: whatever was said before may have been missed.
    fn started(&self);
    fn changed(&self, entity: Entity);
    fn all_changed(&self);
    /// All that was said before `sent` has been told. `sent` is an instant of this process, taken before the question
    /// went out whose answer this is.
    fn confirmed(&self, sent: Instant);
}

/// The tier of one instance. Whether what it holds may be answered is none of its business.
pub trait LocalStore: Send + Sync + 'static {
    fn get(&self, key: &CacheKey) -> Option<Arc<Kept>>;
    /// MUST NOT leave what was there, also when the new one is too big to be kept.
    fn put(&self, key: CacheKey, kept: Arc<Kept>);
    fn remove(&self, key: &CacheKey);
    fn clear(&self);
    fn usage(&self) -> LocalUsage;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LocalUsage {
    pub entries: u64,
    pub bytes: u64,
    pub capacity: u64,
}

/// Something that the cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheEvent {
    /// An answer came from this instance's own tier.
    LocalHit,
    /// An answer came from the tier that instances share.
    Hit,
    /// "There is nothing" came from either.
    Negative,
    /// The reader joined another one's load.
    Joined,
    /// The reader loaded and was to fill.
    Miss,
    /// The reader loaded because a write was under way.
    Fenced,
    /// The reader loaded because another one took too long.
    Busy,
    /// The reader loaded because the cache is away, or may not be asked.
    Bypass,
    /// The database failed, and an answer that had expired, but that no write has superseded, was given.
    Stale,
    /// An entry was loaded anew before it expired.
    Refresh,
    /// An operation of the cache failed.
    Error,
    FillWon,
    FillRefused,
    /// The body is too big to be kept.
    FillTooBig,
    /// A write could not be fenced; the mode says whether it went on without.
    Unfenced,
    /// A write was acknowledged before every instance had confirmed it: the time was over after which they trust
    /// nothing that they have.
    Unsettled,
    /// The cache went away.
    Down,
    /// The cache is used again.
    Recovered,
    /// Everything was dropped.
    Purged,
    /// Another instance's change was heard of by the change log alone.
    Relayed,
    /// A hit was compared with the database, and equal.
    Verified,
    /// A hit was compared with the database, and older. MUST never happen.
    Lied,
}

impl CacheEvent {
    pub const ALL: [Self; 22] = [
        Self::LocalHit,
        Self::Hit,
        Self::Negative,
        Self::Joined,
        Self::Miss,
        Self::Fenced,
        Self::Busy,
        Self::Bypass,
        Self::Stale,
        Self::Refresh,
        Self::Error,
        Self::FillWon,
        Self::FillRefused,
        Self::FillTooBig,
        Self::Unfenced,
        Self::Unsettled,
        Self::Down,
        Self::Recovered,
        Self::Purged,
        Self::Relayed,
        Self::Verified,
        Self::Lied,
    ];

    /// A stable name for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocalHit => "local_hit",
            Self::Hit => "hit",
            Self::Negative => "negative",
            Self::Joined => "joined",
            Self::Miss => "miss",
            Self::Fenced => "fenced",
            Self::Busy => "busy",
            Self::Bypass => "bypass",
            Self::Stale => "stale",
            Self::Refresh => "refresh",
            Self::Error => "error",
            Self::FillWon => "fill_won",
            Self::FillRefused => "fill_refused",
            Self::FillTooBig => "fill_too_big",
            Self::Unfenced => "unfenced",
            Self::Unsettled => "unsettled",
            Self::Down => "down",
            Self::Recovered => "recovered",
            Self::Purged => "purged",
            Self::Relayed => "relayed",
            Self::Verified => "verified",
            Self::Lied => "lied",
        }
    }
}

/// Is told what the cache does. Called on the hot path: MUST NOT block.
pub trait CacheEvents: Send + Sync + 'static {
    fn record(&self, event: CacheEvent);

    /// How often it was recorded, where that is counted.
    fn counted(&self, _: CacheEvent) -> u64 {
        0
    }
}

/// How often each event has happened.
#[derive(Debug, Default)]
pub struct CacheCounts([AtomicU64; CacheEvent::ALL.len()]);

impl CacheCounts {
    pub fn of(&self, event: CacheEvent) -> u64 {
        self.0
            .get(event as usize)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }
}

impl CacheEvents for CacheCounts {
    fn record(&self, event: CacheEvent) {
        if let Some(count) = self.0.get(event as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counted(&self, event: CacheEvent) -> u64 {
        self.of(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_counted_apart() {
        let counts = CacheCounts::default();
        for (index, event) in CacheEvent::ALL.into_iter().enumerate() {
            (0..=index).for_each(|_| counts.record(event));
        }
        for (index, event) in CacheEvent::ALL.into_iter().enumerate() {
            assert_eq!(counts.of(event), index as u64 + 1, "{event:?}");
        }
    }
}
