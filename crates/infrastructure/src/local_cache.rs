//! What one instance keeps of the cache, in memory.

use std::sync::Arc;

use application::cache::{CacheKey, Kept, LocalStore, LocalUsage};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

pub struct LocalCache(Cache<CacheKey, Arc<Kept>, ByWeight>);

#[derive(Clone)]
struct ByWeight;

impl Weighter<CacheKey, Arc<Kept>> for ByWeight {
    fn weight(&self, key: &CacheKey, kept: &Arc<Kept>) -> u64 {
        kept.weight() + key.variation.as_str().len() as u64
    }
}

/// What an entry is taken to weigh where room for the bookkeeping is set aside; a wrong guess costs a little memory.
const USUAL_WEIGHT: u64 = 4096;

impl LocalCache {
    /// `capacity` is in bytes, bookkeeping included.
    pub fn new(capacity: u64) -> Self {
        let items = usize::try_from(capacity / USUAL_WEIGHT)
            .unwrap_or(usize::MAX)
            .max(16);
        Self(Cache::with_weighter(items, capacity, ByWeight))
    }
}

impl LocalStore for LocalCache {
    fn get(&self, key: &CacheKey) -> Option<Arc<Kept>> {
        self.0.get(key)
    }

    fn put(&self, key: CacheKey, kept: Arc<Kept>) {
        // Removed first: one that is too big to be kept must not leave its predecessor.
        self.0.remove(&key);
        self.0.insert(key, kept);
    }

    fn remove(&self, key: &CacheKey) {
        self.0.remove(key);
    }

    fn clear(&self) {
        self.0.clear();
    }

    fn usage(&self) -> LocalUsage {
        LocalUsage {
            entries: self.0.len() as u64,
            bytes: self.0.weight(),
            capacity: self.0.capacity(),
        }
    }
}
