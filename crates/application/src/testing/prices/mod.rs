//! Prices, their lists, and which of them counts.

mod bulk;
mod resolution;

use domain::channel::{Channel, ChannelContent, ChannelState};
use domain::pricing::{
    Conditions, Price, PriceContent, PriceList, PriceListContent, PriceListState, PriceListStatus,
    PriceState, Quantity, Validity, base_list,
};
use domain::product::{VariantContent, VariantState};
use domain::value::{Country, Currency, Key, Metadata, Money};
use domain::{Change, ChannelId, PriceId, PriceListId, Timestamp, VariantId, value};

use super::fixtures::{channel, edit_variant, new_product, new_variant, product, text, variant};
use super::{Harness, conflict, rule, stale};
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::pricing::PriceFilter;
use crate::resource::ResourceRef;
use crate::store::{Changes, ConflictRule, StoreError};

pub use bulk::{are_upserted, are_upserted_all_or_nothing, are_upserted_by_the_thousands};
pub use resolution::{
    are_of_variants_by_every_name, are_resolved, are_shown_of_what_is_on_sale, write_and_resolve,
};

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

pub(super) fn edit_price(state: &PriceState, edit: impl FnOnce(&mut Price)) -> Change<PriceState> {
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

    /// Stores a new channel.
    pub async fn channel(&self, content: ChannelContent) -> ChannelState {
        let channel = Channel::create(ChannelId::new(self.id()), content, self.now());
        let state = channel.state().clone();
        self.commit(channel.into_change().unwrap()).await.unwrap();
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
            channels: vec![h.channel(channel(h)).await.id],
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
    assert_eq!(listed(h, of_list).await, std::slice::from_ref(&first));
    assert_eq!(listed(h, of_variant).await, std::slice::from_ref(&other));
    assert_eq!(listed(h, in_euros).await, std::slice::from_ref(&other));
    assert_eq!(
        listed(h, PriceFilter::default()).await,
        [first.clone(), other.clone()]
    );

    let revised = edit_price(&first, |p| {
        p.revise(content(5, Validity::ALWAYS), h.now()).unwrap();
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
        p.revise(content(2, Validity::ALWAYS), h.now()).unwrap();
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

pub async fn lists_and_channels_hold_each_other(h: &Harness) {
    let counting = |lists: Vec<PriceListId>| ChannelContent {
        price_lists: lists,
        ..channel(h)
    };
    let made_for = |channels: Vec<ChannelId>| PriceListContent {
        conditions: Conditions {
            channels,
            ..Conditions::default()
        },
        ..price_list(h, 1)
    };
    let never = PriceListId::new(h.id());
    let lost = Channel::create(ChannelId::new(h.id()), counting(vec![never]), h.now());
    gone(&h.commit(lost.into_change().unwrap()).await);
    let never = ChannelId::new(h.id());
    let lost = PriceList::create(PriceListId::new(h.id()), made_for(vec![never]), h.now());
    gone(&h.commit(lost.into_change().unwrap()).await);

    let list = h.price_list(price_list(h, 1)).await;
    let web = h.channel(counting(vec![base_list(), list.id])).await;
    let delete_list = |list: &PriceListState| h.commit(edit_list(list, |l| l.delete(h.now()).unwrap()));
    let delete_channel = || {
        let mut channel = Channel::load(web.clone());
        channel.delete(h.now()).unwrap();
        h.commit(channel.into_change().unwrap())
    };
    assert_eq!(rule(delete_list(&list).await), ConflictRule::PriceListInUse);
    let special = h.price_list(made_for(vec![web.id])).await;
    assert_eq!(rule(delete_channel().await), ConflictRule::ChannelInUse);
    delete_list(&special).await.unwrap();
    delete_channel().await.unwrap();
    delete_list(&list).await.unwrap();
}
