//! What publishing copies, and what is staged until then.

use domain::product::{Product, ProductContent, ProductState, Variant};
use domain::value::{Sku, Text};
use domain::{ProductId, RuleError, Timestamp};

use super::super::fixtures::{
    edit_product, edit_variant, full_product, full_variant, key, new_variant, product, renamed, slug, text,
    variant,
};
use super::{
    BY_ID, a_channel, by_slug, edited, go_live, listed, page, publish, published, revised, seen, stored,
    visit,
};
use crate::store::Changes;
use crate::storefront::{StoreFilter, StoreProduct, StoreRef};
use crate::testing::Harness;

pub async fn only_published_copies_are_seen(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let shelf = h.category(None).await;
    let other_shelf = h.category(None).await;
    let content = full_product(h, shelf.id);
    let mug = h.product(content.clone()).await;
    let large = h.variant(mug.id, full_variant(h)).await;
    let names = |content: &ProductContent| {
        let (_, slug) = content.slug.iter().next().unwrap();
        [
            StoreRef::Key(content.key.clone().unwrap()),
            StoreRef::Slug(slug.clone(), vec![]),
        ]
    };
    let filter = |content: &ProductContent| StoreFilter {
        category: content.categories.first().copied(),
        brand: content.brand.as_ref().map(ToString::to_string),
        tag: content.tags.first().map(ToString::to_string),
    };
    assert_eq!(seen(h, mug.id, &web).await, None, "a draft");
    for name in names(&content) {
        assert_eq!(h.storefront.find(&name, &web).await.unwrap(), None);
    }
    assert_eq!(listed(h, &StoreFilter::default(), &web).await, []);

    let live = go_live(h, mug.id).await;
    let copy = StoreProduct {
        product: live.clone(),
        variants: vec![large.clone()],
        until: None,
        moved: false,
    };
    assert_eq!(seen(h, mug.id, &web).await, Some(copy.clone()));

    // Everything about it changes, and nothing of that is seen.
    let staged = edited(h, mug.id, |c| {
        *c = ProductContent {
            key: key("other"),
            name: text("Other"),
            slug: slug("other"),
            brand: Some(Text::parse("Other").unwrap()),
            tags: vec![Text::parse("other").unwrap()],
            categories: vec![other_shelf.id],
            description: None,
            ..c.clone()
        };
    })
    .await;
    h.commit(revised(h, &large, |c| c.sku = Sku::parse("other").unwrap()))
        .await
        .unwrap();
    let small = super::super::fixtures::with_options(variant(h), &[("size", "S"), ("colour", "red")]);
    let small = h.variant(mug.id, small).await;
    assert_eq!(seen(h, mug.id, &web).await, Some(copy.clone()));
    for name in names(&content) {
        assert_eq!(h.storefront.find(&name, &web).await.unwrap(), Some(copy.clone()));
    }
    for name in names(&staged.content) {
        assert_eq!(h.storefront.find(&name, &web).await.unwrap(), None);
    }
    assert_eq!(listed(h, &filter(&content), &web).await, [mug.id]);
    assert_eq!(listed(h, &filter(&staged.content), &web).await, []);

    let live = go_live(h, mug.id).await;
    let copy = seen(h, mug.id, &web).await.unwrap();
    assert_eq!(copy.product, live);
    let skus: Vec<_> = copy.variants.iter().map(|v| v.content.sku.as_str()).collect();
    assert_eq!(skus, [small.content.sku.as_str(), "other"], "in their order");
    assert_eq!(listed(h, &filter(&content), &web).await, []);
    assert_eq!(listed(h, &filter(&live.content), &web).await, [mug.id]);
    assert_eq!(
        h.storefront.find(&names(&content)[0], &web).await.unwrap(),
        None,
        "the former key"
    );
}

