//! The cache: final answers, kept beside the database and never behind it.
//!
//! **Invariant: no read that begins after a write was acknowledged answers anything older**, on any instance, from any
//! tier. An instance keeps it for all writes that went through it, whatever happens to the cache; and for those of other
//! instances as long as these reach the shared tier (see *What is not promised*). **Nor anything older than a read that
//! ended before it began**, if the write that came between was fenced and fences last: then an answer is an atomic
//! register.
//!
//! # The protocol
//!
//! There are two tiers: what an instance keeps itself, and what all share. A *write* ([`FencedStore`]) fences its
//! entities, waits until no instance trusts what it had, commits, releases them, and is then acknowledged. Fence and
//! release each drop the entries and take away all leases of the entity, and every instance hears of both. A *read*
//! ([`Answers`]) takes what its instance keeps, if that is trusted; else what the shared tier has; else it asks for a
//! lease; with it, it loads from the database and fills; without, it loads and keeps nothing. The *gate* says whether
//! the shared tier is used at all: any failure closes it, and only a recovery opens it.
//!
//! # Why the shared tier never answers anything older
//!
//! Let write W of an entity be acknowledged before read R begins, and let R answer from an entry E. Then E was filled
//! by a load L that saw W, in each of these cases.
//!
//! 1. *W's release reached the cache*, after W's commit and before its acknowledgement. It dropped what was there, so E
//!    was filled after it. Its filler held a lease at that time, and the release took away all leases of the entity,
//!    and tokens are not used twice, so the lease was given after the release, so after the commit. L began after the
//!    lease was given and the database shows commits at once, so L saw W. Neither the fence nor clocks are needed here,
//!    and a lease that expired only refuses more fills.
//! 2. *W's release failed or timed out*, twice. Then the gate was closed before the acknowledgement, and R found it open, so
//!    a recovery lies between that began after the closing: after W's commit. It read W's change from the change log
//!    (or dropped everything) and released its entities, and case 1 holds with that release in the place of W's. A
//!    failure during the recovery, of any write, keeps the gate closed and has the recovery repeated.
//! 3. *The instance died between commit and release*, or the write was cancelled or panicked there. W was not
//!    acknowledged. Still its fence, if it had one, has dropped the entries and bars fills until it expires, which is
//!    after the database's time-outs, so after the commit; every other instance finds it in the change log within a
//!    tenth of a second; and an instance that starts recovers the changes of the longest life of an entry before it first
//!    opens the gate.
//! 4. *The outcome of the commit is unknown*. W is not acknowledged and may commit later than any release. So it is
//!    not released but fenced again, for longer than the database's time-outs.
//! 5. *The cache server restarted*, from nothing or an older dump, and with it leases, fences and entries came back
//!    that had been taken away. Every entry carries the epoch of the server's life in which its *lease* was given, and
//!    only entries of the present epoch are usable, so such entries are not answered, and such leases fill nothing
//!    that is. What was lost is lost: a fence that is gone leaves case 1, which needs none.
//!
//! The fence is what makes a write look like one instant to *concurrent* readers too: between commit and release no
//! entry of before is answered while another reader has already seen the new state in the database. It is also what
//! bounds case 3, and what the second tier's argument stands on.
//!
//! # Why an instance's own tier never answers anything older
//!
//! An instance answers what it keeps only if the entity's generation is still the one that was noted before the entry
//! was asked for, no write of its own is under way on it, and the newest question that came back on the connection by
//! which it hears of fences and releases was sent less than δ ago (*trust*). Trust is looked at before the generation is.
//!
//! Let W be acknowledged before R begins on an instance I, and E be what I keeps. If I wrote W itself, the generation
//! rose before the commit. If another one did, W waited before its commit for one of two things. Either I confirmed W's
//! fence: then its generation had risen, and nothing was kept since, because under a fence the shared tier has nothing and
//! fills nothing. Or δ passed: then I trusts nothing it kept before until it has heard everything up to a later question,
//! W's fence among it, so that the generation, which is looked at after that, has risen. A process that was stopped wakes
//! up with its trust spent, and a connection that was lost has everything forgotten before it is trusted again.
//!
//! Where the fence was lost before the release, something may have been filled and kept after it was confirmed. W's release
//! tells, and its confirmations are waited for before the acknowledgement in the same way. Where there was no fence, as
//! `available` allows, they are too; and if the release fails, W waits for δ: an instance that has lost the shared tier as
//! well trusts nothing then.
//!
//! Clocks need to run at the same rate for δ, and need not agree.
//!
//! # Why no read goes back
//!
//! Let W be fenced, and the fence last until the release. From W's commit on nobody answers what was before from a tier: the
//! shared one has had nothing since the fence; what instances had themselves was worth nothing before the commit began, and
//! nothing was kept since. So a read that begins after the commit reads the database after it. A read that shows W ended
//! after the commit, and one that begins later shows W or more. The wait has to come before the commit: after it, a reader
//! of the database is already ahead of an instance that has not confirmed the fence.
//!
//! # Scopes
//!
//! A list depends on more than can be fenced one by one. Its key holds the *generation* of each scope that it depends on
//! ([`Answers::generation`]): a random name, itself cached under the scope's entity, and dropped by every write that
//! touches the scope. A reader takes the generation before it loads, and takes none while such a write is under way; so
//! who reads the new generation after W's acknowledgement finds only what was loaded after W's commit.
//!
//! A load that another reader of the instance has begun is answered only under the same stamp, and only if it has a lease:
//! without one it may have begun under the fence, before the commit, and be landing after the acknowledgement.
//!
//! # What is not promised
//!
//! Where a fence could not be set, or was lost (evicted, flushed, gone with its server), reads may come back to before the
//! write until it is acknowledged: one has seen the commit in the database, and a later one is answered from a tier. If then
//! the release fails as well, the others learn of the write from the change log.
//!
//! In the mode `available`, an instance that alone cannot reach the shared tier goes on writing, and the others learn of
//! it from the change log: they may miss such a write for a tenth of a second, and longer while that log cannot be read.
//! `strict` refuses such writes instead. Processes that share a database but no tier are always in this case. Writes by
//! SQL past the service are, too.

