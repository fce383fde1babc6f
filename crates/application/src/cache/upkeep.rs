//! What is done beside hits: entries are loaded anew before they expire, and compared with the database now and then.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::answers::Loaded;
use super::entry::{self, Kind};
use super::fetch::StartAt;
use super::generations::Stamp;
use super::{Cache, CacheEvent, CacheKey, Entry, Kept, Scope, scopes};
use crate::store::StoreError;

/// After so long a change that is not known of is one that the protocol missed.
const NEWS_TAKE: Duration = Duration::from_secs(1);
/// Of so many reads one is counted.
const COUNT_ONE_IN: u64 = 16;
/// Keys that are counted at once; when there are more, the rarer half is forgotten.
const COUNTED: usize = 256;

/// The keys that are read most, roughly.
#[derive(Default)]
pub(super) struct HotKeys(Mutex<HashMap<CacheKey, u64>>);

impl HotKeys {
    fn count(&self, key: &CacheKey) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTED && !counts.contains_key(key) {
            let mut all: Vec<_> = counts.values().copied().collect();
            all.sort_unstable();
            let median = all.get(all.len() / 2).copied().unwrap_or_default();
            counts.retain(|_, count| {
                let stays = *count > median;
                *count /= 2;
                stays
            });
        }
        *counts.entry(key.clone()).or_default() += COUNT_ONE_IN;
    }

    /// The most read first.
    pub(super) fn top(&self, most: usize) -> Vec<(CacheKey, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = counts.iter().map(|(key, count)| (key.clone(), *count)).collect();
        drop(counts);
        all.sort_unstable_by_key(|(_, count)| std::cmp::Reverse(*count));
        all.truncate(most);
        all
    }
}

impl Cache {
    pub(super) fn noticed(&self, key: &CacheKey, event: CacheEvent, entry: &Entry) {
        self.record(event);
        if entry.kind == Kind::Negative {
            self.record(CacheEvent::Negative);
        }
        let hits = self.hits.fetch_add(1, Ordering::Relaxed);
        if hits.is_multiple_of(COUNT_ONE_IN) {
            self.hot.count(key);
        }
    }

    /// After a hit: the load that it did not need is made anyway where the entry is about to expire, or is to be verified.
    pub(super) fn look_after<F, L>(self: &Arc<Self>, key: CacheKey, kept: &Arc<Kept>, load: F)
    where
        F: FnOnce() -> L + Send + 'static,
        L: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
    {
        // Another load would give another name.
        if key.schema == scopes::NAME {
            return;
        }
        if self.is_due(&kept.entry) {
            if self.lock_refreshing().insert(key.clone()) {
                self.record(CacheEvent::Refresh);
                let (cache, stamp) = (Arc::clone(self), self.generations.stamp(key.entity));
                tokio::spawn(async move {
                    if let Err(error) = cache
                        .fetch(&key, stamp, StartAt::Miss { refresh: true }, None, load)
                        .await
                    {
                        tracing::debug!(
                            error = &error as &dyn std::error::Error,
                            "an entry could not be loaded before it expires"
                        );
                    }
                    cache.lock_refreshing().remove(&key);
                });
            }
        } else if self.policy.verify_one_in > 0
            && self
                .hits
                .load(Ordering::Relaxed)
                .is_multiple_of(u64::from(self.policy.verify_one_in))
        {
            let (cache, kept) = (Arc::clone(self), Arc::clone(kept));
            tokio::spawn(async move { cache.verify(&key, &kept, load()).await });
        }
    }

    /// `XFetch` (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015): the nearer
    /// the end and the dearer the load, the likelier.
    fn is_due(&self, entry: &Entry) -> bool {
        let left = entry
            .fresh_until
            .saturating_sub(entry::millis(self.ports.clock.now()));
        let cost = f64::from(entry.load_cost) / 1000.0 * self.policy.early_refresh;
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds to an end are far below 2^52"
        )]
        let left = left as f64;
        // Beyond twenty times the cost it is likelier to be hit by a meteorite.
        if cost <= 0.0 || left > cost * 20.0 {
            return false;
        }
        let random = (self.ports.ids.next().as_u128() & 0xffff_ffff) as u32;
        let random = (f64::from(random) + 1.0) / (f64::from(u32::MAX) + 1.0);
        -random.ln() * cost >= left
    }

    /// Compares what was answered with the database. What differs was answered wrongly, unless a write came in between,
    /// which is known before long.
    async fn verify(
        &self,
        key: &CacheKey,
        kept: &Kept,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) {
        // Of a key that holds generations no write names the entity: another generation is another key.
        let scopes = self.scope_stamps();
        let Ok(loaded) = self.limited(load).await else {
            return;
        };
        let entry = &kept.entry;
        let same = loaded.etag == entry.etag && loaded.body.unwrap_or_default() == entry.body;
        if same {
            self.record(CacheEvent::Verified);
            return;
        }
        sleep(NEWS_TAKE).await;
        let now = entry::millis(self.ports.clock.now());
        let is_over = entry.true_until.is_some_and(|end| now >= end);
        let is_written = self.generations.stamp(key.entity) != Some(kept.stamp)
            || scopes.contains(&None)
            || scopes != self.scope_stamps();
        if !is_written && !is_over {
            self.record(CacheEvent::Lied);
            tracing::error!(
                ?key,
                answered = entry.etag,
                stored = loaded.etag,
                "the cache answered what is not so"
            );
        }
    }

    fn scope_stamps(&self) -> [Option<Stamp>; Scope::ALL.len()] {
        Scope::ALL.map(|scope| self.generations.stamp(scope.into()))
    }
}
