#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use domain::category::{CategoryContent, CategoryState};
use domain::value::{JsonNumber, LocalizedSlug, Metadata, Slug};
use domain::{Record, Timestamp};

use super::super::fields::tests::{INTEGER, TEXT, attribute, locale, localized, of_variants, product_type};
use super::super::ports::Plane;
use super::super::query::{Column, Level, TermOrder};
use super::super::request::{Audience, HighlightRequest};
use super::*;

fn category(n: u128, parent: Option<u128>) -> CategoryState {
    let id = |n: u128| CategoryId::new(Uuid::from_u128(n));
    let slug = [(locale("en"), Slug::parse(format!("shelf-{n}")).unwrap())];
    CategoryState {
        id: id(n),
        record: Record::new(Timestamp::default()),
        content: CategoryContent {
            key: Some(Key::parse(format!("k{n}")).unwrap()),
            parent: parent.map(id),
            name: localized(&[("en", "Shelf")]),
            slug: LocalizedSlug::new(slug.into()).unwrap(),
            description: None,
            position: 0,
            media: vec![],
            metadata: Metadata::default(),
        },
    }
}

fn located<T>(at: &str, value: T) -> Located<T> {
    Located::new(at, value)
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn number(number: i64) -> Json {
    Json::Number(JsonNumber::from_signed(number))
}

fn is(field: &str, test: TestRequest) -> FilterRequest {
    FilterRequest::Is {
        field: located("f", field.to_owned()),
        test,
    }
}

fn among(values: &[Json]) -> TestRequest {
    let values = values.iter().enumerate();
    TestRequest::In(
        values
            .map(|(n, value)| located(&format!("v/{n}"), value.clone()))
            .collect(),
    )
}

fn between(gte: Option<Json>, lte: Option<Json>) -> RangeRequest {
    RangeRequest {
        at: "r".to_owned(),
        gte: gte.map(|value| located("r/gte", value)),
        lte: lte.map(|value| located("r/lte", value)),
        ..RangeRequest::default()
    }
}

fn request() -> SearchRequest {
    SearchRequest {
        audience: Audience::Management {
            locale: None,
            pricing: None,
        },
        text: None,
        filter: None,
        facets: vec![],
        sort: vec![],
        limit: 10,
        after: None,
        min_position: None,
        highlight: HighlightRequest::default(),
        explain: false,
    }
}

fn resolve(request: &SearchRequest, currency: Option<&str>) -> Result<Resolved, Vec<String>> {
    let attributes = vec![
        attribute("count", INTEGER),
        of_variants(attribute("note", TEXT)),
        attribute("ok", domain::product_type::Kind::Boolean),
    ];
    let fields = Fields::new(Plane::Store, &[product_type(1, attributes, &[])]);
    let categories = Categories::new(vec![
        category(1, None),
        category(2, Some(1)),
        category(3, Some(2)),
        category(4, None),
    ]);
    let view = TextView {
        name: "en".to_owned(),
        language: "en".to_owned(),
    };
    let currency = currency.map(|code| Currency::parse(code).unwrap());
    let resolved = Resolver::new(&fields, &categories, &view, currency).resolve(request);
    resolved.map_err(|faults| {
        let line = |fault: Fault| format!("{} {}", fault.pointer, fault.code);
        faults.into_vec().into_iter().map(line).collect()
    })
}

fn filtered(filter: FilterRequest) -> Result<Filter, Vec<String>> {
    let request = SearchRequest {
        filter: Some(filter),
        ..request()
    };
    resolve(&request, Some("EUR")).map(|resolved| resolved.filter)
}

fn column(name: &str, level: Level, is_number: bool) -> Column {
    Column::Stored {
        name: name.to_owned(),
        level,
        is_number,
    }
}

fn condition(column: Column, test: Test) -> Filter {
    Filter::Is(Condition { column, test })
}

#[test]
fn filters_are_read() {
    let clause = FilterRequest::Variant(located(
        "c",
        Box::new(FilterRequest::All(vec![
            is("attributes.note", among(&[text("b"), text("a"), text("b")])),
            is("price", TestRequest::Range(between(Some(text("1.50")), None))),
        ])),
    ));
    let filter = FilterRequest::Any(vec![
        FilterRequest::Not(Box::new(is("brand", TestRequest::Exists(true)))),
        is("attributes.ok", among(&[Json::Boolean(true)])),
        clause,
    ]);
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|t| Value::Text((*t).to_owned()))
            .collect::<Vec<_>>()
    };
    let expected = Filter::Any(vec![
        Filter::Not(Box::new(condition(
            column("brand", Level::Product, false),
            Test::Exists(true),
        ))),
        condition(
            column("attributes.ok", Level::Product, false),
            Test::In(texts(&["true"])),
        ),
        Filter::Variant(Box::new(Filter::All(vec![
            condition(
                column("attributes.note", Level::Variant, false),
                Test::In(texts(&["a", "b"])),
            ),
            condition(
                Column::Price,
                Test::Range(Bound::Included(Value::Number(150)), Bound::Unbounded),
            ),
        ]))),
    ]);
    assert_eq!(filtered(filter), Ok(expected));
}

