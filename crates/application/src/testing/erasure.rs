//! Products of which nothing is kept.

use domain::Change;
use domain::product::{ProductContent, Relation, RelationKind};

use super::fixtures::{edit_product, new_product, new_variant, product, variant};
use super::prices::{content, price_list};
use super::{Harness, context, stale};
use crate::product::{ProductFilter, ProductRef, VariantRef};
use crate::store::{ConflictRule, StoreError, WriteContext};

fn erased(h: &Harness, state: &domain::product::ProductState) -> Change<domain::product::ProductState> {
    edit_product(state, |p| p.erase(h.now()))
}

pub async fn leaves_a_word_alone(h: &Harness) {
    let bystander = h.product(product(h)).await;
    let (first, second) = (product(h), product(h));
    let state = h.product(first.clone()).await;
    let sold = h.variant(state.id, variant(h)).await;
    let list = h.price_list(price_list(h, 1)).await;
    let price = h
        .price(list.id, &sold, content(100, domain::pricing::Validity::default()))
        .await;
    let live = h.edited(&state, |p| p.publish(h.now()).unwrap()).await;
    let by_now = h
        .edited(&live, |p| p.revise(second.clone(), h.now()).unwrap())
        .await;

    assert_eq!(
        stale(h.commit(erased(h, &state)).await),
        ("product", state.id.uuid())
    );
    let dry = WriteContext {
        dry_run: true,
        ..context()
    };
    h.store
        .commit(&erased(h, &by_now).into(), &dry, None)
        .await
        .unwrap();
    let found = h.products.find(&ProductRef::Id(state.id), false).await.unwrap();
    assert_eq!(found.as_ref(), Some(&by_now));

    let change = erased(h, &by_now);
    let version = change.after.record.version;
    h.commit(change).await.unwrap();
    let found = h.products.find(&ProductRef::Id(state.id), true).await.unwrap();
    assert_eq!(found, None);
    let found = h.variants.find(&VariantRef::Id(sold.id), true).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(h.prices.find(price.id).await.unwrap(), None);
    assert_eq!(
        h.history.variants.entries(sold.id.uuid(), None, 9).await.unwrap(),
        []
    );
    assert_eq!(
        h.history.prices.entries(price.id.uuid(), None, 9).await.unwrap(),
        []
    );
    tells(h, state.id.uuid(), version).await;

    // Its names are free, those too that shoppers knew it by.
    h.commit(new_product(h, first)).await.unwrap();
    h.commit(new_product(h, second)).await.unwrap();
    let again = h.product(product(h)).await;
    h.commit(new_variant(h, again.id, sold.content)).await.unwrap();
    let found = h
        .products
        .find(&ProductRef::Id(bystander.id), false)
        .await
        .unwrap();
    assert_eq!(found, Some(bystander));
    // Who is late meets nothing.
    let late = edit_product(&by_now, |p| p.delete(h.now()).unwrap());
    assert_eq!(stale(h.commit(late).await), ("product", state.id.uuid()));
}

/// Of the product the log has one entry, without a state.
async fn tells(h: &Harness, id: uuid::Uuid, version: i64) {
    let log = super::log::entries(h, 3).await;
    let of_it: Vec<_> = log.iter().filter(|entry| entry.root == id).collect();
    let [word] = of_it.as_slice() else {
        return assert_eq!(of_it.len(), 1, "{of_it:?}");
    };
    assert_eq!(
        (
            word.resource.as_str(),
            word.id,
            word.version,
            word.events.as_str()
        ),
        ("product", id, version, "erased")
    );
    assert_eq!(word.before, None);
    // Id, version and time, and nothing that was said of it.
    assert!(word.after.contains(&id.to_string()), "{}", word.after);
    assert!(word.after.contains("updatedAt"), "{}", word.after);
    assert_eq!(word.after.matches(':').count(), 3 + 2, "{}", word.after);
}

pub async fn is_refused_while_others_name_it(h: &Harness) {
    let state = h.product(product(h)).await;
    let naming = ProductContent {
        relations: vec![Relation {
            kind: RelationKind::UpSell,
            product: state.id,
        }],
        ..product(h)
    };
    let other = h.product(naming).await;
    let refused = h.commit(erased(h, &state)).await;
    let Err(StoreError::Conflict(conflict)) = refused else {
        return assert!(refused.is_err(), "it is named");
    };
    assert_eq!(conflict.rule, ConflictRule::ProductReferenced);
    let affected = conflict.affected.unwrap();
    assert_eq!((affected.count, affected.sample), (1, vec![other.id.uuid()]));
    // Both at once leave nobody behind.
    h.commit(vec![erased(h, &state), erased(h, &other)])
        .await
        .unwrap();
    let left = super::publishing::page_of_all();
    let left = h.products.list(&ProductFilter::default(), &left).await.unwrap();
    assert_eq!(left.items, []);

    // One that is deleted does not count.
    let state = h.product(product(h)).await;
    let naming = ProductContent {
        relations: vec![Relation {
            kind: RelationKind::UpSell,
            product: state.id,
        }],
        ..product(h)
    };
    let other = h.product(naming).await;
    let gone = h.edited(&other, |p| p.delete(h.now()).unwrap()).await;
    h.commit(erased(h, &state)).await.unwrap();
    h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
}
