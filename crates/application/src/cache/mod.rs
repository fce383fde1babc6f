//! The cache of single products: their final bodies, kept beside the database and never behind it.
//!
//! **Invariant: no read that begins after a write was acknowledged answers anything older.** An instance keeps it for
//! all writes that went through it, whatever happens to the cache; and for those of other instances as long as these
//! reach the cache (see *What is not promised*).
//!
//! # The protocol
//!
//! A *write* ([`FencedStore`]) fences its products, commits, releases them, and is then acknowledged. Fence and
//! release each drop the entries and take away all leases of the product. A *read* ([`CachedProducts`]) takes a usable
//! entry, else asks for a lease; with it, it loads from the database and fills; without, it loads and keeps nothing.
//! The *gate* says whether the cache is used at all: any failure closes it, and only a recovery opens it.
//!
//! # Why a hit is never older than an acknowledged write
//!
//! Let write W of a product be acknowledged before read R begins, and let R answer from an entry E. Then E was filled
//! by a load L that saw W, in each of these cases.
//!
//! 1. *W's release reached the cache*, after W's commit and before its acknowledgement. It dropped what was there, so E
//!    was filled after it. Its filler held a lease at that time, and the release took away all leases of the product,
//!    and tokens are not used twice, so the lease was given after the release, so after the commit. L began after the
//!    lease was given and the database shows commits at once, so L saw W. Neither the fence, nor floors, nor clocks
//!    are needed here, and a lease that expired only refuses more fills.
//! 2. *W's release failed or timed out*, twice. Then the gate was closed before the acknowledgement, and R found it open, so
//!    a recovery lies between that began after the closing: after W's commit. It read W's product from the change log
//!    (or dropped everything) and released it, and case 1 holds with that release in the place of W's. A failure
//!    during the recovery, of any write, keeps the gate closed and has the recovery repeated.
//! 3. *The instance died between commit and release*, or the write was cancelled or panicked there. W was not
//!    acknowledged. Still its fence, if it had one, has dropped the entries and bars fills until it expires, which is
//!    after the database's time-outs, so after the commit; a write that dies inside a living process closes the gate;
//!    and an instance that starts recovers the changes of the longest life of an entry before it first opens the gate.
//! 4. *The outcome of the commit is unknown*. W is not acknowledged and may commit later than any release. So it is
//!    not released but fenced again, for longer than the database's time-outs.
//! 5. *The cache server restarted*, from nothing or an older dump, and with it leases, fences and entries came back
//!    that had been taken away. Every entry carries the epoch of the server's life in which its *lease* was given, and
//!    only entries of the present epoch are usable, so such entries are not answered, and such leases fill nothing
//!    that is. What was lost is lost: a fence that is gone leaves case 1, which needs none.
//!
//! The fence is what makes a write look like one instant to *concurrent* readers too: between commit and release no
//! entry of before is answered while another reader has already seen the new state in the database. It is also what
//! bounds case 3.
//!
//! # What a release's version is
//!
//! A floor that is too high refuses fills until it expires; one that is too low is harmless, since every release
//! takes away all leases, which by case 1 is enough. The position of a commit is not known to who commits, so writes
//! release with version 0: the floor stays what the dropped entry's version was. That is never above what a later
//! load gives, because revisions only grow. The absence of a product has no revision; it is filled with the floor's.
//!
//! # Writes past this process
//!
//! Of processes that share the database but not the cache's store, none can release at the others. There
//! [`Cache::follow`] reads the change log and releases what they changed, which bounds how long it is missed.
//!
//! # What is not promised
//!
//! With several instances, one that cannot reach the cache at all acknowledges writes that another, which can, may not
//! show until the first has recovered, or the entry expires: a network that is split, a cache that hangs for one of
//! them. A cache that dies and comes back is not such a case, though instances have it back one after the other: a
//! write whose release fails connects anew and tries again before it is acknowledged. Either the release then reaches
//! the cache, or the cache is away after the commit, and whoever has it back later finds the write in the change log.

mod entry;
mod fenced;
mod gate;
mod policy;
mod ports;
mod products;
mod protocol;
mod recovery;
mod relay;
mod representation;

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use domain::{ProductId, Timestamp};

pub use entry::{Entry, HEADER_LEN, Kind, version_bytes};
pub use fenced::{FencedStore, TouchingStore};
pub use gate::CacheHealth;
pub use policy::{CachePolicy, WriteMode};
pub use ports::{CacheError, CacheEvent, CacheEvents, CacheStore, Lease, Miss, Token};
pub use products::{CachedBody, CachedProducts, Source};
pub use representation::{CacheKey, Encode, Encoded, Representation};

use gate::Gate;

use crate::{Clock, Ids};

/// The adapters that the cache works with.
pub struct CachePorts {
    pub store: Arc<dyn CacheStore>,
    pub events: Arc<dyn CacheEvents>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

/// What the readers, writers and the recovery of one cache share. There MUST be one per process and cache, and
/// [`Cache::recover`] MUST run for as long as it is used: until it has, everything comes from the database.
pub struct Cache {
    ports: CachePorts,
    policy: CachePolicy,
    gate: Gate,
    /// Fences of this process whose release failed. A server that was only slow may have set them since, or may yet.
    left_fences: Mutex<Vec<LeftFence>>,
}

struct LeftFence {
    products: Vec<ProductId>,
    token: Token,
}

impl Cache {
    pub fn new(ports: CachePorts, policy: CachePolicy) -> Self {
        let since = earlier(ports.clock.now(), policy.longest());
        Self {
            ports,
            policy,
            gate: Gate::closed(since),
            left_fences: Mutex::default(),
        }
    }

    pub fn health(&self) -> CacheHealth {
        if self.gate.is_up() {
            CacheHealth::Up
        } else {
            CacheHealth::Degraded
        }
    }

    fn record(&self, event: CacheEvent) {
        self.ports.events.record(event);
    }

    /// Closes the gate: an operation failed that began at `since` or later.
    fn failed(&self, since: Timestamp, error: &CacheError) {
        self.record(CacheEvent::Error);
        if self.gate.close(since) {
            self.record(CacheEvent::Down);
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the cache is away; the database answers"
            );
        }
    }

    /// The result of an operation of a reader. What it did not do is harmless; its failure only says that the cache
    /// is away.
    fn noted<T>(&self, result: Result<T, CacheError>) -> Option<T> {
        result
            .map_err(|error| self.failed(self.ports.clock.now(), &error))
            .ok()
    }

    async fn release(&self, products: &[ProductId], token: Token) -> Result<(), CacheError> {
        self.ports.store.release(products, token, 0).await
    }
}

fn earlier(time: Timestamp, by: std::time::Duration) -> Timestamp {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| time.checked_sub_signed(by))
        .unwrap_or(Timestamp::MIN_UTC)
}
