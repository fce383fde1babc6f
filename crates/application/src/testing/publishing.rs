//! What shoppers see: published copies, where and when they are listed, and nothing else.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use domain::channel::{Channel, ChannelContent, ChannelCurrencies, ChannelLocales, ChannelState};
use domain::product::{
    Listing, Product, ProductContent, ProductState, Relation, RelationKind, Variant, VariantContent,
    VariantState, Window,
};
use domain::value::{Currency, Key, Localized, Metadata, Sku, Slug, Text};
use domain::{Change, ChannelId, ProductId, RuleError, Timestamp};

use super::fixtures::{
    edit_product, edit_variant, full_product, full_variant, key, locale, new_product, new_variant, product,
    renamed, slug, text, variant,
};
use super::{Harness, conflict, rule};
use crate::category::CategoryRef;
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::product::ProductRef;
use crate::store::{Changes, ConflictRule, StoreError};
use crate::storefront::{StoreFilter, StoreProduct, StoreRef, Visit};

fn channel(h: &Harness) -> Change<ChannelState> {
    let (en, euro) = (locale("en"), Currency::parse("EUR").unwrap());
    let name = BTreeMap::from([(en.clone(), Text::parse("Web").unwrap())]);
    let content = ChannelContent {
        key: Key::parse(format!("channel-{}", h.number())).unwrap(),
        name: Localized::new(name).unwrap(),
        locales: ChannelLocales::new(vec![en.clone()], en, BTreeMap::new()).unwrap(),
        currencies: ChannelCurrencies::new(vec![euro], euro).unwrap(),
        countries: vec![],
        metadata: Metadata::default(),
    };
    Channel::create(ChannelId::new(h.id()), content, h.now())
        .into_change()
        .unwrap()
}

async fn a_channel(h: &Harness) -> ChannelState {
    let change = channel(h);
    let state = change.after.clone();
    h.commit(change).await.unwrap();
    state
}

fn deleted(h: &Harness, state: &ChannelState) -> Change<ChannelState> {
    let mut channel = Channel::load(state.clone());
    channel.delete(h.now()).unwrap();
    channel.into_change().unwrap()
}

fn publish(h: &Harness, state: &ProductState) -> Change<ProductState> {
    edit_product(state, |p| p.publish(h.now()).unwrap())
}

/// What is stored, with what is staged.
async fn stored(h: &Harness, id: ProductId) -> ProductState {
    let found = h.products.find(&ProductRef::Id(id), true).await.unwrap();
    found.unwrap()
}

async fn published(h: &Harness, content: ProductContent) -> ProductState {
    let state = h.product(content).await;
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await
}

/// Publishes what is stored.
async fn go_live(h: &Harness, id: ProductId) -> ProductState {
    let state = stored(h, id).await;
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await
}

fn revised(
    h: &Harness,
    state: &VariantState,
    edit: impl FnOnce(&mut VariantContent),
) -> Change<VariantState> {
    let mut content = state.content.clone();
    edit(&mut content);
    edit_variant(state, |v| v.revise(content, h.now()).unwrap())
}

async fn edited(h: &Harness, id: ProductId, edit: impl FnOnce(&mut ProductContent)) -> ProductState {
    let state = stored(h, id).await;
    let mut content = state.content.clone();
    edit(&mut content);
    h.edited(&state, |p| p.revise(content, h.now()).unwrap()).await
}

fn now() -> Timestamp {
    Timestamp::from_timestamp_micros(1_850_000_000_000_000).unwrap()
}

fn visit(channel: &ChannelState) -> Visit {
    Visit {
        channel: channel.id,
        at: now(),
    }
}

async fn seen(h: &Harness, id: ProductId, visit: &Visit) -> Option<StoreProduct> {
    h.storefront.find(&StoreRef::Id(id), visit).await.unwrap()
}

fn page(limit: u32, sort: Sort) -> PageRequest {
    PageRequest {
        sort,
        after: None,
        limit,
        count: Count::Exact,
    }
}

const BY_ID: Sort = Sort {
    field: SortField::Id,
    descending: false,
};

async fn listed(h: &Harness, filter: &StoreFilter, visit: &Visit) -> Vec<ProductId> {
    let page = h.storefront.list(filter, visit, &page(200, BY_ID)).await.unwrap();
    assert_eq!(page.total.map(|t| t.items), Some(page.items.len() as u64));
    page.items.iter().map(|copy| copy.product.id).collect()
}

