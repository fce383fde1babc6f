//! Writing under a fence, so that the cache never shows what a write has replaced.
//!
//! Invariant: when a commit is acknowledged, its products have been released after it, or the gate is closed.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::value::{Locale, Slug};
use domain::{ProductId, Timestamp};

use super::{Cache, CacheError, CacheEvent, Token, WriteMode};
use crate::store::{CatalogStore, Changes, Receipt, StoreError, WriteContext};

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
        // A task of its own: a caller that is dropped between commit and release would leave the old entries.
        let (inner, cache) = (Arc::clone(&self.inner), Arc::clone(&self.cache));
        let (changes, context, receipt) = (changes.clone(), context.clone(), receipt.cloned());
        let write = tokio::spawn(async move {
            let began = cache.ports.clock.now();
            let token = cache.ports.ids.next();
            cache.fence(&products, token, began).await?;
            let unfinished = Unfinished {
                cache: &cache,
                began,
                done: false,
            };
            let outcome = inner.commit(&changes, &context, receipt.as_ref()).await;
            cache.settle(&products, token, began, &outcome).await;
            unfinished.done();
            outcome
        });
        write.await.map_err(|error| StoreError::Internal(error.into()))?
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
}

impl Cache {
    /// Fails only in strict mode, and then nothing was done.
    async fn fence(&self, products: &[ProductId], token: Token, began: Timestamp) -> Result<(), StoreError> {
        let fenced = if self.gate.is_up() {
            self.ports
                .store
                .fence(products, token, self.policy.fence)
                .await
                .inspect_err(|e| self.failed(began, e))
        } else {
            Err(CacheError::new("the cache is away"))
        };
        match (fenced, self.policy.mode) {
            (Ok(()), _) => Ok(()),
            (Err(error), WriteMode::Strict) => Err(StoreError::Unavailable(Box::new(error))),
            (Err(_), WriteMode::Available) => {
                self.record(CacheEvent::Unfenced);
                Ok(())
            }
        }
    }

    /// Makes the outcome known to the cache, or closes the gate. It is tried even while the gate is closed: a recovery
    /// may already have passed these products by.
    async fn settle(
        &self,
        products: &[ProductId],
        token: Token,
        began: Timestamp,
        outcome: &Result<(), StoreError>,
    ) {
        let settled = match outcome {
            // The commit may still take effect, so that nobody may fill until the database's time-outs have passed.
            Err(StoreError::Unavailable(_) | StoreError::Internal(_)) => {
                self.ports.store.fence(products, token, self.policy.fence).await
            }
            Ok(())
            | Err(
                StoreError::VersionConflict { .. }
                | StoreError::Conflict(_)
                | StoreError::ReferenceGone
                | StoreError::IdempotencyKeyTaken,
            ) => self.release(products, token).await,
        };
        if let Err(error) = settled {
            self.failed(began, &error);
        }
    }
}

/// Closes the gate when a write ends between its commit and its release: by a panic, or with the runtime.
struct Unfinished<'a> {
    cache: &'a Cache,
    began: Timestamp,
    done: bool,
}

impl Unfinished<'_> {
    fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.done {
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
    products
        .chain(variants)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}
