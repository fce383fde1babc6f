//! Names for the state of what many answers depend on.
//!
//! Invariant: a name is taken before what depends on the scope is loaded, and is another one after each write that
//! touches the scope.

use bytes::Bytes;

use super::answers::uncached;
use super::{Answer, Answers, CacheEvent, CacheKey, Demand, Loaded, Schema, Scope, Source};
use crate::store::StoreError;

pub(super) const NAME: Schema = Schema::new("g1");

/// The name of a scope's present state, to be made part of the keys of what depends on it.
#[derive(Debug, Clone)]
pub struct Generation {
    /// What it was read under.
    pub key: CacheKey,
    pub answer: Answer,
}

impl Generation {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.answer.entry().body).unwrap_or_default()
    }
}

impl Answers {
    /// The scope's generation; `None` while a write that touches it is under way, or the cache is away: what depends on it
    /// is then to be answered from the database and not kept.
    pub async fn generation(&self, scope: Scope, demand: Demand) -> Result<Option<Generation>, StoreError> {
        let Some(cache) = self.cache() else {
            return Ok(None);
        };
        let name = cache.ports.ids.next().simple().to_string();
        let load = move || async move {
            Ok(Loaded {
                body: Some(Bytes::from(name.into_bytes())),
                etag: String::new(),
                facts: Bytes::new(),
                version: 0,
                true_until: None,
            })
        };
        let key = CacheKey::of(scope, NAME);
        let answer = self.read(key.clone(), demand, load).await?;
        let is_kept = match answer.source {
            Source::Local | Source::Shared => true,
            // Loaded, and kept in either tier: if a write had begun, it would not have been.
            Source::Miss | Source::Joined => answer.stored,
            Source::Fenced | Source::Bypass | Source::Stale => false,
        };
        Ok(is_kept.then_some(Generation { key, answer }))
    }

    /// The answer from the database, where it has no key: a scope that it depends on is being written, or the cache is
    /// away.
    pub async fn load(
        &self,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Answer, StoreError> {
        let Some(cache) = self.cache() else {
            return Ok(uncached(load.await?));
        };
        cache.record(CacheEvent::Bypass);
        Ok(uncached(cache.limited(load).await?))
    }
}
