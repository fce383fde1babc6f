//! Prices as someone sees them.

use application::search::{Bound, FacetKind, ListPrice, PriceView};
use domain::pricing::{
    Circumstances, Conditions, PriceListContent, PriceListState, PriceListStatus, Validity, base_list,
};
use domain::value::{Currency, Key, Locale, Localized, Metadata, Text};
use domain::{PriceId, PriceListId, Record};

use super::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn list(id: PriceListId, priority: u32, groups: &[&str]) -> PriceListState {
    let name = [(Locale::parse("en").unwrap(), Text::parse("List").unwrap())];
    PriceListState {
        id,
        record: Record::new(instant(0)),
        content: PriceListContent {
            key: Key::parse("list").unwrap(),
            name: Localized::new(name.into()).unwrap(),
            priority,
            validity: Validity::ALWAYS,
            conditions: Conditions {
                customer_groups: groups.iter().map(|group| Key::parse(*group).unwrap()).collect(),
                ..Conditions::default()
            },
            status: PriceListStatus::Active,
            metadata: Metadata::default(),
        },
    }
}

fn members_list() -> PriceListId {
    PriceListId::new(Uuid::from_u128(7))
}

fn own(code: &str, minor: i64) -> ListPrice {
    ListPrice {
        list: base_list(),
        id: None,
        currency: currency(code),
        minor,
        validity: Validity::ALWAYS,
    }
}

fn in_list(minor: i64, from: Option<i64>, until: Option<i64>) -> ListPrice {
    ListPrice {
        list: members_list(),
        id: Some(PriceId::new(Uuid::from_u128(minor.unsigned_abs().into()))),
        currency: currency("EUR"),
        minor,
        validity: Validity::new(from.map(instant), until.map(instant)).unwrap(),
    }
}

fn priced(number: u128, prices: &[&[ListPrice]]) -> Document {
    let variants = (0..).zip(prices).map(|(place, prices)| VariantDocument {
        prices: prices.to_vec(),
        ..variant(number * 10 + place, &[])
    });
    product(number, &[], variants.collect())
}

fn view(code: &str, groups: &[&str], at: i64) -> PriceView {
    PriceView {
        currency: currency(code),
        circumstances: Circumstances {
            channel: None,
            channel_lists: Vec::new(),
            country: None,
            customer_groups: groups.iter().map(|group| Key::parse(*group).unwrap()).collect(),
            at: instant(at),
        },
        lists: Arc::new(vec![
            list(base_list(), 0, &[]),
            list(members_list(), 1, &["members"]),
        ]),
    }
}

