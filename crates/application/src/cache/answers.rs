//! Reading answers through the tiers of the cache.
//!
//! Invariant: a load runs to its end in a task of its own, so that a client that hangs up leaves no lease behind that
//! nobody uses; and whatever is kept was loaded under a stamp that was taken before.

use std::sync::Arc;

use bytes::Bytes;
use domain::Timestamp;

use super::entry::Age;
use super::fetch::{StartAt, Times, to_entry};
use super::flights::Shared;
use super::generations::Stamp;
use super::{Cache, CacheEvent, CacheKey, Entry, Kept, Kind, Variation};
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
    /// Whether later readers may be answered from it too.
    pub stored: bool,
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
        let trusts = || cache.trusts_local(demand.consistency);
        let trusted = cache.generations.trusted(key.entity, trusts);
        let mut expired = None;
        if let Some((kept, age)) = trusted.and_then(|stamp| cache.local(&key, stamp)) {
            match age {
                Age::Fresh => {
                    cache.noticed(&key, CacheEvent::LocalHit, &kept.entry);
                    cache.look_after(key, &kept, load);
                    return Ok(cache.answer(kept, Source::Local, true));
                }
                Age::Expired => expired = Some(kept),
                Age::Untrue => {}
            }
        }
        let mut from = StartAt::Shared;
        if trusted.is_none()
            && let Some(shared) = cache.ports.shared.as_ref().filter(|_| cache.gate.is_up())
        {
            // A hit is answered without a task of its own: nothing is lost if the client hangs up.
            match cache.noted(shared.store.get(&key).await) {
                Some(Some(entry)) if entry.age(cache.ports.clock.now()) == Age::Fresh => {
                    cache.noticed(&key, CacheEvent::Hit, &entry);
                    return Ok(cache.answer(Arc::new(Kept::new(entry, Stamp::NONE)), Source::Shared, true));
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
        // Without a stamp nothing but a load that has not begun can be joined; so it is only while the database is all
        // there is, where many wait for their turn.
        let (landed, joined) = if trusted.is_some() || !cache.asks_shared() {
            let flight = (key, trusted.unwrap_or(Stamp::NONE));
            cache
                .flights
                .join_or_start(flight, |boarding| run(Some(boarding)))
                .await
        } else {
            (Shared::start(|| run(None)).landed().await, false)
        };
        match landed {
            Ok(landed) if joined => {
                cache.record(CacheEvent::Joined);
                Ok(cache.answer(landed.kept, Source::Joined, landed.stored))
            }
            Ok(landed) => Ok(cache.answer(landed.kept, landed.source, landed.stored)),
            Err(error) => match expired.filter(|kept| cache.may_be_stale(kept, &error)) {
                Some(kept) => {
                    cache.record(CacheEvent::Stale);
                    Ok(cache.answer(kept, Source::Stale, false))
                }
                None => Err(StoreError::shared(error)),
            },
        }
    }
}

pub(super) fn uncached(loaded: Loaded) -> Answer {
    Answer {
        kept: Arc::new(Kept::new(
            Arc::new(to_entry(loaded, 0, &Times::default())),
            Stamp::NONE,
        )),
        source: Source::Bypass,
        stored: false,
        age: 0,
    }
}
