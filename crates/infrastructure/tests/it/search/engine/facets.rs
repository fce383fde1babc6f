//! Filters and what stands beside them.

use application::search::{Bound, Category, FacetCounts, FacetKind};
use domain::CategoryId;

use super::*;

fn shirts() -> Vec<Document> {
    let shirt = |number: u128, brand: &str, variants: &[(&str, &str)]| {
        let variants = (0..).zip(variants).map(|(place, (colour, size))| {
            variant(
                number * 100 + place,
                &[("colour", text(colour)), ("size", text(size))],
            )
        });
        product(number, &[("brand", text(brand))], variants.collect())
    };
    vec![
        shirt(1, "Acme", &[("blue", "S"), ("red", "XL")]),
        shirt(2, "Acme", &[("red", "S"), ("blue", "XL"), ("blue", "L")]),
        shirt(3, "Other", &[("blue", "XL")]),
        shirt(4, "Other", &[]),
    ]
}

#[tokio::test]
async fn blue_xl_is_one_variant() {
    let shop = Shop::of(shirts()).await;
    let (colour, size) = (of_variant("colour"), of_variant("size"));
    let blue_xl = vec![is(&colour, "blue"), is(&size, "XL")];
    assert_eq!(shop.ids(selected(blue_xl.clone())).await, [3, 2]);
    assert_eq!(shop.ids(Filter::All(blue_xl.clone())).await, [3, 2, 1]);
    let found = shop
        .search(Query {
            filter: selected(blue_xl),
            ..all()
        })
        .await;
    let variants: Vec<_> = found
        .hits
        .iter()
        .map(|hit| hit.variant.unwrap().uuid().as_u128())
        .collect();
    assert_eq!(variants, [300, 201]);
    // Negations are about the same variant, too.
    let not_blue = Filter::Not(Box::new(is(&colour, "blue")));
    assert_eq!(shop.ids(selected(vec![not_blue.clone()])).await, [2, 1]);
    assert_eq!(shop.ids(not_blue).await, [4]);
    assert_eq!(shop.ids(selected(Vec::new())).await, [3, 2, 1]);
    assert_eq!(
        shop.ids(when(&colour, Test::Exists(false))).await,
        Vec::<u128>::new()
    );
    assert_eq!(
        shop.ids(when(&of_product("nothing"), Test::Exists(false))).await,
        [4, 3, 2, 1]
    );
    assert_eq!(shop.ids(Filter::Any(Vec::new())).await, Vec::<u128>::new());
}

#[tokio::test]
async fn what_is_chosen_does_not_shrink_its_own_facet() {
    let shop = Shop::of(shirts()).await;
    let (brand, colour, size) = (of_product("brand"), of_variant("colour"), of_variant("size"));
    let found = shop
        .search(Query {
            filter: Filter::All(vec![
                is(&brand, "Acme"),
                selected(vec![is(&colour, "blue"), one_of(&size, &["S", "XL"])]),
            ]),
            facets: vec![terms(brand.clone()), terms(colour.clone()), terms(size.clone())],
            ..all()
        })
        .await;
    assert_eq!(ids(&found), [2, 1]);
    assert_eq!(
        found.facets,
        [
            counted(&[("Acme", 2), ("Other", 1)]),
            counted(&[("blue", 2), ("red", 2)]),
            counted(&[("L", 1), ("S", 1), ("XL", 1)]),
        ]
    );
    let narrow = |column: &Column| Facet {
        disjunctive: false,
        ..terms(column.clone())
    };
    let found = shop
        .search(Query {
            filter: Filter::All(vec![is(&brand, "Acme"), selected(vec![is(&colour, "blue")])]),
            facets: vec![narrow(&brand), narrow(&colour), narrow(&size)],
            ..all()
        })
        .await;
    assert_eq!(
        found.facets,
        [
            counted(&[("Acme", 2)]),
            counted(&[("blue", 2)]),
            counted(&[("L", 1), ("S", 1), ("XL", 1)]),
        ]
    );
}

#[tokio::test]
async fn more_facets_than_a_pass_tells_apart() {
    let columns: Vec<_> = (0..130).map(|number| format!("attributes.{number}")).collect();
    let named: Vec<_> = columns.iter().map(|name| (name.as_str(), text("x"))).collect();
    let shop = Shop::of(vec![
        product(1, &named, Vec::new()),
        product(2, &named[..1], Vec::new()),
    ])
    .await;
    let columns: Vec<_> = columns.iter().map(|name| of_product(name)).collect();
    let found = shop
        .search(Query {
            filter: Filter::All(columns.iter().map(|column| is(column, "x")).collect()),
            facets: columns.iter().cloned().map(terms).collect(),
            ..all()
        })
        .await;
    assert_eq!(ids(&found), [1]);
    assert_eq!(found.facets, vec![counted(&[("x", 1)]); 130]);
}

