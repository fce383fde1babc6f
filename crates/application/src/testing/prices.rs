//! Prices, their lists, and which of them counts.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::pricing::{
    Conditions, Price, PriceContent, PriceList, PriceListContent, PriceListState, PriceListStatus,
    PriceState, Quantity, Reason, Validity, base_list,
};
use domain::product::{VariantContent, VariantState};
use domain::value::{Country, Currency, Gtin, Key, Metadata, Money, Sku};
use domain::{Change, PriceId, PriceListId, Timestamp, VariantId, value};

use super::fixtures::{edit_product, edit_variant, key, new_product, new_variant, product, text, variant};
use super::imports::support::writer;
use super::{Harness, conflict, context, rule, stale};
use crate::error::CatalogError;
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::pricing::{PriceFilter, PriceLine, Prices, Pricing, PricingContext, UpsertCounts};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::{Changes, ConflictRule, Receipt, StoreError};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(1_750_000_000_000_000 + micros).unwrap()
}

fn during(from: Option<i64>, until: Option<i64>) -> Validity {
    Validity::new(from.map(at), until.map(at)).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn euros(minor: i64) -> value::Price {
    value::Price::new(Money::from_minor(minor, currency("EUR")).unwrap(), None).unwrap()
}

pub fn content(minor: i64, validity: Validity) -> PriceContent {
    PriceContent {
        price: euros(minor),
        min_quantity: Quantity::ONE,
        validity,
    }
}

pub fn price_list(h: &Harness, priority: u32) -> PriceListContent {
    PriceListContent {
        key: Key::parse(format!("list-{}", h.number())).unwrap(),
        name: text("List"),
        priority,
        validity: Validity::ALWAYS,
        conditions: Conditions::default(),
        status: PriceListStatus::Active,
        metadata: Metadata::default(),
    }
}

fn new_price(h: &Harness, list: PriceListId, of: &VariantState, content: PriceContent) -> Change<PriceState> {
    let variant = (of.id, of.product);
    Price::create(PriceId::new(h.id()), list, variant, content, h.now())
        .into_change()
        .unwrap()
}

fn edit_price(state: &PriceState, edit: impl FnOnce(&mut Price)) -> Change<PriceState> {
    let mut price = Price::load(state.clone());
    edit(&mut price);
    price.into_change().unwrap()
}

fn edit_list(state: &PriceListState, edit: impl FnOnce(&mut PriceList)) -> Change<PriceListState> {
    let mut list = PriceList::load(state.clone());
    edit(&mut list);
    list.into_change().unwrap()
}

impl Harness {
    /// Stores a new price list.
    pub async fn price_list(&self, content: PriceListContent) -> PriceListState {
        let list = PriceList::create(PriceListId::new(self.id()), content, self.now());
        let state = list.state().clone();
        self.commit(list.into_change().unwrap()).await.unwrap();
        state
    }

    /// Stores a new price.
    pub async fn price(&self, list: PriceListId, of: &VariantState, content: PriceContent) -> PriceState {
        let change = new_price(self, list, of, content);
        let state = change.after.clone();
        self.commit(change).await.unwrap();
        state
    }

    /// Stores a variant with a product of its own.
    pub async fn sold(&self, content: VariantContent) -> VariantState {
        let product = self.product(product(self)).await;
        self.variant(product.id, content).await
    }
}

fn everything() -> PageRequest {
    PageRequest {
        sort: Sort {
            field: SortField::Id,
            descending: false,
        },
        after: None,
        limit: 200,
        count: Count::Exact,
    }
}

async fn listed(h: &Harness, filter: PriceFilter) -> Vec<PriceState> {
    let page = h.prices.list(&filter, &everything()).await.unwrap();
    assert_eq!(page.total.map(|total| total.items), Some(page.items.len() as u64));
    page.items
}

pub async fn are_kept(h: &Harness) {
    let base = ResourceRef::Key(Key::parse("base").unwrap());
    let base = h.price_lists.find(&base, false).await.unwrap().unwrap();
    assert_eq!((base.id, base.content.priority), (base_list(), 0));
    let full = PriceListContent {
        validity: during(Some(1), Some(2)),
        conditions: Conditions {
            channels: vec![domain::ChannelId::new(h.id())],
            countries: vec![Country::parse("AT").unwrap(), Country::parse("DE").unwrap()],
            customer_groups: vec![Key::parse("vip").unwrap()],
        },
        status: PriceListStatus::Inactive,
        ..price_list(h, 7)
    };
    let list = h.price_list(full).await;
    let found = h
        .price_lists
        .find(&ResourceRef::Id(list.id), false)
        .await
        .unwrap();
    assert_eq!(found, Some(list.clone()));

    let (mug, pot) = (h.sold(variant(h)).await, h.sold(variant(h)).await);
    let full = PriceContent {
        price: value::Price::new(
            Money::from_minor(1001, currency("KWD")).unwrap(),
            Some(Money::from_minor(1002, currency("KWD")).unwrap()),
        )
        .unwrap(),
        min_quantity: Quantity::new(12).unwrap(),
        validity: during(Some(0), Some(1)),
    };
    let first = h.price(list.id, &mug, full).await;
    assert_eq!(h.prices.find(first.id).await.unwrap(), Some(first.clone()));
    let other = h.price(base_list(), &pot, content(100, Validity::ALWAYS)).await;
    let of_list = PriceFilter {
        list: Some(list.id),
        ..PriceFilter::default()
    };
    let of_variant = PriceFilter {
        variant: Some(pot.id),
        ..PriceFilter::default()
    };
    let in_euros = PriceFilter {
        currency: Some(currency("EUR")),
        ..PriceFilter::default()
    };
    assert_eq!(listed(h, of_list).await, [first.clone()]);
    assert_eq!(listed(h, of_variant).await, [other.clone()]);
    assert_eq!(listed(h, in_euros).await, [other.clone()]);
    assert_eq!(
        listed(h, PriceFilter::default()).await,
        [first.clone(), other.clone()]
    );

    let revised = edit_price(&first, |p| {
        p.revise(content(5, Validity::ALWAYS), h.now()).unwrap()
    });
    h.commit(revised.clone()).await.unwrap();
    assert_eq!(
        h.prices.find(first.id).await.unwrap(),
        Some(revised.after.clone())
    );
    // The version that was loaded is not the stored one any more.
    let late = edit_price(&first, |p| p.delete(h.now()).unwrap());
    assert_eq!(stale(h.commit(late).await), ("price", first.id.uuid()));
    let deleted = edit_price(&revised.after, |p| p.delete(h.now()).unwrap());
    h.commit(deleted).await.unwrap();
    assert_eq!(h.prices.find(first.id).await.unwrap(), None);
    assert_eq!(listed(h, PriceFilter::default()).await, [other]);
    let view = h.products.view(mug.product).await.unwrap().unwrap();
    let before = view.revision;
    h.price(list.id, &mug, content(1, Validity::ALWAYS)).await;
    let view = h.products.view(mug.product).await.unwrap().unwrap();
    assert!(view.revision > before, "a price is news of its product");
}

pub async fn never_overlap(h: &Harness) {
    let mug = h.sold(variant(h)).await;
    let list = h.price_list(price_list(h, 1)).await.id;
    let first = h
        .price(list, &mug, content(100, during(Some(10), Some(20))))
        .await;
    for (from, until) in [
        (Some(10), Some(20)),
        (Some(0), Some(11)),
        (Some(19), Some(30)),
        (Some(12), Some(13)),
        (None, None),
        (None, Some(11)),
        (Some(19), None),
    ] {
        let change = new_price(h, list, &mug, content(90, during(from, until)));
        let id = change.after.id;
        let met = conflict(h.commit(change).await);
        assert_eq!(met.rule, ConflictRule::PriceOverlap, "{from:?} {until:?}");
        assert_eq!(
            (met.subject, met.existing),
            (Some(id.uuid()), Some(first.id.uuid()))
        );
    }
    // What only touches does not overlap, nor what is of something else.
    let before = h.price(list, &mug, content(1, during(None, Some(10)))).await;
    let after = h.price(list, &mug, content(2, during(Some(20), None))).await;
    h.price(base_list(), &mug, content(3, Validity::ALWAYS)).await;
    h.price(list, &h.sold(variant(h)).await, content(3, Validity::ALWAYS))
        .await;
    let of_ten = PriceContent {
        min_quantity: Quantity::new(10).unwrap(),
        ..content(4, Validity::ALWAYS)
    };
    h.price(list, &mug, of_ten).await;
    let yen = value::Price::new(Money::from_minor(5, currency("JPY")).unwrap(), None).unwrap();
    let in_yen = PriceContent {
        price: yen,
        ..content(0, Validity::ALWAYS)
    };
    h.price(list, &mug, in_yen).await;

    let revise = |state: &PriceState, validity| {
        edit_price(state, |p| p.revise(content(9, validity), h.now()).unwrap())
    };
    let into = revise(&after, during(Some(19), None));
    assert_eq!(rule(h.commit(into).await), ConflictRule::PriceOverlap);
    // In one commit times may pass from one to the other, but two may not take the same.
    let swapped = vec![
        revise(&before, during(Some(20), None)),
        revise(&after, during(None, Some(10))),
    ];
    h.commit(swapped).await.unwrap();
    let twins = vec![
        new_price(
            h,
            list,
            &mug,
            PriceContent {
                min_quantity: Quantity::new(2).unwrap(),
                ..content(1, Validity::ALWAYS)
            },
        ),
        new_price(
            h,
            list,
            &mug,
            PriceContent {
                min_quantity: Quantity::new(2).unwrap(),
                ..content(2, Validity::ALWAYS)
            },
        ),
    ];
    assert_eq!(rule(h.commit(twins).await), ConflictRule::PriceOverlap);
    // What is deleted is in nobody's way.
    let gone = edit_price(&first, |p| p.delete(h.now()).unwrap());
    let next = new_price(h, list, &mug, content(7, during(Some(10), Some(20))));
    h.commit(vec![next, gone]).await.unwrap();
}

pub async fn never_overlap_under_concurrency(h: &Harness) {
    for round in 0..20 {
        let mug = h.sold(variant(h)).await;
        let write = |from: i64| {
            h.commit(new_price(
                h,
                base_list(),
                &mug,
                content(from, during(Some(from), Some(from + 2))),
            ))
        };
        let (one, two) = futures::join!(write(round), write(round + 1));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert_eq!(
            rule(if one.is_ok() { two } else { one }),
            ConflictRule::PriceOverlap
        );
    }
}

#[track_caller]
fn gone(result: &Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::ReferenceGone)), "{result:?}");
}

