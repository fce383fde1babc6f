//! The change log: the only source of news about the catalog.

use async_trait::async_trait;
use domain::{Timestamp, Version};
use uuid::Uuid;

use crate::store::StoreError;

/// A place in the log. Order is that of commits as far as any reader can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    pub transaction: i64,
    pub position: i64,
}

/// That a resource changed, without what it was and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChange {
    pub at: LogPosition,
    pub resource: String,
    pub id: Uuid,
    pub root: Uuid,
    pub events: String,
    /// Whether its categories are others than before; of a product, where it is not new or gone.
    pub is_refiled: bool,
}

/// One change of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    pub at: LogPosition,
    pub time: Timestamp,
    /// The kind: `product`, `variant`, `category`, `channel`, `priceList`, `price`.
    pub resource: String,
    pub id: Uuid,
    /// The product that a variant or price belongs to; the resource itself otherwise.
    pub root: Uuid,
    pub version: Version,
    /// The events of the change, such as `created,published`.
    pub events: String,
    pub actor: String,
    pub request_id: String,
    /// The stored states as JSON text; `before` is `None` for what is new.
    pub before: Option<String>,
    pub after: String,
}

#[async_trait]
pub trait ChangeLog: Send + Sync + 'static {
    /// Entries after `after`, oldest first, at most `limit`.
    ///
    /// MUST never give an entry at a position that a reader may already have passed: only entries of transactions
    /// below the horizon of the oldest one still running are given, ordered by (transaction, position).
    async fn read(&self, after: LogPosition, limit: u32) -> Result<Vec<LogEntry>, StoreError>;

    /// The newest position that a reader may have passed: that of the last entry that [`read`](Self::read) gives, or
    /// the default when there is none.
    ///
    /// MUST not be at or after an entry that a later `read` may still give for the first time.
    async fn end(&self) -> Result<LogPosition, StoreError>;

    /// What changed since `since`, or `None` when that is more than `limit`.
    ///
    /// MUST count every entry that is committed, those above the horizon too: the cache drops what they changed, and
    /// one left out would be answered as it was.
    async fn changed_since(&self, since: Timestamp, limit: u32)
    -> Result<Option<Vec<LogChange>>, StoreError>;

    /// What changed after `after`, oldest first, at most `limit`; of the same entries as [`read`](Self::read).
    async fn changes(&self, after: LogPosition, limit: u32) -> Result<Vec<LogChange>, StoreError>;
}
