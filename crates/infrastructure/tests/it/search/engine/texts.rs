//! Texts, with everything else around them.

use application::search::{SearchSettings, SearchText, SuggestRequest};
use domain::ChannelId;
use domain::product::Window;

use super::*;

fn text_of(text: &str) -> Option<SearchText> {
    Some(SearchText {
        text: text.to_owned(),
        view: 0,
        settings: Arc::default(),
    })
}

fn jacket(number: u128, name: &str, brand: &str, colours: &[&str]) -> Document {
    let variants = (0..)
        .zip(colours)
        .map(|(place, colour)| variant(number * 10 + place, &[("colour", text(colour))]));
    let mut made = product(number, &[("brand", text(brand))], variants.collect());
    made.passages[0].text = name.to_owned();
    made.identifiers = vec![format!("JCK-{number:04}")];
    made
}

fn jackets() -> Vec<Document> {
    vec![
        jacket(1, "Rain jacket", "Nordwind", &["blue", "red"]),
        jacket(2, "Rain jackets for small children", "Nordwind", &["blue"]),
        jacket(3, "Winter coat", "Norrland & Söhne", &["red"]),
        jacket(4, "Rain coat", "Hearthmoor", &["green"]),
    ]
}

fn relevance() -> Vec<Sort> {
    by(SortKey::Relevance, false)
}

#[tokio::test]
async fn a_text_with_filters_facets_and_prices_of_places() {
    let shop = Shop::of(jackets()).await;
    let query = Query {
        text: text_of("rain jaket"),
        sort: relevance(),
        facets: vec![terms(of_product("brand")), terms(of_variant("colour"))],
        ..all()
    };
    let found = shop.search(query.clone()).await;
    assert_eq!((ids(&found), found.total), (vec![1, 2], 2));
    assert_eq!(
        found.facets,
        [counted(&[("Nordwind", 2)]), counted(&[("blue", 2), ("red", 1)])]
    );
    let found = shop
        .search(Query {
            filter: selected(vec![is(&of_variant("colour"), "red")]),
            ..query.clone()
        })
        .await;
    assert_eq!(ids(&found), [1]);
    assert_eq!(
        found.facets,
        [counted(&[("Nordwind", 1)]), counted(&[("blue", 2), ("red", 1)])]
    );
    // Page by page, while another segment appears.
    let page = Query { limit: 1, ..query };
    let first = shop.search(page.clone()).await;
    assert_eq!((ids(&first), first.has_more), (vec![1], true));
    shop.apply(vec![jacket(5, "Rain jacket", "Nordwind", &[])], &[], 1)
        .await;
    let second = shop
        .search(Query {
            after: Some(first.hits[0].place.clone()),
            ..page
        })
        .await;
    assert_eq!((ids(&second), second.has_more, second.total), (vec![2], false, 3));
}

#[tokio::test]
async fn an_identifier_goes_before_all_and_says_so() {
    let shop = Shop::of(jackets()).await;
    shop.apply(vec![jacket(6, "jck 0004", "Hearthmoor", &[])], &[3], 1)
        .await;
    let query = Query {
        text: text_of("jck-0004"),
        sort: relevance(),
        explain: true,
        ..all()
    };
    let found = shop.search(query).await;
    assert_eq!(ids(&found), [4, 6]);
    assert_eq!(found.hits[0].place.values, [Some(Value::Number(-1))]);
    let said = |place: usize| found.hits[place].explanation.clone().unwrap().join("\n");
    assert!(said(0).contains("identifier"), "{}", said(0));
    assert!(said(1).contains("name"), "{}", said(1));
    let removed = Query {
        text: text_of("JCK-0003"),
        ..all()
    };
    assert_eq!(ids(&shop.search(removed).await), [] as [u128; 0]);
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let shop = Shop::of(jackets()).await;
    for (typed, expected) in [
        ("", 4),
        (" \t", 4),
        ("?!", 4),
        ("\"", 4),
        ("\"rain coat", 1),
        ("zzzzzzzz", 0),
    ] {
        let query = Query {
            text: text_of(typed),
            sort: relevance(),
            ..all()
        };
        assert_eq!(shop.search(query).await.total, expected, "{typed:?}");
    }
    for typed in [
        "\u{0}",
        "\u{1}rain",
        "\u{2}niar",
        "a".repeat(1000).as_str(),
        "日本語",
        "ra\u{300}\u{300}in",
    ] {
        let query = Query {
            text: text_of(typed),
            explain: true,
            ..all()
        };
        shop.search(query).await;
    }
}

#[tokio::test]
async fn who_is_typing_sees_products_and_brands() {
    let mut jackets = jackets();
    let window = Window::new(None, Some(instant(10))).unwrap();
    jackets[3].listed = Listed::In(vec![(ChannelId::new(Uuid::from_u128(1)), window)]);
    let shop = Shop::of(jackets).await;
    shop.apply(
        vec![
            jacket(5, "Rain hat", "Norrland & Söhne", &["red"]),
            jacket(6, "Boots", "Norrland & Söhne", &[]),
        ],
        &[],
        1,
    )
    .await;
    let suggest = async |typed: &str, at| {
        let request = SuggestRequest {
            text: text_of(typed).unwrap(),
            visit: Some((ChannelId::new(Uuid::from_u128(1)), instant(at))),
            values: vec![of_product("brand"), of_variant("colour"), of_product("nothing")],
            limit: 2,
        };
        let suggested = shop.index.suggest(Plane::Store, request).await.unwrap();
        let products: Vec<_> = suggested.products.iter().map(|id| id.uuid().as_u128()).collect();
        (products, suggested.values)
    };
    let values = |values: &[(&str, u64)]| -> Vec<(String, u64)> {
        values
            .iter()
            .map(|(value, count)| ((*value).to_owned(), *count))
            .collect()
    };
    let none = || Vec::new();
    assert_eq!(suggest("rain", 0).await.0, [5, 4]);
    assert_eq!(suggest("rain", 10).await.0, [5, 1]);
    assert_eq!(
        suggest("nor", 0).await.1,
        [
            values(&[("Norrland & Söhne", 3), ("Nordwind", 2)]),
            none(),
            none()
        ]
    );
    assert_eq!(
        suggest("SOHNE n", 0).await.1,
        [values(&[("Norrland & Söhne", 3)]), none(), none()]
    );
    assert_eq!(suggest("r", 0).await.1, [none(), values(&[("red", 3)]), none()]);
    assert_eq!(suggest("heart", 9).await.1[0], values(&[("Hearthmoor", 1)]));
    assert_eq!(suggest("heart", 10).await.1[0], none());
    assert_eq!(suggest("…", 0).await, (Vec::new(), vec![none(), none(), none()]));
}

#[tokio::test]
async fn what_was_found_is_shown_safely() {
    let shop = Shop::of(Vec::new()).await;
    let texts = ["Rain <b>jackets</b> & more", "Boots"];
    let marked = shop
        .index
        .highlight("jacket", "en", &SearchSettings::default(), 100, &texts);
    assert_eq!(
        marked,
        [
            Some("Rain &lt;b&gt;<em>jackets</em>&lt;/b&gt; &amp; more".to_owned()),
            None
        ]
    );
    let ranked = shop.index.rank(
        "boot",
        "en",
        &SearchSettings::default(),
        &["Shoes", "Winter boots", "Boots"],
    );
    assert_eq!(ranked, [2, 1]);
}
