//! The JSON Schema of a product type against the service's own check: whatever document a client makes, both must say
//! the same of it.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::product_types::attribute;
use super::support::{Api, Trial, on_both, text, unique};

on_both!(schema_and_service_agree);

/// Types to try, and documents per type and moment.
const TYPES: usize = 6;
const DOCUMENTS: usize = 60;

fn decimal() -> impl Strategy<Value = String> {
    r"-?(0|[1-9]|10|99|100)(\.(0|5|50|05|999999|000001))?"
}

fn unit() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["g", "kg", "lb", "oz", "mg", "t"])
}

fn measure() -> impl Strategy<Value = Value> {
    (decimal(), unit()).prop_map(|(value, unit)| json!({"value": value, "unit": unit}))
}

/// A pair in order, or one of it, or none.
fn range<T: std::fmt::Debug + Clone + 'static>(
    bound: impl Strategy<Value = T> + 'static,
    order: impl Fn(&T) -> f64 + Clone + 'static,
) -> impl Strategy<Value = (Option<T>, Option<T>)> {
    let bound = bound.boxed();
    (prop::option::of(bound.clone()), prop::option::of(bound)).prop_map(move |(a, b)| match (a, b) {
        (Some(a), Some(b)) if order(&a) > order(&b) => (Some(b), Some(a)),
        pair => pair,
    })
}

fn bounded<T: Into<Value>>((min, max): (Option<T>, Option<T>)) -> Value {
    let mut members = Map::new();
    members.extend(min.map(|min| ("min".to_owned(), min.into())));
    members.extend(max.map(|max| ("max".to_owned(), max.into())));
    Value::Object(members)
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn grams(measure: &Value) -> f64 {
    let factor = match measure["unit"].as_str().unwrap() {
        "mg" => 0.001,
        "kg" => 1000.0,
        "t" => 1e6,
        "oz" => 28.349_523_125,
        "lb" => 453.592_37,
        _ => 1.0,
    };
    number(measure["value"].as_str().unwrap()) * factor
}

/// Type and the members that only this type has.
fn kind() -> impl Strategy<Value = (&'static str, Value)> {
    let pattern = prop::option::of(prop::sample::select(vec!["^[a-z ]+$", r"\d", "ä|^x", r"^\S+$"]));
    let text = (range(1..6_u32, |n| f64::from(*n)), pattern).prop_map(|(bounds, pattern)| {
        let mut members = bounded(bounds);
        if let Some(pattern) = pattern {
            members["pattern"] = json!(pattern);
        }
        ("text", members)
    });
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let integers = range(-5..5_i64, |n| *n as f64);
    let schema = json!({
        "type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"],
        "$defs": {"n": {"type": "integer", "minimum": 0}},
    });
    let date = prop::sample::select(vec!["2024-02-29", "2025-12-31", "2026-01-01", "1999-09-09"]);
    let dates = range(date, |date| number(&date.replace('-', "")));
    prop_oneof![
        3 => text,
        1 => integers.prop_map(|bounds| ("integer", bounded(bounds))),
        2 => range(decimal(), |text| number(text)).prop_map(|bounds| ("decimal", bounded(bounds))),
        1 => Just(("boolean", json!({}))),
        1 => dates.prop_map(|bounds| ("date", bounded(bounds))),
        1 => Just(("dateTime", json!({}))),
        1 => Just(("enum", json!({"options": [{"value": "red"}, {"value": "2"}, {"value": "grün"}]}))),
        2 => range(measure(), grams).prop_map(|bounds| {
            let mut members = bounded(bounds);
            members["unitFamily"] = json!("mass");
            ("measure", members)
        }),
        1 => Just(("url", json!({}))),
        1 => prop::option::of(Just(schema)).prop_map(|schema| ("json", schema.map_or(json!({}), |s| json!({"schema": s})))),
    ]
}

