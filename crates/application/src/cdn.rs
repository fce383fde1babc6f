//! Telling a CDN which of the answers that it keeps have changed.
//!
//! Invariant: a change that this process finds in the change log is told, again and again until it is taken. What
//! changed while no process ran is not: a CDN keeps nothing for longer than an answer's `Cache-Control` says.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;
use uuid::Uuid;

use crate::cache::{Entity, ResourceKind, Scope, touched_by};
use crate::changelog::{ChangeLog, LogChange, LogPosition};
use crate::store::StoreError;

/// On every answer of the store.
pub const EVERYTHING: &str = "catalog";
/// On every answer that shows more than one product, or that another product may take the place of.
pub const PRODUCTS: &str = "products";
pub const CATEGORIES: &str = "categories";
pub const PRICES: &str = "prices";

/// On every answer about the product.
pub fn product_key(id: Uuid) -> String {
    format!("product-{id}")
}

/// On every answer about the category.
pub fn category_key(id: Uuid) -> String {
    format!("category-{id}")
}

/// Why the CDN was not told.
#[derive(Debug, thiserror::Error)]
#[error("the CDN did not take what is to be purged")]
pub struct CdnError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Drops answers by their surrogate keys.
#[async_trait]
pub trait Cdn: Send + Sync + 'static {
    /// At most [`MOST_AT_ONCE`] keys; safe to repeat.
    async fn purge(&self, keys: &[String]) -> Result<(), CdnError>;
}

/// The most keys of one request.
pub const MOST_AT_ONCE: usize = 500;

/// How long changes are gathered.
const GATHERED: Duration = Duration::from_millis(250);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// When more is to be told, everything is purged.
const MOST_WAITING: usize = 5000;
const PAGE: u32 = 1000;

/// Follows the change log from `since` on, for ever.
pub async fn follow(log: &dyn ChangeLog, cdn: &dyn Cdn, since: LogPosition) {
    let mut position = since;
    let mut waiting = BTreeSet::new();
    let mut pause = GATHERED;
    loop {
        sleep(pause).await;
        if let Err(error) = gather(log, &mut position, &mut waiting).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the change log is away; the CDN is told later"
            );
        }
        pause = match tell(cdn, &mut waiting).await {
            Ok(()) => GATHERED,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    waiting = waiting.len(),
                    "the CDN could not be told what has changed"
                );
                (pause * 2).min(LONGEST_PAUSE)
            }
        };
    }
}

async fn gather(
    log: &dyn ChangeLog,
    position: &mut LogPosition,
    waiting: &mut BTreeSet<String>,
) -> Result<(), StoreError> {
    loop {
        let changes = log.changes(*position, PAGE).await?;
        let Some(last) = changes.last() else {
            return Ok(());
        };
        *position = last.at;
        waiting.extend(changes.iter().flat_map(keys_of));
        if waiting.len() > MOST_WAITING || waiting.contains(EVERYTHING) {
            *waiting = BTreeSet::from([EVERYTHING.to_owned()]);
        }
    }
}

async fn tell(cdn: &dyn Cdn, waiting: &mut BTreeSet<String>) -> Result<(), CdnError> {
    while !waiting.is_empty() {
        let keys: Vec<_> = waiting.iter().take(MOST_AT_ONCE).cloned().collect();
        cdn.purge(&keys).await?;
        waiting.retain(|key| !keys.contains(key));
    }
    Ok(())
}

