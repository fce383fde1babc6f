//! The rules between variants and their product.

use domain::product::{ProductContent, VariantContent, VariantState, option_axes};
use domain::value::{Gtin, Sku, Text};
use domain::{ProductId, VariantId};

use super::fixtures::{
    edit_product, edit_variant, new_product, new_variant, product, renamed, variant, with_options,
};
use super::{Harness, rule, stale};
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::product::{VariantFilter, VariantNames, VariantRef};
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

pub async fn are_looked_up_by_any_name(h: &Harness) {
    let (shirt, mug) = (h.product(product(h)).await, h.product(product(h)).await);
    let gtin = Gtin::parse("4006381333931").unwrap();
    let with_gtin = VariantContent {
        gtin: Some(gtin.clone()),
        ..variant(h)
    };
    let first = h.variant(shirt.id, with_gtin).await;
    let second = h.variant(mug.id, variant(h)).await;
    let gone = h.product(product(h)).await;
    let gone = h.variant(gone.id, variant(h)).await;
    h.commit(edit_variant(&gone, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let lookup = async |names: VariantNames| {
        let mut found = h.variants.lookup(&names).await.unwrap();
        found.sort_by_key(|v| v.id);
        found
    };
    let names = VariantNames {
        // One variant by all its names, and names that nobody has.
        skus: [&first, &second, &gone].map(|v| v.content.sku.clone()).to_vec(),
        gtins: vec![gtin, Gtin::parse("96385074").unwrap()],
        ids: vec![first.id, gone.id, VariantId::new(h.id())],
    };
    assert_eq!(lookup(names).await, [first.clone(), second.clone()]);
    let by_id = VariantNames {
        ids: vec![second.id],
        ..VariantNames::default()
    };
    assert_eq!(lookup(by_id).await, [second]);
    let nobody = VariantNames {
        skus: vec![Sku::parse("’; drop table variants").unwrap()],
        ..VariantNames::default()
    };
    assert_eq!(lookup(nobody).await, []);
    assert_eq!(lookup(VariantNames::default()).await, []);
}

pub async fn are_listed_in_order_and_filtered(h: &Harness) {
    let shirt = h.product(with_axes(product(h), &["n"])).await;
    let other = h.product(product(h)).await;
    h.variant(other.id, variant(h)).await;
    let mut made = Vec::new();
    for (n, (sku, position)) in [("B_1", 5), ("B%2", 1), ("b_1", 5), ("Bé1", 0)]
        .into_iter()
        .enumerate()
    {
        let content = VariantContent {
            sku: Sku::parse(sku).unwrap(),
            position,
            ..with_options(variant(h), &[("n", &n.to_string())])
        };
        made.push(h.variant(shirt.id, content).await);
    }
    let removed = with_options(variant(h), &[("n", "x")]);
    let removed = h.variant(shirt.id, removed).await;
    h.commit(edit_variant(&removed, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let all = VariantFilter::of(shirt.id);
    let list = async |filter: &VariantFilter, descending: bool, limit: u32| {
        let sort = Sort {
            field: SortField::Position,
            descending,
        };
        let mut request = PageRequest {
            sort,
            after: None,
            limit,
            count: Count::None,
        };
        let mut skus = Vec::new();
        loop {
            let page = h.variants.list(filter, &request).await.unwrap();
            skus.extend(page.items.iter().map(|v| v.content.sku.to_string()));
            request.after = page.next;
            if page.next.is_none() {
                return skus;
            }
        }
    };
    for limit in [1, 3, 50] {
        assert_eq!(list(&all, false, limit).await, ["Bé1", "B%2", "B_1", "b_1"]);
        assert_eq!(list(&all, true, limit).await, ["b_1", "B_1", "B%2", "Bé1"]);
    }
    for (prefix, found) in [("B", 3), ("B_", 1), ("B%", 1), ("Bé1", 1), ("Bé12", 0), ("b", 1)] {
        let filter = VariantFilter {
            sku_prefix: Some(prefix.to_owned()),
            ..all.clone()
        };
        assert_eq!(list(&filter, false, 50).await.len(), found, "{prefix}");
    }
    let since = VariantFilter {
        updated_since: Some(made[2].record.updated_at),
        ..all.clone()
    };
    assert_eq!(list(&since, false, 50).await, ["Bé1", "b_1"]);
    let before = VariantFilter {
        updated_before: Some(made[1].record.updated_at),
        ..all.clone()
    };
    assert_eq!(list(&before, false, 50).await, ["B_1"]);
    let deleted = VariantFilter { deleted: true, ..all };
    assert_eq!(list(&deleted, false, 50).await, [removed.content.sku.to_string()]);
}

pub async fn exchange_their_names(h: &Harness) {
    let axes = option_axes(vec![Text::parse("n").unwrap()]).unwrap();
    let owner = ProductContent {
        option_axes: axes,
        ..product(h)
    };
    let owner = h.product(owner).await;
    let mut made = Vec::new();
    for (n, gtin) in [
        ("1", "4006381333931"),
        ("2", "9780201379624"),
        ("3", "5901234123457"),
    ] {
        let content = VariantContent {
            gtin: Some(Gtin::parse(gtin).unwrap()),
            key: super::fixtures::key(&format!("key-{n}")),
            ..with_options(variant(h), &[("n", n)])
        };
        made.push(h.variant(owner.id, content).await);
    }
    // Each takes all the names of the next.
    let rotated: Vec<_> = (0..3)
        .map(|n| {
            let content = made[(n + 1) % 3].content.clone();
            edit_variant(&made[n], |v| v.revise(content, h.now()).unwrap())
        })
        .collect();
    h.commit(rotated.clone()).await.unwrap();
    for change in &rotated {
        let found = h
            .variants
            .find(&VariantRef::Id(change.after.id), false)
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(&change.after));
    }
    // A name that an outsider has is still not free.
    let outsider = h.product(product(h)).await;
    let outsider = h.variant(outsider.id, variant(h)).await;
    let one = &rotated[0].after;
    let other = &rotated[1].after;
    let first = edit_variant(one, |v| {
        let mut content = v.state().content.clone();
        content.sku = outsider.content.sku.clone();
        v.revise(content, h.now()).unwrap();
    });
    let second = edit_variant(other, |v| {
        let mut content = v.state().content.clone();
        content.sku = one.content.sku.clone();
        v.revise(content, h.now()).unwrap();
    });
    let conflict = super::conflict(h.commit(vec![first, second]).await);
    assert_eq!(conflict.rule, ConflictRule::Sku);
    assert_eq!(conflict.existing, Some(outsider.id.uuid()));
    assert_eq!(conflict.subject, Some(one.id.uuid()));
}