fn by_slug(slug: &str) -> StoreRef {
    StoreRef::Slug(Slug::parse(slug).unwrap(), vec![locale("en")])
}

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
    let small = super::fixtures::with_options(variant(h), &[("size", "S"), ("colour", "red")]);
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
    let draft = h.edited(&live, |p| p.unpublish(h.now()).unwrap()).await;
    assert!(draft.has_unpublished_changes(), "nothing is live");
}

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
    type Step = fn(&mut Product, Timestamp) -> Result<(), RuleError>;
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

fn window(from: Option<i64>, until: Option<i64>) -> Window {
    let at = |micros: i64| now() + TimeDelta::microseconds(micros);
    Window::new(from.map(at), until.map(at)).unwrap()
}

pub async fn listings_hold_to_the_instant(h: &Harness) {
    let (web, shop) = (a_channel(h).await, a_channel(h).await);
    let on = |channel: &ChannelState, from, until| Listing {
        channel: channel.id,
        window: window(from, until),
    };
    let at = |micros: i64| Visit {
        channel: web.id,
        at: now() + TimeDelta::microseconds(micros),
    };
    let of = |channels: Vec<Listing>| ProductContent {
        channels,
        ..product(h)
    };
    let everywhere = published(h, of(vec![])).await.id;
    let elsewhere = published(h, of(vec![on(&shop, None, None)])).await.id;
    let always = published(h, of(vec![on(&web, None, None)])).await.id;
    let later = published(h, of(vec![on(&shop, None, None), on(&web, Some(10), None)]))
        .await
        .id;
    let ends = published(h, of(vec![on(&web, None, Some(5))])).await.id;
    let season = published(h, of(vec![on(&web, Some(-3), Some(20))])).await.id;
    let all = [everywhere, elsewhere, always, later, ends, season];
    for (micros, visible, next) in [
        (-4, vec![everywhere, always, ends], Some(-3)),
        (-3, vec![everywhere, always, ends, season], Some(5)),
        (4, vec![everywhere, always, ends, season], Some(5)),
        (5, vec![everywhere, always, season], Some(10)),
        (9, vec![everywhere, always, season], Some(10)),
        (10, vec![everywhere, always, later, season], Some(20)),
        (20, vec![everywhere, always, later], None),
    ] {
        let visit = at(micros);
        assert_eq!(
            listed(h, &StoreFilter::default(), &visit).await,
            visible,
            "{micros}"
        );
        let among = h.storefront.among(&all, &visit, None, 200).await.unwrap();
        let among: Vec<_> = among.into_iter().map(|(_, copy)| copy.product.id).collect();
        assert_eq!(among, visible, "{micros}");
        for id in all {
            let copy = seen(h, id, &visit).await;
            assert_eq!(copy.is_some(), visible.contains(&id), "{micros} {id}");
        }
        let next = next.map(|micros| at(micros).at);
        assert_eq!(h.storefront.next_change(&visit).await.unwrap(), next, "{micros}");
    }
    assert_eq!(seen(h, ends, &at(0)).await.unwrap().until, Some(at(5).at));
    assert_eq!(seen(h, later, &at(11)).await.unwrap().until, None);
    assert_eq!(seen(h, everywhere, &at(0)).await.unwrap().until, None);
    // Where a product is listed is staged like all that it says.
    edited(h, always, |c| c.channels = vec![on(&shop, None, None)]).await;
    assert!(seen(h, always, &at(0)).await.is_some());
    go_live(h, always).await;
    assert!(seen(h, always, &at(0)).await.is_none());
}

