//! Reading answers through the tiers of the cache.
//!
//! Invariant: a load runs to its end in a task of its own, so that a client that hangs up leaves no lease behind that
//! nobody uses; and whatever is kept was loaded under a stamp that was taken before.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::entry::{self, Age};
use super::flights::{Boarding, Landed, Shared};
use super::generations::Stamp;
use super::read::{Effect, Event, Read, Reason};
use super::{Cache, CacheEvent, CacheKey, CachePolicy, Entry, Kept, Kind, Lease, Variation, scopes};
use crate::changelog::LogPosition;
use crate::store::StoreError;

/// How new an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consistency {
    /// The shared tier, or the database, is asked.
    Strong,
    /// What this instance keeps will do. That too reflects all writes that were acknowledged before, unless they are
    /// acknowledged at once ([`super::Acknowledge`]), which bounds how long they may be missed.
    Bounded,
}

/// What a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub consistency: Consistency,
    /// The answer has to reflect the change log up to here.
    pub min_position: Option<LogPosition>,
}

/// What was loaded, as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// `None` when it is certain that there is nothing to show.
    pub body: Option<Bytes>,
    /// Strong; empty without a body.
    pub etag: String,
    /// What the handler has to know beside the body.
    pub facts: Bytes,
    pub version: i64,
    /// From when on the answer is another one whatever is written.
    pub true_until: Option<Timestamp>,
}

impl Loaded {
    /// There is nothing to show until then.
    pub const fn nothing(true_until: Option<Timestamp>) -> Self {
        Self {
            body: None,
            etag: String::new(),
            facts: Bytes::new(),
            version: 0,
            true_until,
        }
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// What this instance keeps.
    Local,
    /// The tier that instances share.
    Shared,
    /// Loaded by another reader of this instance, that was already at it.
    Joined,
    /// The database; kept if nothing stood in the way.
    Miss,
    /// The database, while a write was under way.
    Fenced,
    /// The database, without regard to the cache.
    Bypass,
    /// What this instance keeps beyond its time, as the database fails.
    Stale,
}

/// An answer as it goes out.
#[derive(Debug, Clone)]
pub struct Answer {
    pub kept: Arc<Kept>,
    pub source: Source,
    /// Since when it is known, in whole seconds.
    pub age: u64,
}

impl Answer {
    pub fn entry(&self) -> &Entry {
        &self.kept.entry
    }

    /// Whether there is something to show.
    pub fn is_found(&self) -> bool {
        self.kept.entry.kind == Kind::Value
    }

    pub fn true_until(&self) -> Option<Timestamp> {
        let millis = i64::try_from(self.kept.entry.true_until?).ok()?;
        Timestamp::from_timestamp_millis(millis)
    }
}

/// Answers from the cache where it may, and from the database otherwise.
#[derive(Clone)]
pub struct Answers(Option<Arc<Cache>>);

impl Answers {
    /// Without a cache everything comes from the database.
    pub const fn new(cache: Option<Arc<Cache>>) -> Self {
        Self(cache)
    }

    pub const fn cache(&self) -> Option<&Arc<Cache>> {
        self.0.as_ref()
    }

    /// The answer under `key`, which reflects every write that was acknowledged before the call. `load` makes it from
    /// the database, and MUST be a function of the key, the database and the clock. A cache that fails is no error; only
    /// the database's failures are.
    pub async fn read<F, L>(&self, key: CacheKey, demand: Demand, load: F) -> Result<Answer, StoreError>
    where
        F: FnOnce() -> L + Send + 'static,
        L: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
    {
        let Some(cache) = &self.0 else {
            return Ok(uncached(load().await?));
        };
        let behind = demand
            .min_position
            .is_some_and(|least| !cache.has_heard_of(least));
        if behind || key.variation.as_str().len() > Variation::MAX {
            cache.record(CacheEvent::Bypass);
            return Ok(uncached(cache.limited(load()).await?));
        }
        let stamp = cache.generations.stamp(key.entity);
        let trusted = stamp.filter(|_| cache.trusts_local(demand.consistency));
        let mut expired = None;
        if let Some((kept, age)) = trusted.and_then(|stamp| cache.local(&key, stamp)) {
            match age {
                Age::Fresh => {
                    cache.noticed(&key, CacheEvent::LocalHit, &kept.entry);
                    cache.look_after(key, &kept, load);
                    return Ok(cache.answer(kept, Source::Local));
                }
                Age::Expired => expired = Some(kept),
                Age::Untrue => {}
            }
        }
        let mut from = StartAt::Shared;
        if trusted.is_none()
            && let Some(shared) = &cache.ports.shared
            && cache.gate.is_up()
        {
            // A hit is answered without a task of its own: nothing is lost if the client hangs up.
            match cache.noted(shared.store.get(&key).await) {
                Some(Some(entry)) if entry.age(cache.ports.clock.now()) == Age::Fresh => {
                    cache.noticed(&key, CacheEvent::Hit, &entry);
                    return Ok(cache.answer(Arc::new(Kept::new(entry, Stamp::NONE)), Source::Shared));
                }
                Some(found) => {
                    from = StartAt::Miss {
                        refresh: found.is_some(),
                    };
                }
                None => {}
            }
        }
        let run = {
            let (cache, key) = (Arc::clone(cache), key.clone());
            move |boarding| async move {
                let fetched = cache.fetch(&key, trusted, from, boarding, load).await;
                fetched.map_err(Arc::new)
            }
        };
        let (landed, joined) = match trusted {
            Some(stamp) => {
                let run = |boarding| run(Some(boarding));
                cache.flights.join_or_start((key, stamp), run).await
            }
            None => (Shared::start(|| run(None)).landed().await, false),
        };
        match landed {
            Ok(landed) if joined => {
                cache.record(CacheEvent::Joined);
                Ok(cache.answer(landed.kept, Source::Joined))
            }
            Ok(landed) => Ok(cache.answer(landed.kept, landed.source)),
            Err(error) => match expired.filter(|kept| cache.may_be_stale(kept, &error)) {
                Some(kept) => {
                    cache.record(CacheEvent::Stale);
                    Ok(cache.answer(kept, Source::Stale))
                }
                None => Err(StoreError::shared(error)),
            },
        }
    }
}

/// Where a reader goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartAt {
    Shared,
    /// The shared tier was asked already; what it has is to be replaced, or it has nothing.
    Miss {
        refresh: bool,
    },
}

