//! Hearing of writes that went past this process.
//!
//! Invariant: every product that someone changes is released here after its commit, sooner or later: the position in
//! the change log moves on only when everything up to it has been released.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::ProductId;
use tokio::time::sleep;

use super::Cache;
use super::recovery::ReplayError;
use crate::changelog::{ChangeLog, LogEntry, LogPosition};

/// How old the news may get: short enough that people who import a file and look do not notice, and one small query
/// each time, ten a second to an instance.
const INTERVAL: Duration = Duration::from_millis(100);

/// Entries carry the states before and after, so that a page takes some hundred KiB.
const PAGE: u32 = 500;

impl Cache {
    /// Releases for ever what other processes change in the database, for a store that they do not share: they have
    /// no way to release here. To be run in one task, which may be cancelled at any point.
    ///
    /// A read that begins later than δ after another process's commit shows that commit. δ is 100 ms and the time of a
    /// query; on Postgres also what transactions that write, begun before the commit, still run; and while the log
    /// cannot be read, until it can be again, at most the life of an entry. Writes through this process are not
    /// concerned: they release before they are acknowledged.
    pub async fn follow(&self, log: &dyn ChangeLog) {
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
            self.ports.store.purge().await?;
            *seen = Some(end);
            return Ok(());
        };
        loop {
            let entries = log.read(position, PAGE).await?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            self.release(&products(&entries), self.ports.ids.next()).await?;
            position = last.at;
            *seen = Some(position);
        }
    }
}

fn products(entries: &[LogEntry]) -> Vec<ProductId> {
    let changed = entries
        .iter()
        .filter(|entry| matches!(entry.resource.as_str(), "product" | "variant" | "price"));
    let roots: BTreeSet<_> = changed.map(|entry| ProductId::new(entry.root)).collect();
    roots.into_iter().collect()
}