#[tokio::test]
async fn a_product_with_five_hundred_variants_counts_once() {
    let variants = (0..500).map(|number| {
        let size = format!("{:03}", number % 250);
        variant(
            number,
            &[
                ("size", text(&size)),
                ("colour", text("blue")),
                ("colour", text("red")),
            ],
        )
    });
    let many = product(1, &[], variants.collect());
    let few = product(2, &[], vec![variant(1000, &[("size", text("007"))])]);
    let shop = Shop::of(vec![many, few]).await;
    let mut facet = terms(of_variant("size"));
    facet.kind = FacetKind::Terms {
        limit: 2,
        order: TermOrder::Count,
        search: None,
    };
    let search = Facet {
        kind: FacetKind::Terms {
            limit: 3,
            order: TermOrder::Value,
            search: Some("24".to_owned()),
        },
        ..terms(of_variant("size"))
    };
    let found = shop
        .search(Query {
            facets: vec![facet, terms(of_variant("colour")), search],
            ..all()
        })
        .await;
    assert_eq!(found.total, 2);
    assert_eq!(
        found.facets,
        [
            FacetCounts::Terms {
                values: vec![(text("007"), 2), (text("000"), 1)],
                others: 248,
            },
            counted(&[("blue", 1), ("red", 1)]),
            FacetCounts::Terms {
                values: vec![(text("024"), 1), (text("124"), 1), (text("224"), 1)],
                others: 10,
            },
        ]
    );
    let of_both = selected(vec![
        is(&of_variant("size"), "007"),
        is(&of_variant("colour"), "red"),
    ]);
    assert_eq!(shop.ids(of_both).await, [1]);
}

#[tokio::test]
async fn thousands_of_variants_in_one_product() {
    let variants = |from: u128| {
        (from..from + 5000)
            .map(|number| variant(number, &[("sku", text(&format!("SKU-{number}")))]))
            .collect::<Vec<_>>()
    };
    let shop = Shop::of(vec![product(1, &[], variants(0))]).await;
    shop.apply(vec![product(2, &[], variants(10_000))], &[], 1).await;
    let sku = of_variant("sku");
    assert_eq!(shop.ids(is(&sku, "SKU-4999")).await, [1]);
    assert_eq!(shop.ids(is(&sku, "SKU-14999")).await, [2]);
    assert_eq!(shop.index.status(Plane::Store).variants, 10_000);
}

#[tokio::test]
async fn ranges_least_and_greatest_and_the_tree() {
    let [top, below, aside] = [1, 2, 3].map(|number| CategoryId::new(Uuid::from_u128(number)));
    let id = |category: CategoryId| text(&category.to_string());
    let shop = Shop::of(vec![
        product(
            1,
            &[
                ("stars", Value::Number(i64::MIN)),
                ("category", id(below)),
                ("category", id(top)),
            ],
            vec![],
        ),
        product(
            2,
            &[
                ("stars", Value::Number(3)),
                ("category", id(below)),
                ("category", id(aside)),
            ],
            vec![],
        ),
        product(
            3,
            &[
                ("stars", Value::Number(i64::MAX)),
                ("category", text("none of ours")),
            ],
            vec![],
        ),
        product(4, &[], vec![]),
    ])
    .await;
    let stars = column("stars", Level::Product, true);
    let number = |number| Bound::Included(Value::Number(number));
    let facet = |column: &Column, kind| Facet {
        column: column.clone(),
        kind,
        disjunctive: true,
    };
    let tree = [(top, None), (below, Some(top)), (aside, None)].map(|(id, parent)| (id, Category { parent }));
    let found = shop
        .search(Query {
            filter: when(&stars, Test::Range(number(3), Bound::Unbounded)),
            facets: vec![
                facet(
                    &stars,
                    FacetKind::Ranges(vec![
                        (Bound::Unbounded, Bound::Excluded(Value::Number(3))),
                        (number(3), number(3)),
                        (Bound::Excluded(Value::Number(3)), Bound::Unbounded),
                        (number(9), number(1)),
                    ]),
                ),
                facet(&stars, FacetKind::Stats),
                facet(&of_product("category"), FacetKind::Tree(Arc::new(tree.into()))),
            ],
            ..all()
        })
        .await;
    assert_eq!(ids(&found), [3, 2]);
    let mut facets = found.facets;
    let Some(FacetCounts::Tree(mut counts)) = facets.pop() else {
        panic!("a tree")
    };
    counts.sort_unstable();
    assert_eq!(counts, [(top, 1), (below, 1), (aside, 1)]);
    assert_eq!(
        facets,
        [
            FacetCounts::Ranges(vec![1, 1, 1, 0]),
            FacetCounts::Stats {
                min: Some(Value::Number(i64::MIN)),
                max: Some(Value::Number(i64::MAX)),
                count: 3,
            },
        ]
    );
}
