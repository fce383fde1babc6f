//! Callers that go away in the middle of a write.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use application::product::ProductRef;
use application::store::{CatalogStore, Changes};
use application::testing::fixtures::{new_product, new_variant, product, renamed, variant};
use application::testing::{Harness, context};
use domain::ProductId;
use infrastructure::postgres::PostgresCatalog;

use sqlx::PgConnection;

use super::proxy::Proxy;
use super::{options, server, temporary};
use crate::catalog::DatabaseOptions;

/// Cancels commits at any point of them, many times, on a slow line and a small pool. Each cancelled commit is there
/// whole or not at all; every write that was acknowledged in between stays; and no connection is left in a
/// transaction, in which a later write could be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_are_cancelled_leave_all_or_nothing_and_harm_no_other() {
    let direct = temporary().await;
    let target = (server().get_host().to_owned(), server().get_port());
    let proxy = Proxy::start(target, Duration::from_millis(1)).await;
    let slow = server().host("127.0.0.1").port(proxy.port).database(&direct.name);
    let slow = DatabaseOptions {
        max_connections: 2,
        ..options(sqlx::ConnectOptions::to_url_lossy(&slow).to_string())
    };
    let slow = Arc::new(PostgresCatalog::connect(&slow).await.unwrap());
    let h = &direct.harness;
    let mut raw = direct.raw().await;

    let mut acknowledged = HashMap::new();
    let mut pairs = Vec::new();
    for round in 0..200 {
        let (changes, product, variant) = pair(h);
        pairs.push((product, variant));
        let doomed = tokio::spawn({
            let slow = Arc::clone(&slow);
            async move { slow.commit(&changes, &context(), None).await }
        });
        let survives = write(h, &slow, &mut acknowledged, round);
        let moment = Duration::from_micros(rand::random_range(0..60_000));
        let abort = async {
            tokio::time::sleep(moment).await;
            doomed.abort();
        };
        futures::join!(survives, abort);
        while slow.pool_use().in_use > 0 {
            tokio::task::yield_now().await;
        }
        // One that was closed is there until the server has read so; one that rests in the pool stays.
        let began = Instant::now();
        while resting_in_transaction(&mut raw, &direct.name).await > 0 {
            let patient = began.elapsed() < Duration::from_secs(5);
            assert!(patient, "connections rest in the pool with a transaction open");
            tokio::task::yield_now().await;
        }
    }
    slow.close().await;

    for (id, name) in acknowledged {
        let stored = h
            .products
            .find(&ProductRef::Id(id), false)
            .await
            .unwrap()
            .unwrap();
        let stored = stored.content.name.iter().next().unwrap().1.to_string();
        assert_eq!(stored, name, "an acknowledged write was lost");
    }
    let mut kept = 0;
    for (product, variant) in &pairs {
        let view = h.products.view(*product).await.unwrap();
        let variants: Vec<_> = view.iter().flat_map(|v| &v.variants).map(|v| v.id).collect();
        assert_eq!(
            variants,
            view.iter().map(|_| *variant).collect::<Vec<_>>(),
            "half of a commit is stored"
        );
        kept += usize::from(view.is_some());
    }
    assert!(
        (1..pairs.len()).contains(&kept),
        "the commits were not cancelled in the middle: {kept}"
    );
    direct.close().await;
}

async fn resting_in_transaction(raw: &mut PgConnection, database: &str) -> i64 {
    let text =
        "select count(*) from pg_stat_activity where datname = $1 and state like 'idle in transaction%'";
    sqlx::query_scalar(text)
        .bind(database)
        .fetch_one(raw)
        .await
        .unwrap()
}

fn pair(h: &Harness) -> (Changes, ProductId, domain::VariantId) {
    let product = new_product(h, product(h));
    let variant = new_variant(h, product.after.id, variant(h));
    let ids = (product.after.id, variant.after.id);
    let changes = Changes {
        products: vec![product],
        variants: vec![variant],
        ..Changes::default()
    };
    (changes, ids.0, ids.1)
}

/// An acknowledged creation or rename through the pool that the cancelled commits use.
async fn write(
    h: &Harness,
    slow: &PostgresCatalog,
    acknowledged: &mut HashMap<ProductId, String>,
    round: u32,
) {
    let name = format!("Round {round}");
    let change = match acknowledged.keys().next().copied() {
        Some(id) if !round.is_multiple_of(4) => {
            let stored = h
                .products
                .find(&ProductRef::Id(id), false)
                .await
                .unwrap()
                .unwrap();
            renamed(&stored, h, &name)
        }
        _ => {
            let mut content = product(h);
            content.name = application::testing::fixtures::text(&name);
            new_product(h, content)
        }
    };
    let id = change.after.id;
    slow.commit(&change.into(), &context(), None).await.unwrap();
    acknowledged.insert(id, name);
}