fn definitions() -> impl Strategy<Value = Vec<Value>> {
    let level = prop::sample::select(vec!["product", "product", "variant"]);
    let required = prop::sample::select(vec!["never", "never", "onPublish", "always"]);
    let one = (kind(), level, required, any::<bool>(), any::<bool>());
    let definition = one.prop_map(|((kind, mut members), level, required, set, localizable)| {
        members["level"] = json!(level);
        members["required"] = json!(required);
        members["set"] = json!(set && !["json", "boolean"].contains(&kind));
        members["localizable"] = json!(localizable && ["text", "url"].contains(&kind));
        (kind, members)
    });
    prop::collection::vec(definition, 1..9).prop_map(|definitions| {
        let keyed = definitions.into_iter().enumerate();
        keyed
            .map(|(n, (kind, members))| attribute(&format!("a{n}"), kind, members))
            .collect()
    })
}

/// Something that may fit one kind or another.
fn single() -> impl Strategy<Value = Value> {
    let texts = vec![
        "",
        " ",
        "a",
        "ab",
        "abc def",
        "äö",
        "x",
        "٣",
        "12",
        "red",
        "grün",
        "2",
        "a\u{0}b",
        "a\tb",
        "a\u{85}",
        "\u{feff}",
        "\u{a0}",
        "\u{1f9f8}\u{1f9f8}",
        "2024-02-29",
        "2023-02-29",
        "2025-12-31",
        "0999-01-01",
        "2026-1-1",
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-02-30T12:00:00Z",
        "2026-01-31T12:00:60Z",
        "2026-01-31T12:00:00.123456789+02:00",
        "2026-01-31 12:00:00Z",
        "https://example.com",
        "http://a.b/c?d#e",
        "https://exa mple.com",
        "ftp://a.b",
        "https://ä.com",
        "https://a.b:99999/",
        "https://-a.b",
        "01",
        "1.",
        "-0",
        "1e3",
        "1234567890123",
        "1.1234567",
    ];
    let numbers = vec![
        json!(0),
        json!(-5),
        json!(4),
        json!(1.0),
        json!(1.5),
        json!(1e15),
        json!(1e300),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!(u64::MAX),
        json!(-0.0),
        json!(1e-7),
    ];
    let odd_measures = vec![
        json!({"value": "1"}),
        json!({"value": 1, "unit": "g"}),
        json!({"value": "1", "unit": "cm"}),
        json!({"value": "1", "unit": "g", "more": 1}),
        json!({"value": "1.1234567", "unit": "g"}),
        json!({"value": "999999999999.999999", "unit": "t"}),
        json!({"value": "-999999999999", "unit": "lb"}),
    ];
    let objects = vec![
        json!({"a": 1}),
        json!({"a": -1}),
        json!({"a": 1.0}),
        json!({"a": "x"}),
        json!({}),
        json!([]),
    ];
    prop_oneof![
        5 => prop::sample::select(texts).prop_map(Value::from),
        3 => decimal().prop_map(Value::from),
        3 => prop::sample::select(numbers),
        3 => measure(),
        1 => prop::sample::select(odd_measures),
        1 => prop::sample::select(objects),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(single(), 0..4)
        .prop_map(Value::from)
        .boxed();
    let tag = prop::sample::select(vec![
        "en", "de-AT", "DE", "zh-Hant", "x", "e", "en_US", "de-", "x-own", "en-x-a",
    ]);
    let per_locale = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map(tag.clone(), inner, 0..3).prop_map(|texts| {
            texts
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<Map<_, _>>()
                .into()
        })
    };
    prop_oneof![
        5 => single(), 2 => list.clone(), 2 => per_locale(single().boxed()), 1 => per_locale(list),
    ]
}

/// A value that the definition may well take.
fn likely(definition: &Value) -> BoxedStrategy<Value> {
    let texts = |texts: &[&str]| {
        let texts: Vec<_> = texts.iter().map(|t| (*t).to_owned()).collect();
        prop::sample::select(texts).prop_map(Value::from).boxed()
    };
    let single = match text(definition, "/type") {
        "text" => texts(&["a", "ab", "abc", "a1", "xä", "abcde", "12"]),
        "integer" => (-5..5_i64).prop_map(Value::from).boxed(),
        "decimal" => decimal().prop_map(Value::from).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "date" => texts(&["2024-02-29", "2025-12-31", "2026-01-01", "2010-10-10"]),
        "dateTime" => texts(&["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5-03:30"]),
        "enum" => texts(&["red", "2", "grün"]),
        "measure" => measure().boxed(),
        "url" => texts(&["https://example.com", "http://a.b/c?d#e"]),
        _ => Just(json!({"a": 1})).boxed(),
    };
    let plain = if definition["set"] == true {
        prop::collection::vec(single, 0..4).prop_map(Value::from).boxed()
    } else {
        single
    };
    if definition["localizable"] == true {
        let tags = prop::sample::select(vec!["en".to_owned(), "de-AT".to_owned()]);
        let texts = prop::collection::btree_map(tags, plain.clone(), 1..3)
            .prop_map(|texts| texts.into_iter().collect::<Map<_, _>>().into());
        prop_oneof![plain, texts].boxed()
    } else {
        plain
    }
}