async fn prices(shop: &Shop, view: PriceView) -> Vec<(u128, Option<i64>)> {
    let query = Query {
        prices: Some(view),
        sort: by(SortKey::Column(Column::Price), false),
        ..all()
    };
    let found = shop.search(query).await;
    let price = |value: &Option<Value>| match value {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    found
        .hits
        .iter()
        .map(|hit| (hit.id.uuid().as_u128(), price(&hit.place.values[0])))
        .collect()
}

#[tokio::test]
async fn a_facet_of_prices_in_two_currencies_and_for_two_groups() {
    let shop = Shop::of(vec![
        priced(
            1,
            &[
                &[own("EUR", 1000), own("USD", 1200), in_list(700, None, None)],
                &[own("EUR", 3000)],
            ],
        ),
        priced(2, &[&[own("EUR", 2000)]]),
        priced(3, &[&[own("USD", 5000)]]),
        priced(4, &[&[]]),
    ])
    .await;
    let number = |number| Value::Number(number);
    let ranges = FacetKind::Ranges(vec![
        (Bound::Unbounded, Bound::Excluded(number(1000))),
        (Bound::Included(number(1000)), Bound::Included(number(2500))),
        (Bound::Excluded(number(2500)), Bound::Unbounded),
    ]);
    let count = async |view: PriceView| {
        let facet = |kind| Facet {
            column: Column::Price,
            kind,
            disjunctive: true,
        };
        let query = Query {
            prices: Some(view),
            facets: vec![facet(ranges.clone()), facet(FacetKind::Stats)],
            ..all()
        };
        shop.search(query).await.facets
    };
    let stats = |min, max, count| FacetCounts::Stats {
        min: Some(Value::Number(min)),
        max: Some(Value::Number(max)),
        count,
    };
    let ranges = |counts: [u64; 3]| FacetCounts::Ranges(counts.to_vec());
    assert_eq!(
        count(view("EUR", &[], 0)).await,
        [ranges([0, 2, 1]), stats(1000, 3000, 2)]
    );
    assert_eq!(
        count(view("EUR", &["members"], 0)).await,
        [ranges([1, 1, 1]), stats(700, 3000, 2)]
    );
    assert_eq!(
        count(view("USD", &["members"], 0)).await,
        [ranges([0, 1, 1]), stats(1200, 5000, 2)]
    );
    let cheap = when(
        &Column::Price,
        Test::Range(Bound::Unbounded, Bound::Excluded(number(1000))),
    );
    let query = Query {
        prices: Some(view("EUR", &["members"], 0)),
        filter: cheap,
        ..all()
    };
    assert_eq!(ids(&shop.search(query.clone()).await), [1]);
    let without = Query {
        prices: None,
        ..query
    };
    assert_eq!(ids(&shop.search(without).await), [] as [u128; 0]);
}

#[tokio::test]
async fn what_has_no_price_comes_last_both_ways() {
    let shop = Shop::of(vec![
        priced(1, &[&[own("EUR", 10)], &[own("EUR", 900)]]),
        priced(2, &[&[own("EUR", 500)]]),
        priced(3, &[&[]]),
        priced(4, &[]),
    ])
    .await;
    let expected = [(1, Some(10)), (2, Some(500)), (4, None), (3, None)];
    assert_eq!(prices(&shop, view("EUR", &[], 0)).await, expected);
    let descending = Query {
        prices: Some(view("EUR", &[], 0)),
        sort: by(SortKey::Column(Column::Price), true),
        ..all()
    };
    assert_eq!(ids(&shop.search(descending).await), [1, 2, 4, 3]);
    // Of the variants that are asked for, not of all.
    let dear = when(
        &Column::Price,
        Test::Range(Bound::Included(Value::Number(100)), Bound::Unbounded),
    );
    let query = Query {
        prices: Some(view("EUR", &[], 0)),
        filter: selected(vec![dear]),
        sort: by(SortKey::Column(Column::Price), false),
        ..all()
    };
    assert_eq!(ids(&shop.search(query).await), [2, 1]);
}

#[tokio::test]
async fn prices_change_when_their_time_comes() {
    let shop = Shop::of(vec![priced(
        1,
        &[&[
            own("EUR", 1000),
            in_list(700, Some(10), Some(20)),
            in_list(600, Some(20), None),
        ]],
    )])
    .await;
    let members = |at| prices(&shop, view("EUR", &["members"], at));
    for _ in 0..2 {
        assert_eq!(members(9).await, [(1, Some(1000))]);
        assert_eq!(members(10).await, [(1, Some(700))]);
        assert_eq!(members(19).await, [(1, Some(700))]);
        assert_eq!(members(20).await, [(1, Some(600))]);
        assert_eq!(prices(&shop, view("EUR", &[], 15)).await, [(1, Some(1000))]);
    }
}

#[tokio::test]
async fn lists_of_one_priority_stand_as_the_channel_has_them_and_then_by_what_they_demand() {
    let [first, second] = [7, 8].map(|id| PriceListId::new(Uuid::from_u128(id)));
    let listed = |list, minor| ListPrice {
        list,
        ..in_list(minor, None, None)
    };
    let shop = Shop::of(vec![priced(1, &[&[listed(first, 100), listed(second, 200)]])]).await;
    let seen = async |channel_lists: &[PriceListId], groups: [&[&str]; 2]| {
        let mut view = view("EUR", &["members"], 0);
        view.lists = Arc::new(vec![list(first, 1, groups[0]), list(second, 1, groups[1])]);
        view.circumstances.channel_lists = channel_lists.to_vec();
        prices(&shop, view).await[0].1
    };
    assert_eq!(seen(&[first, second], [&[], &[]]).await, Some(100));
    assert_eq!(seen(&[second, first], [&[], &[]]).await, Some(200));
    assert_eq!(seen(&[second], [&[], &[]]).await, Some(200));
    // The channel's order goes before what lists demand, and that before their ids.
    assert_eq!(seen(&[first, second], [&[], &["members"]]).await, Some(100));
    assert_eq!(seen(&[], [&[], &["members"]]).await, Some(200));
    assert_eq!(seen(&[], [&[], &[]]).await, Some(100));
    assert_eq!(seen(&[], [&["others"], &[]]).await, Some(200));
}
