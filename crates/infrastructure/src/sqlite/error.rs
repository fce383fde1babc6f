//! SQLite's errors in the words of the ports.

use application::store::{ConflictRule, StoreError};
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;

use crate::sql::Failure;

pub(super) fn failure(error: sqlx::Error) -> Failure {
    match &error {
        sqlx::Error::Database(database) => {
            let database = database.downcast_ref::<SqliteError>();
            if let Some(rule) = rule(database.message()) {
                return Failure::Rule(rule);
            }
            let code = database.code().and_then(|code| code.parse::<u32>().ok());
            // The low byte of an extended code is the kind: busy, locked, read-only, input/output, disk full, the
            // file cannot be opened.
            match code.map(|code| code & 0xff) {
                Some(5 | 6 | 8 | 10 | 13 | 14) => StoreError::Unavailable(Box::new(error)).into(),
                _ => StoreError::Internal(Box::new(error)).into(),
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(Box::new(error)).into(),
        _ => StoreError::Internal(Box::new(error)).into(),
    }
}

/// SQLite names the columns of the index that is violated, not the index.
fn rule(message: &str) -> Option<ConflictRule> {
    Some(match message.strip_prefix("UNIQUE constraint failed: ")? {
        "products.key" | "published_products.key" => ConflictRule::ProductKey,
        "product_slugs.locale, product_slugs.slug" | "store_slugs.locale, store_slugs.slug" => {
            ConflictRule::ProductSlug
        }
        "variants.key" => ConflictRule::VariantKey,
        "variants.sku" | "published_variants.sku" => ConflictRule::Sku,
        "variants.gtin" | "published_variants.gtin" => ConflictRule::Gtin,
        "variants.product_id, variants.options" => ConflictRule::Options,
        "categories.key" => ConflictRule::CategoryKey,
        "product_types.key" => ConflictRule::ProductTypeKey,
        "unique_attributes.product_type_id, unique_attributes.claim" => ConflictRule::UniqueAttribute,
        "channels.key" => ConflictRule::ChannelKey,
        "price_lists.key" => ConflictRule::PriceListKey,
        "category_slugs.locale, category_slugs.slug" => ConflictRule::CategorySlug,
        "media.sha256" => ConflictRule::MediaBytes,
        _ => return None,
    })
}