fn attributes(definitions: &[Value], level: &str) -> BoxedStrategy<Value> {
    let of_level = definitions.iter().filter(|d| d["level"] == level);
    let each = of_level.map(|definition| {
        let key = text(definition, "/key").to_owned();
        let value = prop_oneof![9 => likely(definition), 1 => value()];
        prop::option::weighted(0.9, value).prop_map(move |value| value.map(|value| (key.clone(), value)))
    });
    let each: Vec<_> = each.collect();
    let stranger = prop::option::weighted(0.03, (prop::sample::select(vec!["zz", "a0", "-"]), value()));
    (each, stranger)
        .prop_map(|(values, stranger)| {
            let mut object: Map<String, Value> = values.into_iter().flatten().collect();
            object.extend(stranger.map(|(key, value)| (key.to_owned(), value)));
            object.into()
        })
        .boxed()
}

fn document(definitions: &[Value]) -> impl Strategy<Value = Value> + use<> {
    let members = vec![
        ("brand", json!("x")),
        ("brand", Value::Null),
        ("brand", json!(" ")),
        ("tags", json!(["a", ""])),
        ("extra", json!(1)),
        ("name", json!({"en": "x", "??": "y"})),
        ("name", Value::Null),
        ("optionAxes", json!(["a", "a"])),
        ("metadata", json!({"a": 1})),
        ("key", json!("-")),
        ("productType", json!("key:generic")),
        ("attributes", json!([])),
        ("seo", json!({"title": "t"})),
        ("variants", Value::Null),
        ("variants", json!({})),
    ];
    let more = prop::option::weighted(0.15, prop::sample::select(members));
    let variant = prop::option::of(attributes(definitions, "variant"));
    (attributes(definitions, "product"), variant, more).prop_map(|(attributes, variant, more)| {
        let mut document = json!({"name": "x", "attributes": attributes});
        if let Some(attributes) = variant {
            document["variants"] = json!([{"sku": "S", "attributes": attributes}]);
        }
        if let Some((member, value)) = more {
            document[member] = value;
        }
        document
    })
}

async fn schema_and_service_agree(api: Api) {
    let mut runner = TestRunner::deterministic();
    let (mut trial, mut valid, mut invalid) = (Trial::default(), 0, 0);
    for _ in 0..TYPES {
        let definitions = definitions().new_tree(&mut runner).unwrap().current();
        let key = unique("agreed");
        let body = json!({"key": key, "name": "x", "attributes": definitions});
        api.post("/v1/product-types").json(&body).send().await.is(201);
        for moment in ["false", "true"] {
            let address = format!("/v1/product-types/key:{key}");
            let schema = api
                .get(&format!("{address}/schema?publish={moment}"))
                .send()
                .await
                .is(200);
            assert_eq!(schema.header("content-type"), "application/schema+json");
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&schema.value())
                .unwrap();
            let documents = document(&definitions);
            for _ in 0..DOCUMENTS {
                let document = documents.new_tree(&mut runner).unwrap().current();
                let check = format!("{address}/validate?publish={moment}");
                let verdict = api.post(&check).json(&document).send().await.is(200).value();
                let outside: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
                if outside.is_empty() {
                    valid += 1;
                } else {
                    invalid += 1;
                }
                trial.check(verdict["valid"] == outside.is_empty(), || {
                    format!("{definitions:?}\n{document}\nservice: {verdict}\nschema: {outside:?}\n")
                });
            }
        }
    }
    trial.end();
    assert!(
        valid > 50 && invalid > 50,
        "{valid} valid, {invalid} not: too few of one to mean anything"
    );
}
