//! Writing under a fence, so that the cache never shows what a write has replaced.
//!
//! Invariant: when a commit is acknowledged, its products have been released after it, or the gate is closed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::value::{Digest, Locale, Slug};
use domain::{MediaId, ProductId, Timestamp};
use tokio::time::timeout;

use super::{Cache, CacheError, CacheEvent, LeftFence, Token, WriteMode};
use crate::store::{CatalogStore, Changes, Receipt, StoreError, WriteContext};

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

#[async_trait]
impl CatalogStore for FencedStore {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<(), StoreError> {
        let products = touched(changes);
        if context.dry_run || products.is_empty() {
            return self.inner.commit(changes, context, receipt).await;
        }
        let inner = Arc::clone(&self.inner);
        let (changes, context, receipt) = (changes.clone(), context.clone(), receipt.cloned());
        let commit = async move { inner.commit(&changes, &context, receipt.as_ref()).await };
        fenced(&self.cache, products, commit).await
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

/// Runs a commit that alters what the cache shows of `products`, which are in the order of their ids.
///
/// In a task of its own: a caller that is dropped between commit and release would leave the old entries.
async fn fenced(
    cache: &Arc<Cache>,
    products: Vec<ProductId>,
    commit: impl Future<Output = Result<(), StoreError>> + Send + 'static,
) -> Result<(), StoreError> {
    let cache = Arc::clone(cache);
    let write = tokio::spawn(async move {
        let write = Write::begin(&cache, products).await?;
        let outcome = commit.await;
        write.settle(&outcome).await;
        outcome
    });
    write.await.map_err(|error| StoreError::Internal(error.into()))?
}

/// A store inside a transaction that others end: it remembers what the cache has to be told when that commits.
pub struct TouchingStore {
    inner: Arc<dyn CatalogStore>,
    touched: Mutex<BTreeSet<ProductId>>,
}

impl TouchingStore {
    pub fn new(inner: Arc<dyn CatalogStore>) -> Self {
        Self {
            inner,
            touched: Mutex::default(),
        }
    }

    /// Ends the transaction with `commit`, under the fence of everything that was written in it.
    pub async fn commit_fenced(
        &self,
        cache: Option<&Arc<Cache>>,
        commit: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) -> Result<(), StoreError> {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        match cache {
            Some(cache) if !touched.is_empty() => fenced(cache, touched.into_iter().collect(), commit).await,
            _ => commit.await,
        }
    }
}

#[async_trait]
impl CatalogStore for TouchingStore {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<(), StoreError> {
        self.inner.commit(changes, context, receipt).await?;
        if !context.dry_run {
            let mut products = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            products.extend(touched(changes));
        }
        Ok(())
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

/// A write from its fence to its release. Dropped in between, as by a panic or with the runtime, it closes the gate.
struct Write<'a> {
    cache: &'a Cache,
    products: Vec<ProductId>,
    token: Token,
    began: Timestamp,
    /// Whether a fence was asked for, and may be set even if that failed.
    may_be_fenced: bool,
    settled: bool,
}

impl<'a> Write<'a> {
    /// Fences the products. Fails only in strict mode, and then nothing was done.
    async fn begin(cache: &'a Cache, products: Vec<ProductId>) -> Result<Self, StoreError> {
        let began = cache.ports.clock.now();
        let token = cache.ports.ids.next();
        let may_be_fenced = cache.gate.is_up();
        let mut write = Self {
            cache,
            products,
            token,
            began,
            may_be_fenced,
            settled: false,
        };
        if let Err(error) = write.fence().await {
            cache.record(CacheEvent::Unfenced);
            if cache.policy.mode == WriteMode::Strict {
                write.leave_fence();
                write.settled = true;
                return Err(StoreError::Unavailable(Box::new(error)));
            }
        }
        Ok(write)
    }

    async fn fence(&self) -> Result<(), CacheError> {
        if !self.may_be_fenced {
            return Err(CacheError::new("the cache is away"));
        }
        let fenced = self
            .cache
            .ports
            .store
            .fence(&self.products, self.token, self.cache.policy.fence)
            .await;
        fenced.inspect_err(|error| self.cache.failed(self.began, error))
    }

    /// Makes the outcome known to the cache, or closes the gate. It is tried even while the gate is closed: a recovery
    /// may already have passed these products by.
    async fn settle(mut self, outcome: &Result<(), StoreError>) {
        match outcome {
            // The commit may still take effect, so that nobody may fill until the database's time-outs have passed.
            Err(StoreError::Unavailable(_) | StoreError::Internal(_)) => {
                let barred = self
                    .cache
                    .ports
                    .store
                    .fence(&self.products, self.token, self.cache.policy.fence)
                    .await;
                if let Err(error) = barred {
                    self.cache.failed(self.began, &error);
                }
            }
            Ok(())
            | Err(
                StoreError::VersionConflict { .. }
                | StoreError::Conflict(_)
                | StoreError::ReferenceGone
                | StoreError::IdempotencyKeyTaken,
            ) => {
                if let Err(error) = self.release().await {
                    self.leave_fence();
                    self.cache.failed(self.began, &error);
                }
            }
        }
        self.settled = true;
    }

    /// Tries once more on a new connection. Where the cache was away, another instance may have it back before this one
    /// does, and then answers what is not released. If it cannot be reached now, after the commit, then whoever reaches
    /// it later finds this write in the change log.
    async fn release(&self) -> Result<(), CacheError> {
        if self.cache.release(&self.products, self.token).await.is_ok() {
            return Ok(());
        }
        let again = async {
            self.cache.ports.store.probe().await?;
            self.cache.release(&self.products, self.token).await
        };
        timeout(SECOND_TRY, again).await.map_err(CacheError::new)?
    }

    /// Before the gate is closed, so that the recovery that opens it finds it.
    fn leave_fence(&mut self) {
        if self.may_be_fenced {
            let left = LeftFence {
                products: std::mem::take(&mut self.products),
                token: self.token,
            };
            self.cache
                .left_fences
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(left);
        }
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.cache
                .failed(self.began, &CacheError::new("a write ended before its release"));
        }
    }
}

/// The products whose bodies the changes may alter, in the order of their ids, which is that in which all fence.
fn touched(changes: &Changes) -> Vec<ProductId> {
    let products = changes.products.iter().map(|change| change.after.id);
    let variants = changes.variants.iter().flat_map(|change| {
        let before = change.before.as_ref().map(|before| before.product);
        before.into_iter().chain([change.after.product])
    });
    let prices = changes.prices.iter().map(|change| change.after.product);
    products
        .chain(variants)
        .chain(prices)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}
