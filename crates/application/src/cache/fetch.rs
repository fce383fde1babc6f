//! What a reader does beyond what its instance keeps: the shared tier, the lease, the database.
//!
//! Invariant: whatever is kept was loaded under a stamp that was taken before; and nobody joins a load that has begun
//! without a lease.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::answers::{Answer, Loaded, Source};
use super::entry::{self, Age};
use super::flights::{Boarding, Landed};
use super::generations::Stamp;
use super::read::{Effect, Event, Read, Reason};
use super::{Cache, CacheEvent, CacheKey, CachePolicy, Entry, Kept, Kind, Lease, scopes};
use crate::store::StoreError;

/// Where a reader goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartAt {
    Shared,
    /// The shared tier was asked already; what it has is to be replaced, or it has nothing.
    Miss {
        refresh: bool,
    },
}

#[derive(Default)]
pub(super) struct Times {
    made: u64,
    life: Duration,
    cost: Duration,
}

pub(super) fn to_entry(loaded: Loaded, epoch: u64, times: &Times) -> Entry {
    let life = u64::try_from(times.life.as_millis()).unwrap_or(u64::MAX);
    Entry {
        kind: if loaded.body.is_some() {
            Kind::Value
        } else {
            Kind::Negative
        },
        epoch,
        version: loaded.version,
        made: times.made,
        fresh_until: times.made.saturating_add(life),
        // Rounded down, so that nothing is shown for a part of a millisecond too long.
        true_until: loaded.true_until.map(entry::millis),
        load_cost: u32::try_from(times.cost.as_micros()).unwrap_or(u32::MAX),
        etag: loaded.etag,
        facts: loaded.facts,
        body: loaded.body.unwrap_or_default(),
    }
}

impl Cache {
    pub(super) fn answer(&self, kept: Arc<Kept>, source: Source, stored: bool) -> Answer {
        let made = kept.entry.made;
        let age = match source {
            Source::Local | Source::Shared | Source::Stale => {
                entry::millis(self.ports.clock.now()).saturating_sub(made) / 1000
            }
            Source::Joined | Source::Miss | Source::Fenced | Source::Bypass => 0,
        };
        Answer {
            kept,
            source,
            stored,
            age,
        }
    }

    /// What this instance keeps under the stamp, and how it stands to the clock.
    pub(super) fn local(&self, key: &CacheKey, stamp: Stamp) -> Option<(Arc<Kept>, Age)> {
        let local = self.ports.local.as_ref()?;
        let kept = local.get(key)?;
        if kept.stamp == stamp {
            let age = kept.entry.age(self.ports.clock.now());
            Some((kept, age))
        } else {
            local.remove(key);
            None
        }
    }

    fn keep(&self, key: &CacheKey, entry: Arc<Entry>, stamp: Option<Stamp>) -> Arc<Kept> {
        let kept = Arc::new(Kept::new(entry, stamp.unwrap_or(Stamp::NONE)));
        if let (Some(local), Some(stamp)) = (&self.ports.local, stamp)
            && self.generations.stamp(key.entity) == Some(stamp)
        {
            local.put(key.clone(), Arc::clone(&kept));
        }
        kept
    }

    pub(super) fn may_be_stale(&self, kept: &Kept, error: &StoreError) -> bool {
        let life = u64::try_from(self.policy.stale_if_error.as_millis()).unwrap_or(u64::MAX);
        let until = kept.entry.fresh_until.saturating_add(life);
        matches!(error, StoreError::Unavailable(_)) && entry::millis(self.ports.clock.now()) < until
    }

    /// The answer from beyond this instance, kept under the stamp that was taken before, if it is to be kept.
    pub(super) async fn fetch<F, L>(
        self: &Arc<Self>,
        key: &CacheKey,
        stamp: Option<Stamp>,
        from: StartAt,
        boarding: Option<Boarding>,
        load: F,
    ) -> Result<Landed, StoreError>
    where
        F: FnOnce() -> L + Send,
        L: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
    {
        let Some(shared) = &self.ports.shared else {
            return self.load_alone(key, stamp, boarding, load()).await;
        };
        // What is read from now on may be too old for those who come later, unless the stamp tells.
        let boarding = boarding.filter(|_| stamp.is_some() || !self.gate.is_up());
        let token = self.ports.ids.next();
        let mut refresh = false;
        let (mut read, mut effect) = Read::start(self.gate.is_up());
        if let StartAt::Miss { refresh: replace } = from
            && effect == Effect::Get
        {
            (refresh, effect) = (replace, Effect::Miss);
        }
        loop {
            let event = match effect {
                Effect::Get => {
                    let got = self.noted(shared.store.get(key).await);
                    let usable = |entry: &Arc<Entry>| entry.age(self.ports.clock.now()) == Age::Fresh;
                    got.map_or(Event::Failed, |got| {
                        // What is there and of no use does not stand in the way of what is.
                        refresh |= got.as_ref().is_some_and(|entry| !usable(entry));
                        Event::Got(got.filter(usable))
                    })
                }
                Effect::Miss => {
                    let missed = shared.store.miss(key, token, self.policy.lease, refresh).await;
                    self.noted(missed).map_or(Event::Failed, Event::Missed)
                }
                Effect::Wait(time) => {
                    sleep(time).await;
                    Event::Waited
                }
                Effect::Answer(entry) if entry.age(self.ports.clock.now()) == Age::Untrue => {
                    return self.load_for(key, stamp, Reason::Busy, boarding, load).await;
                }
                Effect::Answer(entry) => {
                    self.noticed(key, CacheEvent::Hit, &entry);
                    return Ok(Landed {
                        kept: self.keep(key, entry, stamp),
                        source: Source::Shared,
                        stored: true,
                    });
                }
                Effect::Load(reason) => return self.load_for(key, stamp, reason, boarding, load).await,
            };
            (read, effect) = read.step(event, self.policy.patience);
        }
    }