mod admin;
mod answers;
mod basis;
mod entity;
mod entry;
mod fenced;
mod fetch;
mod flights;
mod gate;
mod generations;
mod kept;
mod key;
#[cfg(test)]
mod model;
mod policy;
mod ports;
pub mod read;
mod recovery;
mod relay;
mod scopes;
mod touched;
mod trust;
mod upkeep;
pub mod write;

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use domain::Timestamp;
use tokio::sync::Semaphore;

pub use admin::{Purge, Report};
pub use answers::{Answer, Answers, Consistency, Demand, Loaded, Source};
pub use basis::Basis;
pub use entity::{Entity, NoEntity, ResourceKind, Scope};
pub use entry::{Age, Entry, HEADER_LEN, Kind};
pub use fenced::{FencedStore, TouchingStore};
pub use gate::CacheHealth;
pub use kept::{Coding, Kept};
pub use key::{CacheKey, Schema, Variation};
pub use policy::{Acknowledge, CachePolicy, WriteMode};
pub use ports::{
    CacheCounts, CacheError, CacheEvent, CacheEvents, CacheStore, Instance, InvalidationBus, Lease, Listener,
    LocalStore, LocalUsage, Mark, Miss, Released, Token,
};
pub use scopes::Generation;
pub(crate) use touched::of_entry as touched_by;

use flights::Flights;
use gate::Gate;
use generations::Generations;
use trust::Trust;
use upkeep::HotKeys;

use crate::changelog::{ChangeLog, LogPosition};
use crate::{Clock, Ids};

