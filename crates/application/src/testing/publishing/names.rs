//! Slugs, keys, SKUs and GTINs of what is published.

use std::collections::BTreeMap;

use domain::product::{ProductContent, VariantContent};
use domain::value::{Sku, Slug};

use super::super::fixtures::{full_variant, key, locale, product, slug, variant};
use super::super::{Harness, conflict};
use super::{a_channel, by_slug, edited, go_live, publish, published, revised, stored, visit};
use crate::store::ConflictRule;
use crate::storefront::StoreRef;

pub async fn former_slugs_lead_on(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let at = |slug: &str| ProductContent {
        slug: super::super::fixtures::slug(slug),
        ..product(h)
    };
    let found = async |slug: &str| {
        let copy = h.storefront.find(&by_slug(slug), &web).await.unwrap();
        copy.map(|copy| (copy.product.id, copy.moved))
    };
    let mug = published(h, at("one")).await.id;
    for (slug, former) in [("two", "one"), ("three", "two")] {
        edited(h, mug, |c| c.slug = super::super::fixtures::slug(slug)).await;
        assert_eq!(found(slug).await, None, "not yet");
        assert_eq!(found(former).await, Some((mug, false)));
        go_live(h, mug).await;
        assert_eq!(found(slug).await, Some((mug, false)));
    }
    assert_eq!(found("one").await, Some((mug, true)));
    assert_eq!(found("two").await, Some((mug, true)));
    // A slug that was never seen leads nowhere.
    edited(h, mug, |c| c.slug = super::super::fixtures::slug("four")).await;
    edited(h, mug, |c| c.slug = super::super::fixtures::slug("one")).await;
    go_live(h, mug).await;
    assert_eq!(found("four").await, None);
    assert_eq!(found("one").await, Some((mug, false)), "its own again");
    assert_eq!(found("three").await, Some((mug, true)));
    // Whoever has it now wins.
    let other = h.product(at("three")).await.id;
    assert_eq!(found("three").await, Some((mug, true)), "a draft has nothing");
    go_live(h, other).await;
    assert_eq!(found("three").await, Some((other, false)));
    // Of two that once had it, the last.
    edited(h, other, |c| c.slug = super::super::fixtures::slug("five")).await;
    go_live(h, other).await;
    assert_eq!(found("three").await, Some((other, true)));
    let state = stored(h, other).await;
    let gone = h.edited(&state, |p| p.delete(h.now()).unwrap()).await;
    assert_eq!(found("three").await, Some((mug, true)));
    assert_eq!(found("five").await, None);
    h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
    assert_eq!(found("five").await, Some((other, false)));
    let state = stored(h, other).await;
    let off = h.edited(&state, |p| p.unpublish(h.now()).unwrap()).await;
    assert_eq!(found("five").await, None);
    let renamed = ProductContent {
        slug: super::super::fixtures::slug("six"),
        ..off.content.clone()
    };
    h.edited(&off, |p| {
        p.revise(renamed, h.now()).unwrap();
        p.publish(h.now()).unwrap();
    })
    .await;
    assert_eq!(
        found("five").await,
        Some((other, true)),
        "history outlives a pause"
    );
    // The locales that are preferred decide between two that have a slug in one each.
    let german = slug_in("de", "doppelt");
    let (mug, other) = (
        published(h, at("doppelt")).await.id,
        published(
            h,
            ProductContent {
                slug: german,
                ..product(h)
            },
        )
        .await
        .id,
    );
    for (tag, id) in [("en", mug), ("de", other)] {
        let name = StoreRef::Slug(Slug::parse("doppelt").unwrap(), vec![locale(tag)]);
        let copy = h.storefront.find(&name, &web).await.unwrap().unwrap();
        assert_eq!(copy.product.id, id, "{tag}");
    }
}

fn slug_in(tag: &str, slug: &str) -> domain::value::LocalizedSlug {
    let slugs = BTreeMap::from([(locale(tag), Slug::parse(slug).unwrap())]);
    domain::value::LocalizedSlug::new(slugs).unwrap()
}

pub async fn names_are_unique_among_copies(h: &Harness) {
    let names = |n: u64| (format!("k-{n}"), format!("s-{n}"), format!("V {n}"));
    let (k, s, sku) = names(h.number());
    let gtin = full_variant(h).gtin;
    let first = h
        .product(ProductContent {
            key: key(&k),
            slug: slug(&s),
            ..product(h)
        })
        .await;
    let sold = h
        .variant(
            first.id,
            VariantContent {
                sku: Sku::parse(sku.clone()).unwrap(),
                gtin: gtin.clone(),
                ..variant(h)
            },
        )
        .await;
    go_live(h, first.id).await;
    // Its working copies give all names free, while shoppers still see them.
    edited(h, first.id, |c| {
        c.key = None;
        c.slug = slug("elsewhere");
    })
    .await;
    h.commit(revised(h, &sold, |c| {
        c.sku = Sku::parse("elsewhere").unwrap();
        c.gtin = None;
    }))
    .await
    .unwrap();
    let asked = [(locale("en"), Slug::parse(s.clone()).unwrap())];
    assert_eq!(h.store.taken_product_slugs(&asked).await.unwrap(), asked);

    let takers = [
        (
            ProductContent {
                key: key(&k),
                ..product(h)
            },
            variant(h),
            ConflictRule::ProductKey,
        ),
        (
            ProductContent {
                slug: slug(&s),
                ..product(h)
            },
            variant(h),
            ConflictRule::ProductSlug,
        ),
        (
            product(h),
            VariantContent {
                sku: Sku::parse(sku).unwrap(),
                ..variant(h)
            },
            ConflictRule::Sku,
        ),
        (
            product(h),
            VariantContent { gtin, ..variant(h) },
            ConflictRule::Gtin,
        ),
    ];
    for (content, variant, expected) in takers {
        let taker = h.product(content).await;
        let taken = h.variant(taker.id, variant).await;
        let met = conflict(h.commit(publish(h, &taker)).await);
        let parties = match expected {
            ConflictRule::ProductKey | ConflictRule::ProductSlug => (taker.id.uuid(), first.id.uuid()),
            _ => (taken.id.uuid(), sold.id.uuid()),
        };
        assert_eq!(
            (met.rule, met.subject, met.existing),
            (expected, Some(parties.0), Some(parties.1))
        );
        let state = stored(h, taker.id).await;
        h.edited(&state, |p| p.delete(h.now()).unwrap()).await;
    }
    // Once it is gone from the store too, the names are free.
    let again = h
        .product(ProductContent {
            key: key(&k),
            slug: slug(&s),
            ..product(h)
        })
        .await;
    go_live(h, first.id).await;
    h.commit(publish(h, &again)).await.unwrap();
}
