//! Writing under a fence, so that the cache never shows what a write has replaced.
//!
//! Invariant: between the beginning of a write and its commit's release nothing about its entities is kept by this
//! instance; and under a fence what the others keep is worth nothing from before the commit on.
//!
//! A write of its own fences, and waits for the others, before its transaction begins. Only a batch, whose entities are not
//! known before, does both inside of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::value::{Digest, Locale, Slug};
use domain::{MediaId, Timestamp};
use tokio::time::{Instant, sleep, timeout};

use super::write::{Effect, Event, Manner, Outcome, Write};
use super::{Cache, CacheError, CacheEvent, Entity, LeftFence, Mark, Released, SharedTier, Token, touched};
use crate::changelog::LogPosition;
use crate::store::{CatalogStore, Changes, Committed, Receipt, StoreError, WriteContext};

/// What a write spends on a cache that does not answer, on top of the first try. A cache that is there takes a few
/// milliseconds, and one that is down refuses at once; one that hangs costs every write as much.
const SECOND_TRY: Duration = Duration::from_millis(500);

/// A store whose writes invalidate the cache.
pub struct FencedStore {
    inner: Arc<dyn CatalogStore>,
    cache: Arc<Cache>,
}

impl FencedStore {
    pub fn new(inner: Arc<dyn CatalogStore>, cache: Arc<Cache>) -> Self {
        Self { inner, cache }
    }
}

/// Runs a commit that alters what the cache shows of `entities`, in whose order all fence.
///
/// In a task of its own: a caller that is dropped between commit and release would leave the old entries.
async fn fenced(
    cache: &Arc<Cache>,
    entities: BTreeSet<Entity>,
    commit: impl Future<Output = Result<Committed, StoreError>> + Send + 'static,
) -> Result<Committed, StoreError> {
    let cache = Arc::clone(cache);
    let write = tokio::spawn(async move {
        UnderWay::begin(&cache, entities.into_iter().collect())
            .run(commit)
            .await
    });
    write.await.map_err(|error| StoreError::Internal(error.into()))?
}

/// A write from its beginning to its end. Dropped in between, as by a panic or with the runtime, it closes the gate.
struct UnderWay<'a> {
    cache: &'a Cache,
    entities: Vec<Entity>,
    token: Token,
    began: Timestamp,
    /// Whether a fence was asked for, and may be set even if that failed.
    may_be_fenced: bool,
    ended: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(cache: &'a Cache, entities: Vec<Entity>) -> Self {
        for entity in &entities {
            cache.generations.begin(*entity);
        }
        Self {
            cache,
            entities,
            token: cache.ports.ids.next(),
            began: cache.ports.clock.now(),
            may_be_fenced: false,
            ended: false,
        }
    }

    async fn run(
        mut self,
        commit: impl Future<Output = Result<Committed, StoreError>> + Send,
    ) -> Result<Committed, StoreError> {
        let Some(shared) = &self.cache.ports.shared else {
            let outcome = commit.await;
            self.end(matches!(outcome_of(&outcome), Outcome::Unknown));
            return outcome;
        };
        let policy = &self.cache.policy;
        let manner = Manner {
            mode: policy.mode,
            acknowledge: policy.acknowledge,
        };
        let (mut write, mut effect) = Write::start(self.cache.gate.is_up(), manner);
        let (mut commit, mut outcome) = (Some(commit), Ok(Committed::default()));
        loop {
            let event = match effect {
                Effect::Fence => Event::Fenced(self.fence(shared).await),
                Effect::Commit => {
                    if let Some(commit) = commit.take() {
                        outcome = commit.await;
                    }
                    Event::Committed(outcome_of(&outcome))
                }
                // Whether or not that succeeds: a fence that stands is left to expire, by when the database has decided.
                Effect::FenceAgain => {
                    self.fence(shared).await;
                    Event::FencedAgain
                }
                Effect::Release => Event::Released(self.release(shared, position(&outcome)).await),
                Effect::Settle(marks) => {
                    // Before the commit this instance is to keep nothing yet.
                    if commit.is_none() {
                        self.end(false);
                    }
                    self.settle(shared, &marks).await;
                    Event::Settled
                }
                Effect::WaitOut => {
                    self.end(false);
                    if shared.bus.is_some() {
                        sleep(policy.trust).await;
                    }
                    Event::Settled
                }
                Effect::Acknowledge => {
                    self.end(false);
                    return outcome;
                }
                Effect::Report => {
                    self.end(matches!(outcome_of(&outcome), Outcome::Unknown));
                    return outcome;
                }
                Effect::Refuse => {
                    self.cache.record(CacheEvent::Unfenced);
                    self.leave_fence();
                    self.end(false);
                    return Err(StoreError::Unavailable(
                        "the cache is away, and writes are to be known to it".into(),
                    ));
                }
            };
            (write, effect) = write.step(event, manner);
        }
    }

    async fn fence(&mut self, shared: &SharedTier) -> Option<Vec<Mark>> {
        self.may_be_fenced = true;
        let life = self.cache.policy.fence;
        match shared.store.fence(&self.entities, self.token, life).await {
            Ok(marks) => Some(marks),
            Err(error) => {
                self.cache.failed(self.began, &error);
                self.cache.record(CacheEvent::Unfenced);
                None
            }
        }
    }

    /// Tried even while the gate is closed: a recovery may already have passed these entities by. And tried once more on
    /// a new connection. Where the cache was away, another instance may have it back before this one does, and then
    /// answers what is not released. If it cannot be reached now, after the commit, then whoever reaches it later finds
    /// this write in the change log.
    async fn release(&mut self, shared: &SharedTier, position: Option<LogPosition>) -> Option<Released> {
        let release = || shared.store.release(&self.entities, self.token, position);
        if let Ok(released) = release().await {
            return Some(released);
        }
        let again = async {
            shared.store.probe().await?;
            release().await
        };
        let again = timeout(SECOND_TRY, again).await.map_err(CacheError::new);
        match again.and_then(|released| released) {
            Ok(released) => Some(released),
            Err(error) => {
                self.leave_fence();
                self.cache.failed(self.began, &error);
                None
            }
        }
    }

    async fn settle(&self, shared: &SharedTier, marks: &[Mark]) {
        let Some(bus) = &shared.bus else { return };
        // Whatever was answered until now, and sent before the marks, is trusted for so long at most.
        let deadline = Instant::now() + self.cache.policy.trust;
        let waited = bus.settle(marks, deadline).await;
        if waited > 0 {
            self.cache.record(CacheEvent::Unsettled);
        }
    }

    /// Before the gate is closed, so that the recovery that opens it finds it.
    fn leave_fence(&self) {
        if self.may_be_fenced {
            let left = LeftFence {
                entities: self.entities.clone(),
                token: self.token,
            };
            self.cache
                .left_fences
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(left);
        }
    }

    /// What this instance loads from now on is as new as the write; in doubt, when the database has decided.
    fn end(&mut self, in_doubt: bool) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let entities = std::mem::take(&mut self.entities);
        let generations = Arc::clone(&self.cache.generations);
        let end = move || entities.into_iter().for_each(|entity| generations.end(entity));
        if in_doubt {
            let life = self.cache.policy.fence;
            tokio::spawn(async move {
                sleep(life).await;
                end();
            });
        } else {
            end();
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // Its commit may be under way: its fence is left to expire.
        if !self.ended {
            self.cache
                .failed(self.began, &CacheError::new("a write ended before its release"));
            self.end(true);
        }
    }
}

