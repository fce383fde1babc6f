//! The cache of a single process: what [`CacheStore`] promises, in memory, with nothing to wait for.
//!
//! Invariant: leases, fences and what they guard change only under one lock; reading an entry takes none of it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use application::cache::{CacheError, CacheKey, CacheStore, Entry, Lease, Miss, Representation, Token};
use async_trait::async_trait;
use domain::ProductId;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::time::Instant;

/// How long a floor outlives the entry it stands for.
const FLOOR_LIFE: Duration = Duration::from_mins(1);
/// What an entry costs beside its bytes.
const OVERHEAD: u64 = 200;
/// There is one life only: what is in memory ends with the process.
const EPOCH: u64 = 0;
const FIRST_SWEEP: usize = 1024;

pub struct MemoryCache {
    entries: Cache<CacheKey, Kept, ByWeight>,
    guards: Mutex<Guards>,
}

#[derive(Clone)]
struct Kept {
    entry: Entry,
    until: Instant,
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<CacheKey, Kept> for ByWeight {
    fn weight(&self, _: &CacheKey, kept: &Kept) -> u64 {
        OVERHEAD.saturating_add((kept.entry.body.len() + kept.entry.etag.len()) as u64)
    }
}

impl MemoryCache {
    /// `capacity` is in bytes, bookkeeping included.
    pub fn new(capacity: u64) -> Self {
        let items = usize::try_from(capacity / 4096).unwrap_or(usize::MAX).max(16);
        Self {
            entries: Cache::with_weighter(items, capacity, ByWeight),
            guards: Mutex::new(Guards {
                products: HashMap::new(),
                sweep_at: FIRST_SWEEP,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Guards> {
        self.guards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self, key: CacheKey) -> Option<Entry> {
        let kept = self.entries.get(&key)?;
        (kept.until > Instant::now()).then_some(kept.entry)
    }

    fn usable(&self, key: CacheKey) -> Option<Entry> {
        self.live(key).filter(Entry::is_usable)
    }

    /// To be called under the lock.
    fn put(&self, key: CacheKey, entry: Entry, life: Duration) {
        // Removed first: an entry that is too big to be kept must not leave its predecessor.
        self.entries.remove(&key);
        self.entries.insert(
            key,
            Kept {
                entry,
                until: Instant::now() + life,
            },
        );
    }

    /// Drops the product's entries and leases. To be called under the lock.
    fn drop_product(&self, guard: &mut Guard, product: ProductId, version: i64) {
        guard.leases = [None; Representation::ALL.len()];
        for representation in Representation::ALL {
            let key = CacheKey {
                product,
                representation,
            };
            let floor = self.live(key).map_or(version, |entry| entry.version.max(version));
            if floor > 0 {
                self.put(key, Entry::floor(floor, EPOCH), FLOOR_LIFE);
            } else {
                self.entries.remove(&key);
            }
        }
    }
}

struct Guards {
    products: HashMap<ProductId, Guard>,
    sweep_at: usize,
}

/// The fences and leases of a product, each with the instant at which it expires.
#[derive(Default)]
struct Guard {
    fences: Vec<(Token, Instant)>,
    leases: [Option<(Token, Instant)>; Representation::ALL.len()],
}

impl Guards {
    /// The product's guard, without what has expired.
    fn of(&mut self, product: ProductId) -> &mut Guard {
        let now = Instant::now();
        if self.products.len() >= self.sweep_at {
            self.products.retain(|_, guard| guard.expire(now));
            self.sweep_at = FIRST_SWEEP.max(self.products.len() * 2);
        }
        let guard = self.products.entry(product).or_default();
        guard.expire(now);
        guard
    }

    fn forget_idle(&mut self, product: ProductId) {
        if self.products.get(&product).is_some_and(Guard::is_idle) {
            self.products.remove(&product);
        }
    }
}

impl Guard {
    /// Says whether anything is left.
    fn expire(&mut self, now: Instant) -> bool {
        self.fences.retain(|(_, until)| *until > now);
        for lease in &mut self.leases {
            lease.take_if(|(_, until)| *until <= now);
        }
        !self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.fences.is_empty() && self.leases.iter().all(Option::is_none)
    }

    /// Ends the lease if the token holds it.
    fn end_lease(&mut self, key: CacheKey, token: Token) -> bool {
        let lease = self.leases.get_mut(key.representation.index());
        lease
            .and_then(|lease| lease.take_if(|(holder, _)| *holder == token))
            .is_some()
    }
}

#[async_trait]
impl CacheStore for MemoryCache {
    async fn get(&self, key: CacheKey) -> Result<Option<Entry>, CacheError> {
        Ok(self.usable(key))
    }

    async fn miss(&self, key: CacheKey, token: Token, life: Duration) -> Result<Miss, CacheError> {
        let mut guards = self.lock();
        if let Some(entry) = self.usable(key) {
            return Ok(Miss::Usable(entry));
        }
        let guard = guards.of(key.product);
        if !guard.fences.is_empty() {
            return Ok(Miss::Fenced);
        }
        let now = Instant::now();
        let lease = guard.leases.get_mut(key.representation.index());
        match lease {
            Some(Some((holder, until))) if *holder != token => Ok(Miss::Busy(*until - now)),
            Some(free) => {
                free.get_or_insert((token, now + life));
                let floor = self.live(key).map_or(0, |entry| entry.version);
                Ok(Miss::Granted(Lease {
                    token,
                    floor,
                    epoch: EPOCH,
                }))
            }
            None => Ok(Miss::Fenced),
        }
    }

    async fn fill(
        &self,
        key: CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        let mut guards = self.lock();
        let guard = guards.of(key.product);
        let held = guard.end_lease(key, lease.token);
        let fenced = !guard.fences.is_empty();
        guards.forget_idle(key.product);
        let won = held && !fenced && self.live(key).is_none_or(|floor| entry.version >= floor.version);
        if won {
            self.put(key, entry.clone(), ttl);
        }
        Ok(won)
    }

    async fn abandon(&self, key: CacheKey, lease: &Lease) -> Result<(), CacheError> {
        let mut guards = self.lock();
        guards.of(key.product).end_lease(key, lease.token);
        guards.forget_idle(key.product);
        Ok(())
    }

    async fn fence(&self, products: &[ProductId], token: Token, life: Duration) -> Result<(), CacheError> {
        for product in products {
            let mut guards = self.lock();
            let guard = guards.of(*product);
            guard.fences.retain(|(holder, _)| *holder != token);
            guard.fences.push((token, Instant::now() + life));
            self.drop_product(guard, *product, 0);
        }
        Ok(())
    }

    async fn release(&self, products: &[ProductId], token: Token, version: i64) -> Result<(), CacheError> {
        for product in products {
            let mut guards = self.lock();
            let guard = guards.of(*product);
            guard.fences.retain(|(holder, _)| *holder != token);
            self.drop_product(guard, *product, version);
            guards.forget_idle(*product);
        }
        Ok(())
    }

    async fn purge(&self) -> Result<(), CacheError> {
        let mut guards = self.lock();
        for guard in guards.products.values_mut() {
            guard.leases = [None; Representation::ALL.len()];
        }
        self.entries.clear();
        Ok(())
    }

    async fn probe(&self) -> Result<(), CacheError> {
        Ok(())
    }
}
