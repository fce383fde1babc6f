//! Where and when products are listed.

use chrono::TimeDelta;
use domain::channel::ChannelState;
use domain::product::{Listing, ProductContent, Window};

use super::super::fixtures::{edit_product, new_product, product, variant};
use super::super::{Harness, conflict, rule};
use super::{
    a_channel, channel, deleted, edited, go_live, listed, now, page, published, seen, stored, visit,
};
use crate::category::CategoryRef;
use crate::page::{Sort, SortField};
use crate::store::{ConflictRule, StoreError};
use crate::storefront::{StoreFilter, Visit};

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
    let delete = || super::super::fixtures::edit_category(&shelf, |c| c.delete(h.now()).unwrap());
    assert_eq!(rule(h.commit(delete()).await), ConflictRule::StillShown);
    go_live(h, cup).await;
    h.commit(delete()).await.unwrap();
    let found = h
        .categories
        .find(&CategoryRef::Id(shelf.id), false)
        .await
        .unwrap();
    assert!(found.is_none());
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
            let content = super::super::fixtures::with_options(content, &[]);
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
