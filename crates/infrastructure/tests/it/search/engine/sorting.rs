//! Orders.

use super::*;

fn named(number: u128, name: Option<&str>, stars: Option<i64>) -> Document {
    let stars: Vec<_> = stars
        .map(|stars| ("stars", Value::Number(stars)))
        .into_iter()
        .collect();
    Document {
        sort_texts: name
            .map(|name| ("name".to_owned(), name.to_owned()))
            .into_iter()
            .collect(),
        ..product(number, &stars, Vec::new())
    }
}

async fn ordered(shop: &Shop, sort: Vec<Sort>) -> Vec<u128> {
    ids(&shop.search(Query { sort, ..all() }).await)
}

#[tokio::test]
async fn names_with_umlauts_stand_where_people_look_for_them() {
    let shop = Shop::of(vec![
        named(1, Some("Zange"), None),
        named(2, Some("Äpfel"), None),
        named(3, Some("apfel"), None),
        named(4, Some("Birne"), None),
        named(5, None, None),
        named(6, Some("Apfelkuchen"), None),
    ])
    .await;
    let name = || SortKey::Text("name".to_owned());
    assert_eq!(ordered(&shop, by(name(), false)).await, [3, 2, 6, 4, 1, 5]);
    assert_eq!(ordered(&shop, by(name(), true)).await, [1, 4, 6, 3, 2, 5]);
}

#[tokio::test]
async fn several_keys_and_then_newer_ids_first() {
    let shop = Shop::of(vec![
        named(1, Some("b"), Some(5)),
        named(2, Some("a"), Some(5)),
        named(3, Some("a"), Some(-5)),
        named(4, Some("a"), None),
    ])
    .await;
    // In segments of their own, whose dictionaries differ.
    shop.apply(
        vec![named(5, Some("a"), Some(5)), named(6, Some("c"), Some(7))],
        &[],
        1,
    )
    .await;
    let stars = |descending| Sort {
        key: SortKey::Column(column("stars", Level::Product, true)),
        descending,
    };
    let name = Sort {
        key: SortKey::Text("name".to_owned()),
        descending: false,
    };
    assert_eq!(
        ordered(&shop, vec![stars(true), name.clone()]).await,
        [6, 5, 2, 1, 3, 4]
    );
    assert_eq!(
        ordered(&shop, vec![stars(false), name.clone()]).await,
        [3, 5, 2, 1, 6, 4]
    );
    assert_eq!(ordered(&shop, vec![name, stars(false)]).await, [3, 5, 2, 4, 1, 6]);
    assert_eq!(ordered(&shop, Vec::new()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(
        ordered(&shop, by(SortKey::Relevance, true)).await,
        [6, 5, 4, 3, 2, 1]
    );
}