pub async fn what_is_staged_is_known(h: &Harness) {
    let mug = published(h, product(h)).await;
    let is_staged = async || {
        let single = stored(h, mug.id).await;
        let view = h.products.view(mug.id).await.unwrap().unwrap().product;
        assert_eq!(view, single);
        let page = h
            .products
            .list(&crate::product::ProductFilter::default(), &page(200, BY_ID))
            .await
            .unwrap();
        assert!(page.items.contains(&single));
        filtered(h, &single).await;
        single.has_unpublished_changes()
    };
    assert!(!is_staged().await);
    let before = mug.content.clone();
    edited(h, mug.id, |c| c.name = text("Other")).await;
    assert!(is_staged().await);
    assert_eq!(
        stored(h, mug.id).await.staged.live.as_deref(),
        Some(&before),
        "what is live is at hand"
    );
    let staged = stored(h, mug.id).await;
    edited(h, mug.id, |c| c.name = before.name.clone()).await;
    assert!(!is_staged().await, "the same again is no change");
    assert!(staged.has_unpublished_changes());

    let first = h.variant(mug.id, variant(h)).await;
    assert!(is_staged().await, "a new variant");
    let live = go_live(h, mug.id).await;
    assert!(!is_staged().await);
    let change = revised(h, &first, |c| c.position = 7);
    let moved = change.after.clone();
    h.commit(change).await.unwrap();
    assert!(is_staged().await, "an edited variant");
    h.commit(revised(h, &moved, |c| c.position = 0)).await.unwrap();
    assert!(!is_staged().await, "and back");
    let now = h.products.variants_of(&[mug.id]).await.unwrap();
    let gone = edit_variant(&now[0], |v| v.delete(h.now()).unwrap());
    let state = gone.after.clone();
    h.commit(gone).await.unwrap();
    assert!(!is_staged().await, "a deletion is not held back");
    h.commit(edit_variant(&state, |v| v.restore(h.now()).unwrap()))
        .await
        .unwrap();
    assert!(is_staged().await, "a restoration is");
    let gone = h.edited(&live, |p| p.delete(h.now()).unwrap()).await;
    filtered(h, &stored(h, gone.id).await).await;
    let back = h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
    assert!(is_staged().await, "what was staged comes back staged");
    let draft = h.edited(&back, |p| p.unpublish(h.now()).unwrap()).await;
    assert!(draft.has_unpublished_changes(), "nothing is live");
    assert!(is_staged().await);
    go_live(h, mug.id).await;
    assert!(!is_staged().await);
}

/// The list's filter says of a product what the product says of itself.
async fn filtered(h: &Harness, product: &ProductState) {
    for wanted in [true, false] {
        let filter = crate::product::ProductFilter {
            has_unpublished_changes: Some(wanted),
            deleted: product.record.deleted_at.is_some(),
            ..Default::default()
        };
        let found = h.products.list(&filter, &page(200, BY_ID)).await.unwrap();
        let is_there = found.items.iter().any(|p| p.id == product.id);
        assert_eq!(is_there, product.has_unpublished_changes() == wanted, "{wanted}");
    }
}

type Step = fn(&mut Product, Timestamp) -> Result<(), RuleError>;

