//! PostgreSQL's errors in the words of the ports.

use application::store::{ConflictRule, StoreError};
use sqlx::postgres::PgDatabaseError;

use crate::sql::Failure;

pub(super) fn failure(error: sqlx::Error) -> Failure {
    match &error {
        sqlx::Error::Database(database) => {
            let database = database.downcast_ref::<PgDatabaseError>();
            match database.code() {
                "40001" | "40P01" => Failure::Retry(error),
                "23505" | "23503" | "23P01" => match database.constraint() {
                    Some(
                        "product_categories_category_id_fkey"
                        | "product_channels_channel_id_fkey"
                        | "categories_parent"
                        | "media_uses_media",
                    ) => StoreError::ReferenceGone.into(),
                    constraint => match constraint.and_then(rule) {
                        Some(rule) => Failure::Rule(rule),
                        None => StoreError::Internal(Box::new(error)).into(),
                    },
                },
                code if is_passing(code) => StoreError::Unavailable(Box::new(error)).into(),
                _ => StoreError::Internal(Box::new(error)).into(),
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        // What a proxy says in a handshake when the server behind it is down: nothing, which is no answer of the protocol.
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(Box::new(error)).into(),
        _ => StoreError::Internal(Box::new(error)).into(),
    }
}

/// Whether the condition is one of the server and not of the statement.
fn is_passing(code: &str) -> bool {
    // Connections (08), resources such as disk or slots (53), operators and time-outs (57), the system (58).
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        // Read-only (a standby), idle in transaction for too long, a lock not had in time.
        || matches!(code, "25006" | "25P03" | "55P03")
}

fn rule(constraint: &str) -> Option<ConflictRule> {
    Some(match constraint {
        "products_key" | "published_products_key" => ConflictRule::ProductKey,
        "product_slugs_slug" | "store_slugs_current" => ConflictRule::ProductSlug,
        "variants_key" => ConflictRule::VariantKey,
        "variants_sku" | "published_variants_sku" => ConflictRule::Sku,
        "variants_gtin" | "published_variants_gtin" => ConflictRule::Gtin,
        "variants_options" => ConflictRule::Options,
        "variants_axes" => ConflictRule::OptionAxes,
        "categories_key" => ConflictRule::CategoryKey,
        "product_types_key" => ConflictRule::ProductTypeKey,
        "unique_attributes_pkey" => ConflictRule::UniqueAttribute,
        "channels_key" => ConflictRule::ChannelKey,
        "price_lists_key" => ConflictRule::PriceListKey,
        "prices_overlap" => ConflictRule::PriceOverlap,
        "category_slugs_slug" => ConflictRule::CategorySlug,
        "media_sha256" => ConflictRule::MediaBytes,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use std::io::Read as _;
    use std::net::TcpListener;

    use sqlx::{Connection as _, PgConnection};

    use super::*;

    #[tokio::test]
    async fn a_proxy_without_a_server_behind_it_is_a_database_that_is_not_available() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://user@{}/name", listener.local_addr().unwrap());
        let proxy = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // Read first: closing with something unread resets the connection, which is another error.
            stream.read_exact(&mut [0; 8]).unwrap();
        });
        let error = PgConnection::connect(&url).await.unwrap_err();
        proxy.join().unwrap();
        let found = failure(error);
        assert!(
            matches!(found, Failure::Store(StoreError::Unavailable(_))),
            "{found:?}"
        );
    }
}
