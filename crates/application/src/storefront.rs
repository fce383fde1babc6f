//! What shoppers read: published copies, in the channels and at the times in which they are listed.

use std::time::Duration;

use async_trait::async_trait;
use domain::product::{ProductState, VariantState};
use domain::value::{Key, Locale, Sku, Slug};
use domain::{CategoryId, ChannelId, ProductId, Timestamp, VariantId};

use crate::page::{Page, PageRequest};
use crate::store::StoreError;

/// Where and when a shopper looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub channel: ChannelId,
    pub at: Timestamp,
}

/// The ways in which shoppers name a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreRef {
    Id(ProductId),
    Key(Key),
    /// A present or former slug, with the locales in the order in which they are preferred; others come after them.
    Slug(Slug, Vec<Locale>),
}

/// A published copy with its variants in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreProduct {
    pub product: ProductState,
    pub variants: Vec<VariantState>,
    /// When its listing in the channel ends.
    pub until: Option<Timestamp>,
    /// Whether it was found by a slug that is its own no more.
    pub moved: bool,
}

/// Which published products a list has. Conditions are joined by *and*.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFilter {
    /// In this category or one below it.
    pub category: Option<CategoryId>,
    pub brand: Option<String>,
    pub tag: Option<String>,
}

/// Reads published copies. Nothing of a working copy, of a product that is not listed in the channel at the instant of
/// the visit, or of one that is deleted, MUST ever be among the answers. They MUST reflect every commit that was
/// acknowledged before the call, and each of them be of one instant.
#[async_trait]
pub trait StorefrontReader: Send + Sync + 'static {
    /// A present slug goes before a former one, whosever they are; of several that once had it, the last one counts.
    async fn find(&self, product: &StoreRef, visit: &Visit) -> Result<Option<StoreProduct>, StoreError>;

    async fn list(
        &self,
        filter: &StoreFilter,
        visit: &Visit,
        page: &PageRequest,
    ) -> Result<Page<StoreProduct>, StoreError>;

    /// Those of `products` that the visitor may see, each with its place in `products`, in that order, at most `limit`
    /// of them, and only ones after the place `after`.
    async fn among(
        &self,
        products: &[ProductId],
        visit: &Visit,
        after: Option<usize>,
        limit: usize,
    ) -> Result<Vec<(usize, StoreProduct)>, StoreError>;

    /// Those of the SKUs that the visitor may see, in any order.
    async fn on_sale(&self, skus: &[Sku], visit: &Visit) -> Result<Vec<(Sku, VariantId)>, StoreError>;

    /// When the next listing in the channel begins or ends.
    async fn next_change(&self, visit: &Visit) -> Result<Option<Timestamp>, StoreError>;
}

/// For how long shared caches may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    pub fresh: Duration,
    /// And show it for so long after, while they fetch another.
    pub stale: Duration,
}

impl Freshness {
    /// At most `usual` each, and never past `next_change`, after which the answer is another one.
    pub fn until(next_change: Option<Timestamp>, now: Timestamp, usual: Duration) -> Self {
        let left = next_change.map(|at| (at - now).to_std().unwrap_or_default());
        let fresh = left.map_or(usual, |left| whole_seconds(left).min(usual));
        let stale = left.map_or(usual, |left| whole_seconds(left).saturating_sub(fresh).min(usual));
        Self { fresh, stale }
    }
}

const fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn answers_are_never_kept_past_the_next_change() {
        let now = DateTime::UNIX_EPOCH;
        let usual = Duration::from_secs(10);
        let of = |millis: Option<i64>| {
            let next = millis.map(|millis| now + TimeDelta::milliseconds(millis));
            let Freshness { fresh, stale } = Freshness::until(next, now, usual);
            (fresh.as_secs(), stale.as_secs())
        };
        assert_eq!(of(None), (10, 10));
        assert_eq!(of(Some(60_000)), (10, 10));
        assert_eq!(of(Some(15_999)), (10, 5));
        assert_eq!(of(Some(9_999)), (9, 0));
        assert_eq!(of(Some(999)), (0, 0));
        assert_eq!(of(Some(0)), (0, 0));
        assert_eq!(of(Some(-5)), (0, 0));
    }
}
