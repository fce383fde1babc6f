//! The ports of the cache: where entries are kept, and who is told what it does.

use std::time::Duration;

use async_trait::async_trait;
use domain::ProductId;
use uuid::Uuid;

use super::{CacheKey, Entry};

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
    /// The least version that may be stored.
    pub floor: i64,
    /// The life of the cache server in which the lease was given; entries filled under it carry it.
    pub epoch: u64,
}

/// What a reader that found nothing is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It is there after all.
    Usable(Entry),
    /// The reader is to load and fill it.
    Granted(Lease),
    /// A write is under way: nobody may fill.
    Fenced,
    /// Someone else fills; their lease lasts at most this long.
    Busy(Duration),
}

/// Keeps entries, leases and fences. Each operation MUST be atomic per product, and each is safe to repeat and safe
/// when its answer is lost. It MUST answer or fail in well under a second. Losing entries at any time is allowed;
/// bringing back entries of an earlier life (a restart from an old snapshot, a failover) is not: those have another
/// epoch and MUST NOT be answered.
#[async_trait]
pub trait CacheStore: Send + Sync + 'static {
    /// The entry, if there is a usable one.
    async fn get(&self, key: CacheKey) -> Result<Option<Entry>, CacheError>;

    /// Asks for the right to fill. Usable entries come before fences, fences before leases; a lease is given to one
    /// token until it expires, is used or is taken away. Asking again with the token that holds it MUST grant it.
    async fn miss(&self, key: CacheKey, token: Token, life: Duration) -> Result<Miss, CacheError>;

    /// Stores the entry for `ttl` and ends the lease. MUST be refused (`false`) unless the lease is still held, the
    /// product is not fenced, and the entry's version is not below the floor. `entry.epoch` MUST be the lease's.
    async fn fill(
        &self,
        key: CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError>;

    /// Gives up a lease that is not going to be used.
    async fn abandon(&self, key: CacheKey, lease: &Lease) -> Result<(), CacheError>;

    /// Fences the products for at least `life`: MUST take away every lease, drop every entry, keeping its version as
    /// floor, and refuse fills and leases until every fence on the product is released or has expired. Fencing again
    /// with the same token prolongs the fence.
    async fn fence(&self, products: &[ProductId], token: Token, life: Duration) -> Result<(), CacheError>;

    /// Ends this token's fence on the products, if there is one. Whether or not there is, MUST take away every lease
    /// and drop every entry, keeping as floor the highest of its version and `version`.
    async fn release(&self, products: &[ProductId], token: Token, version: i64) -> Result<(), CacheError>;

    /// Drops everything. MUST take away every lease given before the call, and drop every entry filled under one.
    async fn purge(&self) -> Result<(), CacheError>;

    /// Checks that entries can be read and written, connecting anew where needed. The other operations MAY fail
    /// until this succeeds.
    async fn probe(&self) -> Result<(), CacheError>;
}

/// Something that the cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheEvent {
    /// A body came from the cache.
    Hit,
    /// "There is nothing" came from the cache.
    Negative,
    /// The reader loaded and was to fill.
    Miss,
    /// The reader loaded because a write was under way.
    Fenced,
    /// The reader loaded because another one took too long.
    Busy,
    /// The reader loaded because the cache is away.
    Bypass,
    /// An operation of the cache failed.
    Error,
    FillWon,
    FillRefused,
    /// The body is too big to be kept.
    FillTooBig,
    /// A write could not be fenced; the mode says whether it went on without.
    Unfenced,
    /// The cache went away.
    Down,
    /// The cache is used again.
    Recovered,
    /// Everything was dropped, as too much had changed while the cache was away.
    Purged,
}

impl CacheEvent {
    pub const ALL: [Self; 14] = [
        Self::Hit,
        Self::Negative,
        Self::Miss,
        Self::Fenced,
        Self::Busy,
        Self::Bypass,
        Self::Error,
        Self::FillWon,
        Self::FillRefused,
        Self::FillTooBig,
        Self::Unfenced,
        Self::Down,
        Self::Recovered,
        Self::Purged,
    ];

    /// A stable name for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Negative => "negative",
            Self::Miss => "miss",
            Self::Fenced => "fenced",
            Self::Busy => "busy",
            Self::Bypass => "bypass",
            Self::Error => "error",
            Self::FillWon => "fill_won",
            Self::FillRefused => "fill_refused",
            Self::FillTooBig => "fill_too_big",
            Self::Unfenced => "unfenced",
            Self::Down => "down",
            Self::Recovered => "recovered",
            Self::Purged => "purged",
        }
    }
}

/// Is told what the cache does. Called on the hot path: MUST NOT block.
pub trait CacheEvents: Send + Sync + 'static {
    fn record(&self, event: CacheEvent);
}