pub async fn what_goes_goes_at_once(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let mug = h.product(product(h)).await;
    let first = h.variant(mug.id, variant(h)).await;
    let live = go_live(h, mug.id).await;
    edited(h, mug.id, |c| c.name = text("Staged")).await;
    let visible = async || {
        let copy = seen(h, mug.id, &web).await;
        assert_eq!(
            listed(h, &StoreFilter::default(), &web).await.len(),
            usize::from(copy.is_some())
        );
        copy.map(|copy| (copy.product.content.name, copy.variants.len()))
    };
    let name = live.content.name.clone();
    assert_eq!(visible().await, Some((name.clone(), 1)));
    // A deleted product comes back as it was seen, with what was staged still staged.
    let state = stored(h, mug.id).await;
    let gone = h.edited(&state, |p| p.delete(h.now()).unwrap()).await;
    assert_eq!(visible().await, None);
    assert_eq!(stored(h, mug.id).await, gone);
    let back = h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
    assert_eq!(visible().await, Some((name.clone(), 1)));
    assert_eq!(stored(h, mug.id).await, back);
    assert!(back.has_unpublished_changes());
    h.commit(edit_variant(&first, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    assert_eq!(visible().await, Some((name, 0)));
    let steps: [(Step, Option<Step>); 2] = [
        (Product::unpublish, None),
        (Product::archive, Some(Product::restore)),
    ];
    for (leave, come_back) in steps {
        let state = stored(h, mug.id).await;
        let mut off = h.edited(&state, |p| leave(p, h.now()).unwrap()).await;
        assert_eq!(visible().await, None);
        if let Some(come_back) = come_back {
            off = h.edited(&off, |p| come_back(p, h.now()).unwrap()).await;
            assert_eq!(visible().await, None);
        }
        h.edited(&off, |p| p.publish(h.now()).unwrap()).await;
        assert_eq!(visible().await, Some((text("Staged"), 0)));
    }
    // A draft that is deleted and comes back is still none of the shoppers' business.
    let draft = h.product(product(h)).await;
    let gone = h.edited(&draft, |p| p.delete(h.now()).unwrap()).await;
    h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
    assert_eq!(seen(h, draft.id, &web).await, None);
}

pub async fn publication_and_edits_take_turns(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let mug = h.product(product(h)).await;
    let sold = h.variant(mug.id, variant(h)).await;
    go_live(h, mug.id).await;
    let mut sold = sold;
    for round in 1..15 {
        let state = stored(h, mug.id).await;
        let mut go = Product::load(state.clone());
        go.stage_variants();
        go.publish(h.now()).unwrap();
        let change = revised(h, &sold, |c| c.position = round);
        let after = change.after.clone();
        let (publication, edit, rename) = futures::join!(
            h.commit(go.into_change().unwrap()),
            h.commit(change),
            h.commit(renamed(&state, h, &format!("Mug {round}")))
        );
        edit.unwrap();
        assert!(publication.is_ok() != rename.is_ok(), "of two versions one wins");
        let before = sold;
        sold = after;
        // Whatever was quicker: what is seen was committed, and what is not seen is known to be staged.
        let copy = seen(h, mug.id, &web).await.unwrap();
        let now = stored(h, mug.id).await;
        let position = copy.variants[0].content.position;
        assert!([before.content.position, round].contains(&position) || publication.is_err());
        assert_eq!(now.staged.variants, position != round, "{round}");
        assert_eq!(now.staged.live.is_some(), copy.product.content != now.content);
    }
    go_live_with_variants(h, mug.id).await;
    let copy = seen(h, mug.id, &web).await.unwrap();
    assert_eq!(copy.variants, [sold]);
    assert!(!stored(h, mug.id).await.has_unpublished_changes());
}

async fn go_live_with_variants(h: &Harness, id: ProductId) {
    let state = stored(h, id).await;
    if state.has_unpublished_changes() {
        h.commit(publish(h, &state)).await.unwrap();
    }
}

pub async fn many_go_live_in_one_commit(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let mut changes = Changes::default();
    for _ in 0..30 {
        let mut new = Product::create(ProductId::new(h.id()), product(h), h.now());
        new.publish(h.now()).unwrap();
        let change = new.into_change().unwrap();
        changes.variants.push(new_variant(h, change.after.id, variant(h)));
        changes.products.push(change);
    }
    let ids: Vec<_> = changes.products.iter().map(|c| c.after.id).collect();
    h.commit(changes).await.unwrap();
    assert_eq!(listed(h, &StoreFilter::default(), &web).await, ids);
    // Two that swap their slugs go live together.
    let (a, b) = (stored(h, ids[0]).await, stored(h, ids[1]).await);
    let says = |state: &ProductState, slug: &ProductState| {
        let content = ProductContent {
            slug: slug.content.slug.clone(),
            ..state.content.clone()
        };
        edit_product(state, |p| {
            p.revise(content, h.now()).unwrap();
            p.publish(h.now()).unwrap();
        })
    };
    h.commit(vec![says(&a, &b), says(&b, &a)]).await.unwrap();
    let (_, slug) = a.content.slug.iter().next().unwrap();
    let copy = h
        .storefront
        .find(&by_slug(slug.as_str()), &web)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((copy.product.id, copy.moved), (b.id, false));
    // A variant that is deleted with the publication is not in the copy.
    let variants = h.products.variants_of(&[ids[2]]).await.unwrap();
    let mut variant = Variant::load(variants[0].clone());
    variant.delete(h.now()).unwrap();
    let changes = Changes {
        variants: variant.into_change().into_iter().collect(),
        products: vec![edit_product(&stored(h, ids[2]).await, |p| {
            p.stage_variants();
            p.publish(h.now()).unwrap();
        })],
        ..Changes::default()
    };
    h.commit(changes).await.unwrap();
    assert_eq!(seen(h, ids[2], &web).await.unwrap().variants, []);
}
