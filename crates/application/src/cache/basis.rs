//! What an answer that was put together stands on, so that it can be given again without being put together again.
//!
//! Invariant: it stands only while each of its parts would be answered by [`Answers::read`] from the instance's own tier.

use std::sync::Arc;

use super::entry::Age;
use super::{Answer, Answers, CacheEvent, CacheKey, Consistency, Kept, Source};

/// The parts of an answer, all from what this instance keeps itself. The last one is what it is about.
#[derive(Debug, Clone, Default)]
pub struct Basis(Vec<(CacheKey, Arc<Kept>)>);

impl Basis {
    /// Adds a part; says whether it is from the instance's own tier, as all have to be.
    pub fn add(&mut self, key: &CacheKey, part: &Answer) -> bool {
        self.0.push((key.clone(), Arc::clone(&part.kept)));
        part.source == Source::Local
    }
}

impl Answers {
    /// Whether what stands on this is still what a reader would be answered who asks now, and for no more than
    /// [`Consistency::Bounded`].
    pub fn stands(&self, basis: &Basis) -> bool {
        let Some(cache) = self.cache() else {
            return false;
        };
        // First, as in `Generations::trusted`.
        if !cache.trusts_local(Consistency::Bounded) {
            return false;
        }
        let now = cache.ports.clock.now();
        basis.0.iter().all(|(key, kept)| {
            cache.generations.stamp(key.entity) == Some(kept.stamp) && kept.entry.age(now) == Age::Fresh
        })
    }

    /// Counts an answer that was given again.
    pub fn repeated(&self, basis: &Basis) {
        if let (Some(cache), Some((key, kept))) = (self.cache(), basis.0.last()) {
            cache.noticed(key, CacheEvent::LocalHit, &kept.entry);
        }
    }
}