fn position(outcome: &Result<Committed, StoreError>) -> Option<LogPosition> {
    outcome.as_ref().ok().and_then(|committed| committed.position)
}

const fn outcome_of(outcome: &Result<Committed, StoreError>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Done,
        Err(StoreError::Unavailable(_) | StoreError::Internal(_)) => Outcome::Unknown,
        Err(
            StoreError::VersionConflict { .. }
            | StoreError::Conflict(_)
            | StoreError::ReferenceGone
            | StoreError::IdempotencyKeyTaken,
        ) => Outcome::Nothing,
    }
}

/// A store inside a transaction that others end: it remembers what the cache has to be told when that commits.
pub struct TouchingStore {
    inner: Arc<dyn CatalogStore>,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    touched: BTreeSet<Entity>,
    position: Option<LogPosition>,
}

impl TouchingStore {
    pub fn new(inner: Arc<dyn CatalogStore>) -> Self {
        Self {
            inner,
            done: Mutex::default(),
        }
    }

    /// Ends the transaction with `commit`, under the fence of everything that was written in it.
    pub async fn commit_fenced(
        &self,
        cache: Option<&Arc<Cache>>,
        commit: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Result<Committed, StoreError> {
        let Done { touched, position } =
            std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        let commit = async move { commit.await.map(|()| Committed { position }) };
        match cache {
            Some(cache) if !touched.is_empty() => fenced(cache, touched, commit).await,
            _ => commit.await,
        }
    }
}

#[async_trait]
impl CatalogStore for FencedStore {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<Committed, StoreError> {
        let entities = touched::of_changes(changes);
        if context.dry_run || entities.is_empty() {
            return self.inner.commit(changes, context, receipt).await;
        }
        let inner = Arc::clone(&self.inner);
        let (changes, context, receipt) = (changes.clone(), context.clone(), receipt.cloned());
        let commit = async move { inner.commit(&changes, &context, receipt.as_ref()).await };
        fenced(&self.cache, entities, commit).await
    }

    async fn receipt(&self, actor: &str, key: &str) -> Result<Option<(Vec<u8>, Receipt)>, StoreError> {
        self.inner.receipt(actor, key).await
    }

    async fn taken_product_slugs(&self, slugs: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError> {
        self.inner.taken_product_slugs(slugs).await
    }

    async fn taken_category_slugs(
        &self,
        slugs: &[(Locale, Slug)],
    ) -> Result<Vec<(Locale, Slug)>, StoreError> {
        self.inner.taken_category_slugs(slugs).await
    }

    async fn media_digests(&self, ids: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, StoreError> {
        self.inner.media_digests(ids).await
    }
}

#[async_trait]
impl CatalogStore for TouchingStore {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<Committed, StoreError> {
        let committed = self.inner.commit(changes, context, receipt).await?;
        if !context.dry_run {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.touched.extend(touched::of_changes(changes));
            done.position = done.position.max(committed.position);
        }
        Ok(committed)
    }

    async fn receipt(&self, actor: &str, key: &str) -> Result<Option<(Vec<u8>, Receipt)>, StoreError> {
        self.inner.receipt(actor, key).await
    }

    async fn taken_product_slugs(&self, slugs: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError> {
        self.inner.taken_product_slugs(slugs).await
    }

    async fn taken_category_slugs(
        &self,
        slugs: &[(Locale, Slug)],
    ) -> Result<Vec<(Locale, Slug)>, StoreError> {
        self.inner.taken_category_slugs(slugs).await
    }

    async fn media_digests(&self, ids: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, StoreError> {
        self.inner.media_digests(ids).await
    }
}
