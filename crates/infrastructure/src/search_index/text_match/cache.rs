use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tantivy::index::SegmentId;

use super::super::text_query::Unit;
use super::hits::Hits;

pub(super) type Key = (SegmentId, usize, Arc<Unit>);

/// What was found lately that took long to find, such as all words that begin with an `a`. Segments never change, so it
/// stays true; that of segments which are gone is not asked for any more.
pub struct TextCache(Cache<Key, Arc<Hits>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Hits>> for Bytes {
    fn weight(&self, _: &Key, hits: &Arc<Hits>) -> u64 {
        // A key is small beside what is worth to be kept.
        hits.bytes() as u64 + 500
    }
}

impl TextCache {
    /// Of at most so many bytes.
    pub fn new(bytes: u64) -> Self {
        let usual = usize::try_from(bytes / 100_000).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(usual, bytes, Bytes))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Hits>> {
        self.0.get(key)
    }

    pub(super) fn put(&self, key: Key, hits: Arc<Hits>) {
        self.0.insert(key, hits);
    }
}