    async fn load_for<F, L>(
        &self,
        key: &CacheKey,
        stamp: Option<Stamp>,
        reason: Reason,
        boarding: Option<Boarding>,
        load: F,
    ) -> Result<Landed, StoreError>
    where
        F: FnOnce() -> L + Send,
        L: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
    {
        let (event, source) = match reason {
            // Until it has landed, others may join: see `flights`.
            Reason::Granted(lease) => return self.load_and_fill(key, stamp, &lease, load()).await,
            Reason::Fenced => (CacheEvent::Fenced, Source::Fenced),
            Reason::Busy => (CacheEvent::Busy, Source::Miss),
            Reason::Failed | Reason::Bypass => (CacheEvent::Bypass, Source::Bypass),
        };
        self.record(event);
        let (loaded, times) = self.timed(key, boarding, load()).await?;
        let entry = to_entry(loaded, 0, &times);
        Ok(Landed {
            kept: Arc::new(Kept::new(Arc::new(entry), Stamp::NONE)),
            source,
            stored: false,
        })
    }

    async fn load_and_fill(
        &self,
        key: &CacheKey,
        stamp: Option<Stamp>,
        lease: &Lease,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Landed, StoreError> {
        self.record(CacheEvent::Miss);
        let Some(shared) = &self.ports.shared else {
            return self.load_alone(key, stamp, None, load).await;
        };
        let (loaded, times) = match self.timed(key, None, load).await {
            Ok(loaded) => loaded,
            Err(error) => {
                self.noted(shared.store.abandon(key, lease).await);
                return Err(error);
            }
        };
        let life = times.life;
        let entry = Arc::new(to_entry(loaded, lease.epoch, &times));
        let won = if entry.size() > self.policy.max_body {
            self.record(CacheEvent::FillTooBig);
            self.noted(shared.store.abandon(key, lease).await);
            false
        } else {
            let won = self.noted(shared.store.fill(key, lease, &entry, life).await);
            if let Some(won) = won {
                self.record(if won {
                    CacheEvent::FillWon
                } else {
                    CacheEvent::FillRefused
                });
            }
            won == Some(true)
        };
        let kept = self.keep(key, entry, stamp.filter(|_| won));
        Ok(Landed {
            kept,
            source: Source::Miss,
            stored: won,
        })
    }

    /// Where no tier is shared, the generations alone guard what is kept.
    async fn load_alone(
        &self,
        key: &CacheKey,
        stamp: Option<Stamp>,
        boarding: Option<Boarding>,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Landed, StoreError> {
        self.record(if stamp.is_some() {
            CacheEvent::Miss
        } else {
            CacheEvent::Fenced
        });
        // Under a stamp others may join until it has landed.
        let (open, closing) = match stamp {
            Some(_) => (boarding, None),
            None => (None, boarding),
        };
        let (loaded, times) = self.timed(key, closing, load).await?;
        drop(open);
        let entry = Arc::new(to_entry(loaded, 0, &times));
        let fits = entry.size() <= self.policy.max_body;
        if !fits {
            self.record(CacheEvent::FillTooBig);
        }
        Ok(Landed {
            kept: self.keep(key, entry, stamp.filter(|_| fits)),
            stored: fits && stamp.is_some(),
            source: if stamp.is_some() {
                Source::Miss
            } else {
                Source::Fenced
            },
        })
    }

    /// Runs a load behind the bulkhead. Nobody joins it once it has begun, if `closing` is what they would board by.
    async fn timed(
        &self,
        key: &CacheKey,
        closing: Option<Boarding>,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<(Loaded, Times), StoreError> {
        let timed = async {
            drop(closing);
            let (made, started) = (entry::millis(self.ports.clock.now()), Instant::now());
            let loaded = load.await?;
            let ttl = match loaded.body {
                Some(_) if key.schema == scopes::NAME => self.policy.generation_ttl,
                Some(_) => self.policy.ttl,
                None => self.policy.negative_ttl,
            };
            let times = Times {
                made,
                life: CachePolicy::jittered(ttl, key),
                cost: started.elapsed(),
            };
            Ok((loaded, times))
        };
        self.limited(timed).await
    }

    /// Runs a load behind the bulkhead: while the cache is away, readers must not take every connection from writers.
    pub(super) async fn limited<T>(
        &self,
        load: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let turn = timeout(self.policy.database_timeouts, self.loads.acquire());
        let _turn = match turn.await {
            Ok(Ok(turn)) => turn,
            Ok(Err(closed)) => return Err(StoreError::Internal(closed.into())),
            Err(late) => return Err(StoreError::Unavailable(late.into())),
        };
        load.await
    }
}