pub async fn former_slugs_lead_on(h: &Harness) {
    let web = visit(&a_channel(h).await);
    let at = |slug: &str| ProductContent {
        slug: super::fixtures::slug(slug),
        ..product(h)
    };
    let found = async |slug: &str| {
        let copy = h.storefront.find(&by_slug(slug), &web).await.unwrap();
        copy.map(|copy| (copy.product.id, copy.moved))
    };
    let mug = published(h, at("one")).await.id;
    for (slug, former) in [("two", "one"), ("three", "two")] {
        edited(h, mug, |c| c.slug = super::fixtures::slug(slug)).await;
        assert_eq!(found(slug).await, None, "not yet");
        assert_eq!(found(former).await, Some((mug, false)));
        go_live(h, mug).await;
        assert_eq!(found(slug).await, Some((mug, false)));
    }
    assert_eq!(found("one").await, Some((mug, true)));
    assert_eq!(found("two").await, Some((mug, true)));
    // A slug that was never seen leads nowhere.
    edited(h, mug, |c| c.slug = super::fixtures::slug("four")).await;
    edited(h, mug, |c| c.slug = super::fixtures::slug("one")).await;
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
    edited(h, other, |c| c.slug = super::fixtures::slug("five")).await;
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
        slug: super::fixtures::slug("six"),
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

pub async fn channels_stay_while_products_are_listed(h: &Harness) {
    let (web, shop) = (a_channel(h).await, a_channel(h).await);
    let everywhere = |c: &ChannelState| Listing {
        channel: c.id,
        window: Window::default(),
    };
    let listed_on = |c: &ChannelState| ProductContent {
        channels: vec![everywhere(c)],
        ..product(h)
    };
    let never = channel(h).after;
    let lost = h.commit(new_product(h, listed_on(&never))).await;
    assert!(matches!(lost, Err(StoreError::ReferenceGone)), "{lost:?}");

    let mug = published(h, listed_on(&web)).await.id;
    assert_eq!(rule(h.commit(deleted(h, &web)).await), ConflictRule::Referenced);
    edited(h, mug, |c| c.channels = vec![everywhere(&shop)]).await;
    for channel in [&web, &shop] {
        let met = conflict(h.commit(deleted(h, channel)).await);
        assert_eq!(
            (met.rule, met.subject),
            (ConflictRule::Referenced, Some(channel.id.uuid())),
            "live or staged"
        );
    }
    go_live(h, mug).await;
    h.commit(deleted(h, &web)).await.unwrap();
    let lost = h.commit(new_product(h, listed_on(&web))).await;
    assert!(matches!(lost, Err(StoreError::ReferenceGone)), "{lost:?}");
    let state = stored(h, mug).await;
    let gone = h.edited(&state, |p| p.delete(h.now()).unwrap()).await;
    h.commit(deleted(h, &shop)).await.unwrap();
    let restored = h
        .commit(edit_product(&gone, |p| p.restore(h.now()).unwrap()))
        .await;
    assert!(matches!(restored, Err(StoreError::ReferenceGone)), "{restored:?}");
    // Deletion and reference at the same time do not both get in.
    for _ in 0..10 {
        let channel = a_channel(h).await;
        let (reference, deletion) = futures::join!(
            h.commit(new_product(h, listed_on(&channel))),
            h.commit(deleted(h, &channel))
        );
        match (reference, deletion) {
            (Ok(()), deletion) => assert_eq!(rule(deletion), ConflictRule::Referenced),
            (reference, Ok(())) => assert!(matches!(reference, Err(StoreError::ReferenceGone))),
            other => assert!(other.0.is_ok(), "{other:?}"),
        }
    }
    // Neither does a category go that shoppers still see a product in.
    let shelf = h.category(None).await;
    let cup = published(
        h,
        ProductContent {
            categories: vec![shelf.id],
            ..product(h)
        },
    )
    .await
    .id;
    edited(h, cup, |c| c.categories.clear()).await;
    let delete = || super::fixtures::edit_category(&shelf, |c| c.delete(h.now()).unwrap());
    assert_eq!(rule(h.commit(delete()).await), ConflictRule::Referenced);
    go_live(h, cup).await;
    h.commit(delete()).await.unwrap();
    let found = h
        .categories
        .find(&CategoryRef::Id(shelf.id), false)
        .await
        .unwrap();
    assert!(found.is_none());
}

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

pub async fn lists_visit_every_copy_once(h: &Harness) {
    let channel = a_channel(h).await;
    let web = visit(&channel);
    let mut expected = Vec::new();
    for n in 0..11 {
        let state = h.product(product(h)).await;
        for _ in 0..n % 3 {
            let mut content = variant(h);
            content.position = n;
            let content = super::fixtures::with_options(content, &[]);
            if h.products.variants_of(&[state.id]).await.unwrap().is_empty() {
                h.variant(state.id, content).await;
            }
        }
        if n % 4 != 3 {
            expected.push(state.id);
        }
    }
    // Published in another order than created.
    for id in expected.iter().rev() {
        go_live(h, *id).await;
    }
    for (field, descending) in [
        (SortField::Id, false),
        (SortField::Id, true),
        (SortField::UpdatedAt, false),
        (SortField::UpdatedAt, true),
    ] {
        let mut wanted = expected.clone();
        if (field == SortField::UpdatedAt) != descending {
            wanted.reverse();
        }
        let mut request = page(3, Sort { field, descending });
        let mut visited = Vec::new();
        loop {
            let page = h
                .storefront
                .list(&StoreFilter::default(), &web, &request)
                .await
                .unwrap();
            for copy in &page.items {
                let own = h.products.published_variants(copy.product.id).await.unwrap();
                assert_eq!(copy.variants, own);
            }
            visited.extend(page.items.iter().map(|copy| copy.product.id));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(visited, wanted, "{field:?} {descending}");
    }
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
