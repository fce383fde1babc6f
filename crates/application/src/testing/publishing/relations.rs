//! Products that are related to one another.

use domain::ProductId;
use domain::product::{ProductContent, Relation, RelationKind};

use super::super::fixtures::{new_product, product, text, variant};
use super::{a_channel, edited, go_live, published, stored, visit};
use crate::product::ProductRef;
use crate::store::StoreError;
use crate::testing::Harness;

pub async fn related_products_are_there_when_they_are_named(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let lid = published(h, product(h)).await;
    let related = |id: ProductId| Relation {
        kind: RelationKind::Accessory,
        product: id,
    };
    let with = |ids: &[ProductId]| ProductContent {
        relations: ids.iter().copied().map(related).collect(),
        ..product(h)
    };
    let never = new_product(h, product(h)).after.id;
    let lost = h.commit(new_product(h, with(&[lid.id, never]))).await;
    assert!(matches!(lost, Err(StoreError::ReferenceGone)), "{lost:?}");
    // Two that are new together may name one another.
    let (mut one, two) = (new_product(h, product(h)), new_product(h, with(&[lid.id])));
    one.after.content.relations = vec![related(two.after.id)];
    let ids = [one.after.id, two.after.id];
    h.commit(vec![one, two]).await.unwrap();
    // One that is deleted stays named, and is not shown; named anew it is not there.
    let mug = published(h, with(&[lid.id, ids[0]])).await;
    let state = stored(h, lid.id).await;
    h.edited(&state, |p| p.delete(h.now()).unwrap()).await;
    edited(h, mug.id, |c| c.name = text("Still")).await;
    let lost = h.commit(new_product(h, with(&[lid.id]))).await;
    assert!(matches!(lost, Err(StoreError::ReferenceGone)), "{lost:?}");
    let named: Vec<_> = mug.content.relations.iter().map(|r| r.product).collect();
    assert_eq!(h.storefront.among(&named, &web, None, 10).await.unwrap(), []);
    let refs = [
        ProductRef::Id(lid.id),
        ProductRef::Id(ids[0]),
        ProductRef::Id(never),
    ];
    assert_eq!(h.products.among(&refs).await.unwrap(), [None, Some(ids[0]), None]);
}

pub async fn related_products_keep_their_places(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let mut ids = Vec::new();
    for n in 0..7 {
        let state = h.product(product(h)).await;
        h.variant(state.id, variant(h)).await;
        if n % 3 != 1 {
            go_live(h, state.id).await;
        }
        ids.push(state.id);
    }
    ids.reverse();
    ids.push(ids[0]);
    let visible = [0_usize, 1, 3, 4, 6, 7];
    let mut places = Vec::new();
    let mut after = None;
    loop {
        let some = h.storefront.among(&ids, &web, after, 2).await.unwrap();
        let Some((last, _)) = some.last() else { break };
        after = Some(*last);
        for (place, copy) in some {
            assert_eq!((copy.product.id, copy.variants.len()), (ids[place], 1));
            places.push(place);
        }
    }
    assert_eq!(places, visible);
    let names: Vec<_> = ids.iter().map(|id| ProductRef::Id(*id)).collect();
    let found: Vec<_> = ids.iter().copied().map(Some).collect();
    assert_eq!(h.products.among(&names).await.unwrap(), found);
}
