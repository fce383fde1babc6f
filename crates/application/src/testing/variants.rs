//! The rules between variants and their product.

use domain::ProductId;
use domain::product::{ProductContent, VariantContent, VariantState, option_axes};
use domain::value::Text;

use super::fixtures::{
    edit_product, edit_variant, new_product, new_variant, product, renamed, variant, with_options,
};
use super::{Harness, rule, stale};
use crate::product::VariantRef;
use crate::store::{Changes, ConflictRule};

fn with_axes(content: ProductContent, axes: &[&str]) -> ProductContent {
    ProductContent {
        option_axes: option_axes(axes.iter().map(|a| Text::parse(*a).unwrap()).collect()).unwrap(),
        ..content
    }
}

async fn find(h: &Harness, variant: &VariantState) -> Option<VariantState> {
    h.variants.find(&VariantRef::Id(variant.id), false).await.unwrap()
}

pub async fn go_and_come_back_with_their_product(h: &Harness) {
    let shirt = h.product(with_axes(product(h), &["size"])).await;
    let small = h
        .variant(shirt.id, with_options(variant(h), &[("size", "S")]))
        .await;
    let large = h
        .variant(shirt.id, with_options(variant(h), &[("size", "L")]))
        .await;
    h.commit(edit_variant(&large, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let deleted = h.edited(&shirt, |p| p.delete(h.now()).unwrap()).await;
    assert_eq!(find(h, &small).await, None);
    let gone = h
        .variants
        .find(&VariantRef::Id(small.id), true)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(gone.record.deleted_at, deleted.record.deleted_at);
    assert_eq!(
        stale(
            h.commit(edit_variant(&small, |v| v.delete(h.now()).unwrap()))
                .await
        )
        .0,
        "variant"
    );
    h.edited(&deleted, |p| p.restore(h.now()).unwrap()).await;
    assert_eq!(find(h, &small).await, Some(small));
    assert_eq!(
        find(h, &large).await,
        None,
        "what was deleted before stays deleted"
    );
}

pub async fn need_a_living_product(h: &Harness) {
    let never = ProductId::new(h.id());
    assert_eq!(
        stale(h.commit(new_variant(h, never, variant(h))).await),
        ("product", never.uuid())
    );
    let shirt = h.product(product(h)).await;
    let small = h.variant(shirt.id, variant(h)).await;
    let without = edit_variant(&small, |v| v.delete(h.now()).unwrap());
    let unsold = without.after.clone();
    h.commit(without).await.unwrap();
    h.edited(&shirt, |p| p.delete(h.now()).unwrap()).await;
    assert_eq!(
        stale(h.commit(new_variant(h, shirt.id, variant(h))).await).0,
        "product"
    );
    let restore = edit_variant(&unsold, |v| v.restore(h.now()).unwrap());
    assert_eq!(stale(h.commit(restore).await).0, "product");
    // A deletion and an addition at the same time leave no living variant behind.
    for _ in 0..10 {
        let shirt = h.product(product(h)).await;
        let addition = new_variant(h, shirt.id, variant(h));
        let id = addition.after.id;
        let deletion = edit_product(&shirt, |p| p.delete(h.now()).unwrap());
        let (added, deleted) = futures::join!(h.commit(addition), h.commit(deletion));
        deleted.unwrap();
        assert!(added.is_ok() || stale(added).0 == "product");
        assert_eq!(h.variants.find(&VariantRef::Id(id), false).await.unwrap(), None);
    }
}

pub async fn fit_the_axes_of_their_product(h: &Harness) {
    let shirt = h.product(with_axes(product(h), &["size", "colour"])).await;
    let misfits: [&[(&str, &str)]; 3] = [&[], &[("size", "S")], &[("size", "S"), ("shape", "V")]];
    for options in misfits {
        let misfit = new_variant(h, shirt.id, with_options(variant(h), options));
        assert_eq!(rule(h.commit(misfit).await), ConflictRule::OptionAxes);
    }
    let fit = with_options(variant(h), &[("colour", "red"), ("size", "S")]);
    let fit = h.variant(shirt.id, fit).await;
    let content = with_options(fit.content.clone(), &[("size", "S")]);
    let misfit = edit_variant(&fit, |v| v.revise(content, h.now()).unwrap());
    assert_eq!(rule(h.commit(misfit).await), ConflictRule::OptionAxes);
    // New axes and a variant with the old ones at the same time do not both get in.
    for n in 0..10 {
        let shirt = h.product(with_axes(product(h), &["size"])).await;
        let old = new_variant(h, shirt.id, with_options(variant(h), &[("size", &n.to_string())]));
        let content = with_axes(shirt.content.clone(), &["length"]);
        let change = edit_product(&shirt, |p| p.revise(content, h.now()).unwrap());
        let (a, b) = futures::join!(h.commit(old), h.commit(change));
        assert_eq!(rule(if a.is_ok() { b } else { a }), ConflictRule::OptionAxes);
    }
}

pub async fn change_with_their_products_axes(h: &Harness) {
    let shirt = h.product(with_axes(product(h), &["size", "colour"])).await;
    let red = h
        .variant(
            shirt.id,
            with_options(variant(h), &[("size", "S"), ("colour", "red")]),
        )
        .await;
    let reordered = with_axes(shirt.content.clone(), &["colour", "size"]);
    let shirt = h.edited(&shirt, |p| p.revise(reordered, h.now()).unwrap()).await;
    let content = with_axes(shirt.content.clone(), &["length"]);
    let change = edit_product(&shirt, |p| p.revise(content, h.now()).unwrap());
    assert_eq!(rule(h.commit(change.clone()).await), ConflictRule::OptionAxes);
    let content = with_options(red.content.clone(), &[("length", "long")]);
    let both = Changes {
        products: vec![change],
        variants: vec![edit_variant(&red, |v| v.revise(content, h.now()).unwrap())],
        ..Changes::default()
    };
    h.commit(both).await.unwrap();
}

pub async fn options_are_unique_within_a_product(h: &Harness) {
    let axes = |h: &Harness| with_axes(product(h), &["size"]);
    let (shirt, other) = (h.product(axes(h)).await, h.product(axes(h)).await);
    let small = |h: &Harness| with_options(variant(h), &[("size", &"S".repeat(255))]);
    let first = h.variant(shirt.id, small(h)).await;
    h.variant(other.id, small(h)).await;
    assert_eq!(
        rule(h.commit(new_variant(h, shirt.id, small(h))).await),
        ConflictRule::Options
    );
    h.commit(edit_variant(&first, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    h.variant(shirt.id, small(h)).await;
    let restore = edit_variant(
        &edit_variant(&first, |v| v.delete(first.record.updated_at).unwrap()).after,
        |v| v.restore(h.now()).unwrap(),
    );
    assert!(h.commit(restore).await.is_err());
}

pub async fn are_limited_in_number(h: &Harness) {
    let many = |of: ProductId, from: usize, to: usize| -> Vec<_> {
        let numbered = |n: usize| with_options(variant(h), &[("n", &n.to_string())]);
        (from..to).map(|n| new_variant(h, of, numbered(n))).collect()
    };
    let most = VariantContent::MAX_PER_PRODUCT;
    let shirt = h.product(with_axes(product(h), &["n"])).await;
    h.commit(many(shirt.id, 0, most - 1)).await.unwrap();
    let (a, b) = futures::join!(
        h.commit(many(shirt.id, most, most + 1)),
        h.commit(many(shirt.id, most + 1, most + 2))
    );
    assert_eq!(rule(if a.is_ok() { b } else { a }), ConflictRule::VariantLimit);
    let new = new_product(h, with_axes(product(h), &["n"]));
    let changes = Changes {
        variants: many(new.after.id, 0, most + 1),
        products: vec![new],
        ..Changes::default()
    };
    assert_eq!(rule(h.commit(changes).await), ConflictRule::VariantLimit);
    // Another edit of a full product is none of the limit's business.
    h.commit(renamed(&shirt, h, "Full")).await.unwrap();
}