#[test]
fn of_two_bounds_the_narrower_one_holds() {
    let range = |gt, gte, lt, lte| {
        let at = |value: Option<i64>| value.map(|value| located("r", number(value)));
        let range = RangeRequest {
            at: "r".to_owned(),
            gt: at(gt),
            gte: at(gte),
            lt: at(lt),
            lte: at(lte),
        };
        let filter = filtered(is("attributes.count", TestRequest::Range(range))).unwrap();
        match filter {
            Filter::Is(Condition {
                test: Test::Range(lower, upper),
                ..
            }) => (lower, upper),
            other => unreachable!("{other:?}"),
        }
    };
    let n = Value::Number;
    assert_eq!(
        range(Some(1), Some(1), Some(5), Some(5)),
        (Bound::Excluded(n(1)), Bound::Excluded(n(5)))
    );
    assert_eq!(
        range(Some(1), Some(2), Some(5), Some(4)),
        (Bound::Included(n(2)), Bound::Included(n(4)))
    );
    assert_eq!(
        range(Some(3), Some(2), None, None),
        (Bound::Excluded(n(3)), Bound::Unbounded)
    );
}

#[test]
fn categories_are_named_in_every_way_and_have_those_below_them() {
    let ids = |filter| match filtered(filter).unwrap() {
        Filter::Is(Condition {
            test: Test::In(values),
            ..
        }) => values.len(),
        other => unreachable!("{other:?}"),
    };
    let id = Uuid::from_u128(1).to_string();
    for name in [id.as_str(), "key:k1", "slug:shelf-1"] {
        assert_eq!(ids(is("category", among(&[text(name)]))), 3, "{name}");
    }
    assert_eq!(
        ids(is(
            "category",
            among(&[text("key:k1"), text("key:k2"), text("key:k4")])
        )),
        4
    );
    let alone = TestRequest::InCategory {
        categories: vec![located("v", text("key:k1"))],
        with_descendants: false,
    };
    assert_eq!(ids(is("category", alone)), 1);
    assert_eq!(
        filtered(is(
            "category",
            among(&[text("key:none"), text("nothing"), number(1)])
        )),
        Err(vec![
            "v/0 reference_not_found".to_owned(),
            "v/1 reference_not_found".to_owned(),
            "v/2 wrong_type".to_owned(),
        ])
    );
}

