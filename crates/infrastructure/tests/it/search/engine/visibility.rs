//! What is on sale where and when.

use domain::ChannelId;
use domain::product::Window;

use super::*;

fn channel(number: u128) -> ChannelId {
    ChannelId::new(Uuid::from_u128(number))
}

fn listed(number: u128, listings: &[(u128, Option<i64>, Option<i64>)]) -> Document {
    let listings = listings.iter().map(|(number, from, until)| {
        let window = Window::new(from.map(instant), until.map(instant)).unwrap();
        (channel(*number), window)
    });
    Document {
        listed: Listed::In(listings.collect()),
        ..product(number, &[], Vec::new())
    }
}

async fn seen(shop: &Shop, number: u128, at: Timestamp) -> Vec<u128> {
    let query = Query {
        visit: Some((channel(number), at)),
        ..all()
    };
    let found = shop.search(query).await;
    assert_eq!(found.total, found.hits.len() as u64);
    ids(&found)
}

#[tokio::test]
async fn a_product_is_seen_from_the_instant_of_its_publication_until_that_of_its_end() {
    let shop = Shop::of(vec![
        listed(1, &[(1, Some(10), Some(20))]),
        listed(2, &[(1, None, None), (2, Some(10), None)]),
        listed(3, &[]),
        product(4, &[], Vec::new()),
        listed(5, &[(1, Some(1), Some(2)), (1, Some(30), Some(40))]),
    ])
    .await;
    let before = |at| instant(at) - std::time::Duration::from_micros(1);
    assert_eq!(seen(&shop, 1, before(10)).await, [4, 2]);
    assert_eq!(seen(&shop, 1, instant(10)).await, [4, 2, 1]);
    assert_eq!(seen(&shop, 1, before(20)).await, [4, 2, 1]);
    assert_eq!(seen(&shop, 1, instant(20)).await, [4, 2]);
    assert_eq!(seen(&shop, 1, instant(30)).await, [5, 4, 2]);
    assert_eq!(seen(&shop, 2, before(10)).await, [4]);
    assert_eq!(seen(&shop, 2, instant(10)).await, [4, 2]);
    assert_eq!(seen(&shop, 3, instant(10)).await, [4]);
    assert_eq!(shop.ids(Filter::All(Vec::new())).await, [5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn replaced_and_removed_documents_are_not_seen() {
    let shop = Shop::of(vec![listed(1, &[(1, None, None)]), listed(2, &[(1, None, None)])]).await;
    shop.apply(
        vec![listed(1, &[(2, None, None)]), listed(3, &[(1, None, None)])],
        &[2, 99],
        1,
    )
    .await;
    assert_eq!(seen(&shop, 1, instant(0)).await, [3]);
    assert_eq!(seen(&shop, 2, instant(0)).await, [1]);
    assert_eq!(shop.ids(Filter::All(Vec::new())).await, [3, 1]);
    assert_eq!(shop.index.status(Plane::Store).documents, 2);
}