pub(super) fn uncached(loaded: Loaded) -> Answer {
    Answer {
        kept: Arc::new(Kept::new(
            Arc::new(to_entry(loaded, 0, Times::default())),
            Stamp::NONE,
        )),
        source: Source::Bypass,
        age: 0,
    }
}

#[derive(Default)]
struct Times {
    made: u64,
    life: Duration,
    cost: Duration,
}

fn to_entry(loaded: Loaded, epoch: u64, times: Times) -> Entry {
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
    fn answer(&self, kept: Arc<Kept>, source: Source) -> Answer {
        let made = kept.entry.made;
        let age = match source {
            Source::Local | Source::Shared | Source::Stale => {
                entry::millis(self.ports.clock.now()).saturating_sub(made) / 1000
            }
            Source::Joined | Source::Miss | Source::Fenced | Source::Bypass => 0,
        };
        Answer { kept, source, age }
    }

    /// What this instance keeps under the stamp, and how it stands to the clock.
    fn local(&self, key: &CacheKey, stamp: Stamp) -> Option<(Arc<Kept>, Age)> {
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

    fn may_be_stale(&self, kept: &Kept, error: &StoreError) -> bool {
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
            return self.load_alone(key, stamp, load()).await;
        };
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
            Reason::Granted(lease) => return self.load_and_fill(key, stamp, &lease, load()).await,
            Reason::Fenced => (CacheEvent::Fenced, Source::Fenced),
            Reason::Busy => (CacheEvent::Busy, Source::Miss),
            Reason::Failed | Reason::Bypass => (CacheEvent::Bypass, Source::Bypass),
        };
        self.record(event);
        // Nobody joins a load without a lease once it has begun.
        drop(boarding);
        let (loaded, times) = self.timed(key, load()).await?;
        let entry = to_entry(loaded, 0, times);
        Ok(Landed {
            kept: Arc::new(Kept::new(Arc::new(entry), Stamp::NONE)),
            source,
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
            return self.load_alone(key, stamp, load).await;
        };
        let (loaded, times) = match self.timed(key, load).await {
            Ok(loaded) => loaded,
            Err(error) => {
                self.noted(shared.store.abandon(key, lease).await);
                return Err(error);
            }
        };
        let life = times.life;
        let entry = Arc::new(to_entry(loaded, lease.epoch, times));
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
        })
    }

    /// Where no tier is shared, the generations alone guard what is kept.
    async fn load_alone(
        &self,
        key: &CacheKey,
        stamp: Option<Stamp>,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Landed, StoreError> {
        self.record(if stamp.is_some() {
            CacheEvent::Miss
        } else {
            CacheEvent::Fenced
        });
        let (loaded, times) = self.timed(key, load).await?;
        let entry = Arc::new(to_entry(loaded, 0, times));
        let fits = entry.size() <= self.policy.max_body;
        if !fits {
            self.record(CacheEvent::FillTooBig);
        }
        Ok(Landed {
            kept: self.keep(key, entry, stamp.filter(|_| fits)),
            source: if stamp.is_some() {
                Source::Miss
            } else {
                Source::Fenced
            },
        })
    }

    async fn timed(
        &self,
        key: &CacheKey,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<(Loaded, Times), StoreError> {
        let (made, started) = (entry::millis(self.ports.clock.now()), Instant::now());
        let loaded = self.limited(load).await?;
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