/// The tier that instances share, and how they hear of each other.
pub struct SharedTier {
    pub store: Arc<dyn CacheStore>,
    /// Without it no instance answers from a tier of its own, and so no write waits for others.
    pub bus: Option<Arc<dyn InvalidationBus>>,
}

/// The adapters that the cache works with.
pub struct CachePorts {
    /// Without it an instance keeps nothing itself.
    pub local: Option<Arc<dyn LocalStore>>,
    /// Without it an instance is alone.
    pub shared: Option<SharedTier>,
    pub events: Arc<dyn CacheEvents>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

/// What the readers, writers and the upkeep of one cache have in common. There MUST be one per process and cache, and
/// [`Cache::run`] MUST run for as long as it is used: until it does, everything comes from the database.
pub struct Cache {
    ports: CachePorts,
    policy: CachePolicy,
    gate: Gate,
    generations: Arc<Generations>,
    trust: Trust,
    flights: Flights,
    loads: Semaphore,
    hits: AtomicU64,
    hot: HotKeys,
    refreshing: Mutex<HashSet<CacheKey>>,
    /// Up to where the change log has been followed.
    heard: Mutex<Option<LogPosition>>,
    /// Fences of this process whose release failed. A server that was only slow may have set them since, or may yet.
    left_fences: Mutex<Vec<LeftFence>>,
}

struct LeftFence {
    entities: Vec<Entity>,
    token: Token,
}

impl Cache {
    pub fn new(ports: CachePorts, policy: CachePolicy) -> Self {
        let since = earlier(ports.clock.now(), policy.longest());
        Self {
            gate: Gate::closed(since),
            generations: Arc::default(),
            trust: Trust::new(policy.trust),
            flights: Flights::default(),
            loads: Semaphore::new(policy.max_loads),
            hits: AtomicU64::new(0),
            hot: HotKeys::default(),
            refreshing: Mutex::default(),
            heard: Mutex::default(),
            left_fences: Mutex::default(),
            ports,
            policy,
        }
    }

    /// Keeps the cache in use, for ever. To be run in one task, which may be cancelled at any point.
    pub async fn run(&self, log: &dyn ChangeLog) {
        let seen = self.begin_to_follow(log).await;
        match &self.ports.shared {
            Some(shared) => {
                tokio::join!(
                    self.recover(shared, log),
                    self.listen(shared),
                    self.follow(log, seen)
                );
            }
            None => self.follow(log, seen).await,
        }
    }

    /// For a process that writes and does not read: keeps the shared tier in use without listening.
    pub async fn run_for_writes(&self, log: &dyn ChangeLog) {
        if let Some(shared) = &self.ports.shared {
            self.recover(shared, log).await;
        }
    }

    pub fn health(&self) -> CacheHealth {
        if self.ports.shared.is_none() || self.gate.is_up() {
            CacheHealth::Up
        } else {
            CacheHealth::Degraded
        }
    }

    pub fn policy(&self) -> &CachePolicy {
        &self.policy
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

    fn asks_shared(&self) -> bool {
        self.ports.shared.is_some() && self.gate.is_up()
    }

    /// Whether everything up to `position` has been heard of, and dropped.
    fn has_heard_of(&self, position: LogPosition) -> bool {
        self.heard().is_some_and(|heard| heard >= position)
    }

    /// Up to where the change log has been followed.
    pub fn heard(&self) -> Option<LogPosition> {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard_of(&self, position: LogPosition) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(position);
    }

    /// Nothing that this instance keeps is answered any more.
    fn forget_local(&self) {
        self.generations.raise_all();
        if let Some(local) = &self.ports.local {
            local.clear();
        }
    }

    fn lock_refreshing(&self) -> MutexGuard<'_, HashSet<CacheKey>> {
        self.refreshing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn earlier(time: Timestamp, by: std::time::Duration) -> Timestamp {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| time.checked_sub_signed(by))
        .unwrap_or(Timestamp::MIN_UTC)
}