pub async fn need_a_list_and_a_variant(h: &Harness) {
    let mug = h.sold(variant(h)).await;
    let never = PriceListId::new(h.id());
    let always = content(1, Validity::ALWAYS);
    gone(&h.commit(new_price(h, never, &mug, always)).await);
    let unknown = VariantState {
        id: VariantId::new(h.id()),
        ..mug.clone()
    };
    gone(&h.commit(new_price(h, base_list(), &unknown, always)).await);
    let list = h.price_list(price_list(h, 1)).await;
    h.commit(edit_list(&list, |l| l.delete(h.now()).unwrap()))
        .await
        .unwrap();
    gone(&h.commit(new_price(h, list.id, &mug, always)).await);

    let price = h.price(base_list(), &mug, always).await;
    h.commit(edit_variant(&mug, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    gone(
        &h.commit(new_price(h, base_list(), &mug, content(1, during(None, Some(1)))))
            .await,
    );
    let revised = edit_price(&price, |p| {
        p.revise(content(2, Validity::ALWAYS), h.now()).unwrap()
    });
    gone(&h.commit(revised).await);
    h.commit(edit_price(&price, |p| p.delete(h.now()).unwrap()))
        .await
        .unwrap();

    let pot = new_product(h, product(h));
    let of_pot = new_variant(h, pot.after.id, variant(h));
    let together = Changes {
        prices: vec![new_price(h, base_list(), &of_pot.after, always)],
        products: vec![pot],
        variants: vec![of_pot],
        ..Changes::default()
    };
    h.commit(together).await.unwrap();
}

pub async fn hold_their_list(h: &Harness) {
    let delete = |list: &PriceListState| h.commit(edit_list(list, |l| l.delete(h.now()).unwrap()));
    let base = ResourceRef::Id(base_list());
    let base = h.price_lists.find(&base, false).await.unwrap().unwrap();
    assert_eq!(rule(delete(&base).await), ConflictRule::PriceListInUse);

    let mug = h.sold(variant(h)).await;
    let list = h.price_list(price_list(h, 1)).await;
    let price = h.price(list.id, &mug, content(1, Validity::ALWAYS)).await;
    let held = conflict(delete(&list).await);
    assert_eq!(
        (held.rule, held.subject),
        (ConflictRule::PriceListInUse, Some(list.id.uuid()))
    );
    h.commit(edit_price(&price, |p| p.delete(h.now()).unwrap()))
        .await
        .unwrap();
    delete(&list).await.unwrap();

    for _ in 0..20 {
        let list = h.price_list(price_list(h, 1)).await;
        let (priced, deleted) = futures::join!(
            h.commit(new_price(h, list.id, &mug, content(1, Validity::ALWAYS))),
            delete(&list)
        );
        match priced {
            Ok(()) => assert_eq!(rule(deleted), ConflictRule::PriceListInUse),
            priced => {
                gone(&priced);
                deleted.unwrap();
            }
        }
    }
}

pub async fn are_of_variants_by_every_name(h: &Harness) {
    let named = VariantContent {
        key: key("mug"),
        sku: Sku::parse("MUG 1").unwrap(),
        gtin: Some(Gtin::parse("4006381333931").unwrap()),
        ..variant(h)
    };
    let mug = h.sold(named.clone()).await;
    let pot = h.sold(variant(h)).await;
    let references = [
        VariantRef::Id(pot.id),
        VariantRef::Key(named.key.clone().unwrap()),
        VariantRef::Sku(Sku::parse("mug 1").unwrap()),
        VariantRef::Sku(named.sku.clone()),
        VariantRef::Gtin(named.gtin.clone().unwrap()),
        VariantRef::Id(mug.id),
        VariantRef::Id(VariantId::new(h.id())),
        VariantRef::Id(mug.id),
    ];
    let of = |v: &VariantState| Some((v.id, v.product));
    let found = h.prices.variants(&references).await.unwrap();
    let expected = [
        of(&pot),
        of(&mug),
        None,
        of(&mug),
        of(&mug),
        of(&mug),
        None,
        of(&mug),
    ];
    assert_eq!(found, expected);
    h.commit(edit_variant(&mug, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let found = h.prices.variants(&references).await.unwrap();
    assert_eq!(found.into_iter().flatten().count(), 1);
}

fn prices(h: &Harness) -> Prices {
    Prices::new(writer(h).0, h.price_lists.clone(), h.prices.clone())
}

fn told(counts: &UpsertCounts, _: bool) -> Receipt {
    let UpsertCounts {
        created,
        updated,
        unchanged,
    } = counts;
    Receipt {
        status: 200,
        etag: None,
        location: None,
        body: format!("{created} {updated} {unchanged}").into(),
        replayed: false,
    }
}

async fn upsert(h: &Harness, list: &PriceListState, lines: &[PriceLine]) -> Result<String, CatalogError> {
    let list = ResourceRef::Id(list.id);
    let receipt = prices(h).upsert(&list, lines, &context(), &told).await?;
    Ok(String::from_utf8(receipt.body.to_vec()).unwrap())
}

fn line(of: &VariantState, minor: i64, validity: Validity) -> PriceLine {
    PriceLine {
        variant: VariantRef::Sku(of.content.sku.clone()),
        content: content(minor, validity),
    }
}

pub async fn are_upserted(h: &Harness) {
    let (mug, pot) = (h.sold(variant(h)).await, h.sold(variant(h)).await);
    let list = h.price_list(price_list(h, 1)).await;
    let lines = vec![
        line(&mug, 1, during(None, Some(10))),
        line(&mug, 2, during(Some(10), None)),
        line(&pot, 3, Validity::ALWAYS),
    ];
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "3 0 0");
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "0 0 3");
    let lines = vec![
        line(&mug, 1, during(None, Some(9))),
        line(&mug, 2, during(Some(10), None)),
        line(&mug, 4, during(Some(9), Some(10))),
        line(&pot, 5, Validity::ALWAYS),
    ];
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "1 2 1");
    let of_list = PriceFilter {
        list: Some(list.id),
        ..PriceFilter::default()
    };
    let versions: Vec<_> = listed(h, of_list)
        .await
        .into_iter()
        .map(|price| (price.content.price.amount().minor(), price.record.version))
        .collect();
    assert_eq!(
        versions.iter().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([(1, 2), (2, 1), (4, 1), (5, 2)])
    );
}

pub async fn are_upserted_all_or_nothing(h: &Harness) {
    let (mug, pot) = (h.sold(variant(h)).await, h.sold(variant(h)).await);
    let list = h.price_list(price_list(h, 1)).await;
    let lost = PriceLine {
        variant: VariantRef::Sku(Sku::parse("nowhere").unwrap()),
        content: content(1, Validity::ALWAYS),
    };
    let by_id = PriceLine {
        variant: VariantRef::Id(pot.id),
        content: content(9, during(None, Some(5))),
    };
    let lines = [
        line(&mug, 1, Validity::ALWAYS),
        lost,
        line(&pot, 1, Validity::ALWAYS),
        // The same variant under another name, and the same start: open.
        by_id,
    ];
    match upsert(h, &list, &lines).await {
        Err(CatalogError::Invalid(faults)) => {
            let faults: Vec<_> = faults
                .into_vec()
                .into_iter()
                .map(|f| (f.pointer, f.code))
                .collect();
            let expected = [
                ("/lines/1/variant", "reference_not_found"),
                ("/lines/3", "duplicate"),
            ];
            assert_eq!(faults, expected.map(|(p, c)| (p.to_owned(), c)));
        }
        other => super::panicked(&format!("{other:?}")),
    }
    let overlapping = |result: Result<String, CatalogError>| match result {
        Err(CatalogError::Conflict {
            rule: ConflictRule::PriceOverlap,
            pointer,
            existing,
        }) => (pointer, existing),
        other => super::panicked(&format!("{other:?}")),
    };
    let lines = [
        line(&pot, 1, Validity::ALWAYS),
        line(&mug, 1, during(Some(0), Some(11))),
        line(&mug, 2, during(Some(10), None)),
    ];
    assert_eq!(
        overlapping(upsert(h, &list, &lines).await),
        ("/lines/2/validFrom".to_owned(), None)
    );
    let stored = h.price(list.id, &mug, content(3, during(Some(5), Some(6)))).await;
    assert_eq!(
        overlapping(upsert(h, &list, &lines[..2]).await),
        ("/lines/1/validFrom".to_owned(), Some(stored.id.uuid()))
    );
    assert_eq!(listed(h, PriceFilter::default()).await, [stored]);
}

pub async fn are_upserted_by_the_thousands(h: &Harness) {
    let products: Vec<_> = (0..500).map(|_| new_product(h, product(h))).collect();
    let own = products.iter().map(|p| new_variant(h, p.after.id, variant(h)));
    let own: Vec<_> = own.collect();
    let variants: Vec<_> = own.iter().map(|c| c.after.clone()).collect();
    h.commit(Changes {
        products,
        variants: own,
        ..Changes::default()
    })
    .await
    .unwrap();
    let list = h.price_list(price_list(h, 1)).await;
    let lines = |minor: i64| {
        let days = 0..10;
        let of = |v: &VariantState| {
            days.clone()
                .map(|day| line(v, minor + day, during(Some(day), Some(day + 1))))
                .collect::<Vec<_>>()
        };
        variants.iter().flat_map(of).collect::<Vec<_>>()
    };
    assert_eq!(lines(0).len(), Prices::MAX_LINES);
    assert_eq!(upsert(h, &list, &lines(0)).await.unwrap(), "5000 0 0");
    assert_eq!(upsert(h, &list, &lines(1)).await.unwrap(), "0 5000 0");
}

/// Writes as many prices of new variants as are asked for by one request, and resolves them; what it takes to make the
/// variants is not read through the ports of pricing but written as one commit.
pub async fn write_and_resolve(h: &Harness, count: usize) {
    let products: Vec<_> = (0..count).map(|_| new_product(h, product(h))).collect();
    let own = products.iter().map(|p| new_variant(h, p.after.id, variant(h)));
    let own: Vec<_> = own.collect();
    let variants: Vec<_> = own.iter().map(|c| c.after.clone()).collect();
    h.commit(Changes {
        products,
        variants: own,
        ..Changes::default()
    })
    .await
    .unwrap();
    let lines: Vec<_> = variants.iter().map(|v| line(v, 100, Validity::ALWAYS)).collect();
    let list = ResourceRef::Id(base_list());
    prices(h).upsert(&list, &lines, &context(), &told).await.unwrap();
    let pricing = Pricing::new(h.prices.clone(), writer(h).1);
    let ids: Vec<_> = variants.iter().map(|v| v.id).collect();
    let resolved = pricing
        .resolve_many(&ids, &in_currency("EUR", at(0)))
        .await
        .unwrap();
    let amounts = resolved
        .values()
        .filter_map(|r| r.price.as_ref())
        .map(|p| p.price.amount().minor());
    assert_eq!(amounts.filter(|minor| *minor == 100).count(), count);
}

fn in_currency(code: &str, at: Timestamp) -> PricingContext {
    PricingContext {
        channel: None,
        channel_lists: Vec::new(),
        currency: currency(code),
        country: Some(Country::parse("AT").unwrap()),
        customer_groups: BTreeSet::new(),
        at: Some(at),
    }
}

pub async fn are_resolved(h: &Harness) {
    let (clock, start) = (writer(h).1, at(0));
    let pricing = Pricing::new(h.prices.clone(), clock);
    let carrying = {
        let mut prices = value::Prices::default();
        prices.add(euros(1000)).unwrap();
        VariantContent { prices, ..variant(h) }
    };
    let (mug, pot) = (h.sold(carrying).await, h.sold(variant(h)).await);
    let cost = async |v: &VariantState, context: &PricingContext| {
        let all = pricing.resolve_many(&[mug.id, pot.id], context).await.unwrap();
        let resolved = &all[&v.id];
        (
            resolved.price.as_ref().map(|p| p.price.amount().minor()),
            resolved.valid_until,
        )
    };
    let now = in_currency("EUR", start);
    assert_eq!(cost(&mug, &now).await, (Some(1000), None));
    assert_eq!(cost(&pot, &now).await, (None, None));
    assert_eq!(cost(&mug, &in_currency("JPY", start)).await, (None, None));

    h.price(base_list(), &mug, content(900, during(Some(10), Some(20))))
        .await;
    let sale = PriceListContent {
        conditions: Conditions {
            countries: vec![Country::parse("AT").unwrap()],
            ..Conditions::default()
        },
        validity: during(Some(15), None),
        ..price_list(h, 5)
    };
    let sale = h.price_list(sale).await;
    h.price(sale.id, &mug, content(800, during(None, Some(18)))).await;
    h.price(sale.id, &pot, content(500, Validity::ALWAYS)).await;
    let seen = async |v: &VariantState, micros: i64| cost(v, &in_currency("EUR", at(micros))).await;
    assert_eq!(seen(&mug, 0).await, (Some(1000), Some(at(10))));
    assert_eq!(seen(&mug, 10).await, (Some(900), Some(at(15))));
    assert_eq!(seen(&mug, 15).await, (Some(800), Some(at(18))));
    assert_eq!(seen(&mug, 18).await, (Some(900), Some(at(20))));
    assert_eq!(seen(&mug, 20).await, (Some(1000), None));
    assert_eq!(seen(&pot, 14).await, (None, Some(at(15))));

    let limited = PricingContext {
        channel_lists: vec![sale.id],
        ..in_currency("EUR", at(20))
    };
    assert_eq!(cost(&mug, &limited).await, (None, None));
    let lines = [(mug.id, Quantity::ONE)];
    let explained = pricing.resolve_lines(&lines, &limited, true).await.unwrap();
    let mut reasons: Vec<_> = explained[0]
        .candidates
        .iter()
        .map(|c| (c.price.amount().minor(), c.reason))
        .collect();
    reasons.sort_by_key(|(minor, _)| *minor);
    assert_eq!(
        reasons,
        [
            (800, Some(Reason::NoLongerValid)),
            (900, Some(Reason::ListNotInChannel)),
            (1000, Some(Reason::ListNotInChannel)),
        ]
    );
    h.commit(edit_variant(&mug, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    assert_eq!(
        cost(&mug, &in_currency("EUR", start + TimeDelta::days(1))).await,
        (None, None)
    );
}

pub async fn are_shown_of_what_is_on_sale(h: &Harness) {
    let draft = h.sold(variant(h)).await;
    let shown = h.product(product(h)).await;
    let on_sale = h.variant(shown.id, variant(h)).await;
    h.commit(edit_product(&shown, |p| p.publish(h.now()).unwrap()))
        .await
        .unwrap();
    let skus = [
        draft.content.sku.clone(),
        on_sale.content.sku.clone(),
        Sku::parse("nowhere").unwrap(),
    ];
    let found = h.prices.on_sale(&skus).await.unwrap();
    assert_eq!(found, [(on_sale.content.sku.clone(), on_sale.id)]);
}
