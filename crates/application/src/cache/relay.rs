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
    pub(super) async fn follow(&self, log: &dyn ChangeLog) {
        let mut seen = None;
        let mut failing = false;
        loop {
            match self.relay(log, &mut seen).await {
                Ok(()) => failing = false,
                Err(error) if failing => {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "the change log is still away"
                    );
                }
                Err(error) => {
                    failing = true;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the change log is away; the cache may miss what other processes write"
                    );
                }
            }
            sleep(INTERVAL).await;
        }
    }

    /// Releases what is newer than `seen`, and moves it on.
    async fn relay(&self, log: &dyn ChangeLog, seen: &mut Option<LogPosition>) -> Result<(), ReplayError> {
        let Some(mut position) = *seen else {
            let end = log.end().await?;
            // What was loaded before the end was taken may lack the entries up to it, which are not read again.
            self.forget_local();
            *seen = Some(end);
            self.heard_of(end);
            return Ok(());
        };
        loop {
            let changes = log.changes(position, PAGE).await?;
            let Some(last) = changes.last() else {
                return Ok(());
            };
            let touched = changes.iter().flat_map(|change| {
                let at = change.at;
                touched::of_entry(change)
                    .into_iter()
                    .map(move |entity| (entity, at))
            });
            // Of each transaction its last: numbers of transactions are not in the order of commits.
            let releases: BTreeMap<_, _> = touched
                .map(|(entity, at)| ((entity, at.transaction), at))
                .collect();
            let releases: Vec<_> = releases
                .into_iter()
                .map(|((entity, _), at)| (entity, at))
                .collect();
            if self.gate.is_up() {
                self.release_missed(&releases).await?;
            }
            for (entity, _) in releases {
                self.generations.raise(entity);
            }
            position = last.at;
            *seen = Some(position);
            self.heard_of(position);
        }
    }

    /// While the shared tier is away this is left to the recovery.
    async fn release_missed(&self, releases: &[(Entity, LogPosition)]) -> Result<(), ReplayError> {
        let Some(shared) = &self.ports.shared else {
            return Ok(());
        };
        if let Err(error) = shared.store.release_missed(releases).await {
            self.failed(self.ports.clock.now(), &error);
            return Err(error.into());
        }
        self.record(CacheEvent::Relayed);
        Ok(())
    }
}