/// The keys of the answers that a change may have altered. Edits that are not published alter none.
fn keys_of(change: &LogChange) -> Vec<String> {
    let touched = touched_by(change);
    let has = |scopes: &[Scope]| {
        scopes
            .iter()
            .any(|scope| touched.contains(&Entity::Scope(*scope)))
    };
    if has(&[Scope::Channels, Scope::PriceLists]) {
        return vec![EVERYTHING.to_owned()];
    }
    let mut keys = Vec::new();
    let mut name = |key: &str| keys.push(key.to_owned());
    if has(&[Scope::Shelf, Scope::Prices]) {
        name(&product_key(change.root));
        name(PRODUCTS);
        name(PRICES);
    }
    if has(&[Scope::Shelf]) {
        name(CATEGORIES);
    }
    if has(&[Scope::Categories]) {
        name(CATEGORIES);
        name(PRODUCTS);
        if touched.contains(&Entity::Resource(ResourceKind::Category, change.id)) {
            name(&category_key(change.id));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Timestamp;

    use super::*;
    use crate::changelog::LogEntry;

    fn change(position: i64, resource: &str, events: &str) -> LogChange {
        LogChange {
            at: LogPosition {
                transaction: 1,
                position,
            },
            resource: resource.to_owned(),
            id: Uuid::from_u128(1),
            root: Uuid::from_u128(2),
            events: events.to_owned(),
            is_refiled: false,
        }
    }

    #[test]
    fn keys_are_those_of_what_shoppers_see() {
        let of = |resource, events| keys_of(&change(1, resource, events)).join(" ");
        let product = product_key(Uuid::from_u128(2));
        assert_eq!(of("product", "updated"), "");
        assert_eq!(of("variant", "created"), "");
        assert_eq!(
            of("product", "updated,published"),
            format!("{product} products prices categories")
        );
        assert_eq!(
            of("variant", "deleted"),
            format!("{product} products prices categories")
        );
        assert_eq!(of("price", "updated"), format!("{product} products prices"));
        let category = category_key(Uuid::from_u128(1));
        assert_eq!(
            of("category", "updated"),
            format!("categories products {category}")
        );
        for everything in ["channel", "priceList", "of a later release"] {
            assert_eq!(of(everything, "updated"), EVERYTHING);
        }
        assert_eq!(of("media", "deleted"), "");
        assert_eq!(of("productType", "updated"), "");
    }

    struct Log(Vec<LogChange>);

    #[async_trait]
    impl ChangeLog for Log {
        async fn read(&self, _: LogPosition, _: u32) -> Result<Vec<LogEntry>, StoreError> {
            Ok(Vec::new())
        }

        async fn end(&self) -> Result<LogPosition, StoreError> {
            Ok(LogPosition::default())
        }

        async fn changed_since(&self, _: Timestamp, _: u32) -> Result<Option<Vec<LogChange>>, StoreError> {
            Ok(None)
        }

        async fn changes(&self, after: LogPosition, limit: u32) -> Result<Vec<LogChange>, StoreError> {
            let newer = self.0.iter().filter(|change| change.at > after);
            Ok(newer
                .take(usize::try_from(limit).unwrap_or_default())
                .cloned()
                .collect())
        }
    }

    /// Refuses twice, then takes what it is told.
    #[derive(Default)]
    struct Stubborn {
        refused: Mutex<u32>,
        taken: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Cdn for Stubborn {
        async fn purge(&self, keys: &[String]) -> Result<(), CdnError> {
            if let Ok(mut refused) = self.refused.lock()
                && *refused < 2
            {
                *refused += 1;
                return Err(CdnError("busy".into()));
            }
            if let Ok(mut taken) = self.taken.lock() {
                taken.extend(keys.iter().cloned());
            }
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_is_told_again_and_once() {
        let log = Log((1..=3000).map(|n| change(n, "product", "published")).collect());
        let cdn = Stubborn::default();
        let following = follow(&log, &cdn, LogPosition::default());
        let _ended = tokio::time::timeout(Duration::from_mins(5), following).await;
        let taken = cdn.taken.into_inner().unwrap_or_default();
        let expected = keys_of(&change(1, "product", "published"));
        assert_eq!(BTreeSet::from_iter(&taken), BTreeSet::from_iter(&expected));
        assert_eq!(taken.len(), expected.len());
    }
}