#[test]
fn every_fault_is_told_with_its_place() {
    let nested = FilterRequest::Variant(located("inner", Box::new(is("sku", TestRequest::Exists(true)))));
    let filter = FilterRequest::All(vec![
        is("nope", TestRequest::Exists(true)),
        is("name", TestRequest::Exists(true)),
        is("attributes.count", among(&[text("1"), number(2)])),
        is(
            "attributes.ok",
            TestRequest::Range(between(Some(Json::Boolean(true)), None)),
        ),
        is("attributes.count", TestRequest::Range(between(None, None))),
        is(
            "brand",
            TestRequest::InCategory {
                categories: vec![],
                with_descendants: true,
            },
        ),
        FilterRequest::Variant(located("outer", Box::new(nested))),
    ]);
    let facet = |field: &str, kind| FacetRequest {
        field: located(&format!("facet {field}"), field.to_owned()),
        kind,
        disjunctive: true,
    };
    let sort = |field: &str| SortRequest {
        field: located(&format!("sort {field}"), field.to_owned()),
        descending: false,
    };
    let wrong = SearchRequest {
        filter: Some(filter),
        facets: vec![
            facet("brand", FacetKindRequest::Stats),
            facet("brand", FacetKindRequest::Tree),
            facet("nope", FacetKindRequest::Stats),
            facet("attributes.count", FacetKindRequest::Ranges(vec![])),
        ],
        sort: vec![sort("tags"), sort("nope"), sort("relevance"), sort("name")],
        highlight: HighlightRequest {
            fields: vec![
                located("h/0", "name".to_owned()),
                located("h/1", "attributes.note".to_owned()),
            ],
            fragment: 100,
        },
        ..request()
    };
    assert_eq!(
        resolve(&wrong, None).unwrap_err(),
        [
            "f filter_unknown_field",
            "f filter_not_allowed",
            "v/0 wrong_type",
            "f filter_not_allowed",
            "r required",
            "f filter_not_allowed",
            "inner contradiction",
            "facet brand filter_not_allowed",
            "facet brand filter_not_allowed",
            "facet nope filter_unknown_field",
            "facet attributes.count out_of_range",
            "sort tags sort_not_allowed",
            "sort nope sort_not_allowed",
            "h/1 filter_unknown_field",
        ]
    );
    let priced = SearchRequest {
        filter: Some(is("price", TestRequest::Exists(true))),
        facets: vec![facet("price", FacetKindRequest::Stats)],
        sort: vec![sort("price")],
        ..request()
    };
    assert_eq!(
        resolve(&priced, None).unwrap_err(),
        ["f required", "facet price required", "sort price required"]
    );
    let resolved = resolve(&priced, Some("EUR")).unwrap();
    assert!(resolved.asks_for_prices);
}

#[test]
fn requests_are_bounded() {
    let many = |count: usize| {
        let values: Vec<_> = (0..count).map(|n| text(&n.to_string())).collect();
        is("brand", among(&values))
    };
    assert!(filtered(many(FilterRequest::MAX_VALUES)).is_ok());
    assert!(filtered(many(FilterRequest::MAX_VALUES + 1)).is_err());
    let conditions = |count: usize| {
        let each = |_| is("brand", TestRequest::Exists(true));
        FilterRequest::All((0..count).map(each).collect())
    };
    assert!(filtered(conditions(FilterRequest::MAX_CONDITIONS)).is_ok());
    assert!(filtered(conditions(FilterRequest::MAX_CONDITIONS + 1)).is_err());
    let deep = |depth: usize| {
        let mut filter = is("brand", TestRequest::Exists(true));
        for _ in 1..depth {
            filter = FilterRequest::Not(Box::new(filter));
        }
        filter
    };
    assert!(filtered(deep(FilterRequest::MAX_DEPTH)).is_ok());
    assert!(filtered(deep(FilterRequest::MAX_DEPTH + 1)).is_err());
    let facet = FacetRequest {
        field: located("f", "brand".to_owned()),
        kind: FacetKindRequest::Terms {
            limit: usize::MAX,
            order: TermOrder::Count,
            search: None,
        },
        disjunctive: true,
    };
    let of = |count: usize| SearchRequest {
        facets: vec![facet.clone(); count],
        ..request()
    };
    let resolved = resolve(&of(FacetRequest::MAX), None).unwrap();
    assert!(matches!(
        resolved.facets[0].kind,
        FacetKind::Terms {
            limit: FacetRequest::MAX_TERMS,
            ..
        }
    ));
    assert!(resolve(&of(FacetRequest::MAX + 1), None).is_err());
}

#[test]
fn the_usual_order_is_by_relevance_where_there_is_a_text() {
    let order = |request: &SearchRequest| resolve(request, None).unwrap().sort.len();
    assert_eq!(order(&request()), 0, "newest first");
    let with_text = SearchRequest {
        text: Some(located("q", "mug".to_owned())),
        ..request()
    };
    assert_eq!(order(&with_text), 1);
}
