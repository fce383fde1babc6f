//! Reading a product's body through the cache.
//!
//! Invariant: a reader that asked for a lease runs to its end in a task of its own, so that a client that hangs up
//! leaves no lease behind that nobody uses.

use std::sync::Arc;

use bytes::Bytes;
use domain::ProductId;
use tokio::time::{Instant, sleep};

use super::protocol::{Effect, Event, Read, Reason};
use super::{Cache, CacheEvent, CacheKey, CachePolicy, Encode, Encoded, Entry, Kind, Lease, Representation};
use crate::product::{ProductReader, ProductView};
use crate::store::StoreError;

/// Where a body came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Hit,
    /// From the database, and kept if nothing stood in the way.
    Miss,
    /// From the database, without regard to the cache.
    Bypass,
}

/// A body as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedBody {
    pub body: Bytes,
    pub etag: String,
    pub source: Source,
}

/// Answers single products, from the cache where it may.
#[derive(Clone)]
pub struct CachedProducts(Arc<Inner>);

struct Inner {
    reader: Arc<dyn ProductReader>,
    encode: Arc<dyn Encode>,
    cache: Option<Arc<Cache>>,
}

impl CachedProducts {
    /// Without a cache every body comes from the database.
    pub fn new(reader: Arc<dyn ProductReader>, encode: Arc<dyn Encode>, cache: Option<Arc<Cache>>) -> Self {
        Self(Arc::new(Inner {
            reader,
            encode,
            cache,
        }))
    }

    /// The body of a product that is not deleted. It reflects every write that was
    /// acknowledged before the call. A cache that fails is no error; only the database's failures are.
    pub async fn body(
        &self,
        product: ProductId,
        representation: Representation,
    ) -> Result<Option<CachedBody>, StoreError> {
        let key = CacheKey {
            product,
            representation,
        };
        let Some(cache) = &self.0.cache else {
            return self.0.load(key, Source::Bypass).await;
        };
        let (mut read, mut effect) = Read::start(cache.gate.is_up());
        if effect == Effect::Get {
            (read, effect) = read.step(cache.get(key).await, &cache.policy.waits);
        }
        match effect {
            Effect::Answer(entry) => Ok(cache.answer(entry)),
            Effect::Load(reason) => self.0.load_for(cache, key, reason).await,
            Effect::Get | Effect::Miss | Effect::Wait(_) => {
                let (inner, cache) = (Arc::clone(&self.0), Arc::clone(cache));
                let rest = tokio::spawn(async move { inner.finish(&cache, key, read, effect).await });
                rest.await.map_err(|error| StoreError::Internal(error.into()))?
            }
        }
    }
}

impl Inner {
    async fn finish(
        &self,
        cache: &Cache,
        key: CacheKey,
        mut read: Read,
        mut effect: Effect,
    ) -> Result<Option<CachedBody>, StoreError> {
        loop {
            let event = match effect {
                Effect::Get => cache.get(key).await,
                Effect::Miss => cache.miss(key).await,
                Effect::Wait(time) => {
                    sleep(time).await;
                    Event::Waited
                }
                Effect::Answer(entry) => return Ok(cache.answer(entry)),
                Effect::Load(reason) => return self.load_for(cache, key, reason).await,
            };
            (read, effect) = read.step(event, &cache.policy.waits);
        }
    }

    async fn load_for(
        &self,
        cache: &Cache,
        key: CacheKey,
        reason: Reason,
    ) -> Result<Option<CachedBody>, StoreError> {
        let (event, source) = match reason {
            Reason::Granted(lease) => return self.load_and_fill(cache, key, &lease).await,
            Reason::Fenced => (CacheEvent::Fenced, Source::Miss),
            Reason::Busy => (CacheEvent::Busy, Source::Miss),
            Reason::Failed | Reason::Bypass => (CacheEvent::Bypass, Source::Bypass),
        };
        cache.record(event);
        self.load(key, source).await
    }

    async fn load_and_fill(
        &self,
        cache: &Cache,
        key: CacheKey,
        lease: &Lease,
    ) -> Result<Option<CachedBody>, StoreError> {
        cache.record(CacheEvent::Miss);
        let started = Instant::now();
        let view = match self.reader.view(key.product).await {
            Ok(view) => view,
            Err(error) => {
                cache.noted(cache.ports.store.abandon(key, lease).await);
                return Err(error);
            }
        };
        let encoded = self.encode(view.as_ref(), key.representation);
        let version = view.map_or(lease.floor, |view| view.revision);
        let cost = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        cache.fill(key, lease, version, encoded.as_ref(), cost).await;
        Ok(encoded.map(|encoded| CachedBody::new(encoded, Source::Miss)))
    }

    async fn load(&self, key: CacheKey, source: Source) -> Result<Option<CachedBody>, StoreError> {
        let view = self.reader.view(key.product).await?;
        Ok(self
            .encode(view.as_ref(), key.representation)
            .map(|encoded| CachedBody::new(encoded, source)))
    }

    fn encode(&self, view: Option<&ProductView>, representation: Representation) -> Option<Encoded> {
        view.map(|view| self.encode.product(view, representation))
    }
}

impl Cache {
    async fn get(&self, key: CacheKey) -> Event {
        self.noted(self.ports.store.get(key).await)
            .map_or(Event::Failed, Event::Got)
    }

    async fn miss(&self, key: CacheKey) -> Event {
        let token = self.ports.ids.next();
        let missed = self.ports.store.miss(key, token, self.policy.lease).await;
        self.noted(missed).map_or(Event::Failed, Event::Missed)
    }

    fn answer(&self, entry: Entry) -> Option<CachedBody> {
        let shown = entry.kind == Kind::Value;
        self.record(if shown {
            CacheEvent::Hit
        } else {
            CacheEvent::Negative
        });
        let encoded = Encoded {
            body: entry.body,
            etag: entry.etag,
        };
        shown.then(|| CachedBody::new(encoded, Source::Hit))
    }

    async fn fill(
        &self,
        key: CacheKey,
        lease: &Lease,
        version: i64,
        encoded: Option<&Encoded>,
        load_cost: u32,
    ) {
        if encoded.is_some_and(|encoded| encoded.body.len() > self.policy.max_body) {
            self.record(CacheEvent::FillTooBig);
            self.noted(self.ports.store.abandon(key, lease).await);
            return;
        }
        let (kind, ttl) = match encoded {
            Some(_) => (Kind::Value, self.policy.ttl),
            None => (Kind::Negative, self.policy.negative_ttl),
        };
        let ttl = CachePolicy::jittered(ttl, key);
        let filled = u64::try_from(self.ports.clock.now().timestamp_millis()).unwrap_or_default();
        let entry = Entry {
            kind,
            version,
            epoch: lease.epoch,
            filled,
            fresh_until: filled.saturating_add(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
            load_cost,
            etag: encoded.map(|encoded| encoded.etag.clone()).unwrap_or_default(),
            body: encoded.map(|encoded| encoded.body.clone()).unwrap_or_default(),
        };
        if let Some(won) = self.noted(self.ports.store.fill(key, lease, &entry, ttl).await) {
            self.record(if won {
                CacheEvent::FillWon
            } else {
                CacheEvent::FillRefused
            });
        }
    }
}

impl CachedBody {
    fn new(encoded: Encoded, source: Source) -> Self {
        Self {
            body: encoded.body,
            etag: encoded.etag,
            source,
        }
    }
}
