//! Hearing by the change log of writes that were not made known otherwise: SQL that went past the service, an instance
//! that died between commit and release or could not reach the shared tier, another process beside an in-process cache.
//!
//! Invariant: whatever someone changes is released after its commit, sooner or later: the position in the change log
//! moves on only when everything up to it has been released.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use super::recovery::ReplayError;
use super::{Cache, CacheEvent, Entity, touched};
use crate::changelog::{ChangeLog, LogPosition};

/// How old the news may get: short enough that people who import a file and look do not notice, and one small query
/// each time, ten a second to an instance.
const INTERVAL: Duration = Duration::from_millis(100);

const PAGE: u32 = 1000;

impl Cache {
    /// Follows the change log for ever. To be run in one task, which may be cancelled at any point.
    ///
    /// A read that begins later than δ after a commit that nobody released shows that commit. δ is 100 ms and the time
    /// of a query; on Postgres also what transactions that write, begun before the commit, still run; and while the log
    /// cannot be read, until it can be again, at most the life of an entry. Writes through instances that reach the
    /// shared tier are not concerned: they release before they are acknowledged.
    ///
    /// `seen` is where it begins.
    pub(super) async fn follow(&self, log: &dyn ChangeLog, mut seen: LogPosition) {
        let mut failing = false;
        loop {
            match self.relay(log, &mut seen).await {
                Ok(()) => failing = false,
                Err(error) => complain(&error, std::mem::replace(&mut failing, true)),
            }
            sleep(INTERVAL).await;
        }
    }

    /// The end of the change log; waits until that can be read. To be taken before a recovery reads the log: what is
    /// committed later is heard of by following, what was before is replayed.
    pub(super) async fn begin_to_follow(&self, log: &dyn ChangeLog) -> LogPosition {
        let mut failing = false;
        loop {
            match log.end().await {
                Ok(end) => {
                    // What was loaded before the end was taken may lack the entries up to it, which are not read again.
                    self.forget_local();
                    self.heard_of(end);
                    return end;
                }
                Err(error) => complain(&error.into(), std::mem::replace(&mut failing, true)),
            }
            sleep(INTERVAL).await;
        }
    }

    /// Releases what is newer than `seen`, and moves it on.
    async fn relay(&self, log: &dyn ChangeLog, seen: &mut LogPosition) -> Result<(), ReplayError> {
        loop {
            let changes = log.changes(*seen, PAGE).await?;
            let Some(last) = changes.last() else {
                return Ok(());
            };
            // By transaction: these get their numbers before they commit, so that who released for a later one may have
            // done so before an earlier one committed.
            let mut newest = BTreeMap::new();
            for change in &changes {
                for entity in touched::of_entry(change) {
                    newest.insert((entity, change.at.transaction), change.at);
                }
            }
            let released = self.release_missed(&newest).await?;
            for (entity, _) in newest.keys() {
                self.generations.raise(*entity);
            }
            if !released {
                return Ok(());
            }
            *seen = last.at;
            self.heard_of(last.at);
        }
    }

    /// Whether they are released. While the shared tier is away they are not: the recovery may have read the log before
    /// them, so they are to be read again when it is back.
    async fn release_missed(
        &self,
        newest: &BTreeMap<(Entity, i64), LogPosition>,
    ) -> Result<bool, ReplayError> {
        let Some(shared) = &self.ports.shared else {
            return Ok(true);
        };
        if !self.gate.is_up() {
            return Ok(false);
        }
        let newest: Vec<_> = newest.iter().map(|((entity, _), at)| (*entity, *at)).collect();
        if let Err(error) = shared.store.release_missed(&newest).await {
            self.failed(self.ports.clock.now(), &error);
            return Err(error.into());
        }
        self.record(CacheEvent::Relayed);
        Ok(true)
    }
}

fn complain(error: &ReplayError, again: bool) {
    let error = error as &dyn std::error::Error;
    if again {
        tracing::debug!(error, "the change log is still away");
    } else {
        tracing::warn!(
            error,
            "the change log is away; the cache may miss what other processes write"
        );
    }
}
