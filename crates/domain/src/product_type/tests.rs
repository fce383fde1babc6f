#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::value::{JsonNumber, Locale, Number, Text};

/// Takes every schema and fits every value.
struct Any;

impl JsonSchemas for Any {
    fn schema_fault(&self, _: &Json) -> Option<String> {
        None
    }

    fn faults(&self, _: &Json, _: &Json) -> Vec<(Vec<String>, String)> {
        Vec::new()
    }
}

fn attribute(key: &str, kind: Kind) -> Attribute {
    let name = Text::parse(key).unwrap();
    Attribute {
        key: Key::parse(key).unwrap(),
        name: Localized::new(BTreeMap::from([(locale(), name)])).unwrap(),
        kind,
        set: false,
        level: Level::Product,
        required: Required::Never,
        unique: false,
        localizable: false,
        searchable: false,
        filterable: false,
        sortable: false,
    }
}

fn locale() -> Locale {
    Locale::parse("en").unwrap()
}

fn content(attributes: Vec<Attribute>) -> ProductTypeContent {
    let name = Text::parse("Type").unwrap();
    ProductTypeContent {
        key: Key::parse("type").unwrap(),
        name: Localized::new(BTreeMap::from([(locale(), name)])).unwrap(),
        attributes,
        option_attributes: vec![],
        metadata: Metadata::default(),
    }
}

fn raw(values: &[(&str, Json)]) -> Attributes {
    let raw = |(key, value): &(&str, Json)| (Key::parse(*key).unwrap(), AttributeValue::Raw(value.clone()));
    values.iter().map(raw).collect()
}

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn object(members: &[(&str, Json)]) -> Json {
    Json::Object(
        members
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect(),
    )
}

fn faults(
    content: &ProductTypeContent,
    values: &[(&str, Json)],
    moment: Moment,
) -> Vec<(String, &'static str)> {
    let (_, faults) = content.check_product(&raw(values), moment, &locale(), &Any);
    let mut faults: Vec<_> = faults.into_iter().map(|f| (f.path.join("/"), f.code)).collect();
    faults.sort();
    faults
}

fn of(pairs: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    pairs.iter().map(|(at, code)| ((*at).to_owned(), *code)).collect()
}

const TEXT: Kind = Kind::Text {
    min: None,
    max: None,
    pattern: None,
};

#[test]
fn every_fault_is_told_with_its_place() {
    let measure = |value, unit| Measure::new(Number::parse(value).unwrap(), unit).unwrap();
    let options = ["red", "blue"].map(|value| Choice {
        value: Text::parse(value).unwrap(),
        name: None,
    });
    let mut tags = attribute("tags", TEXT);
    tags.set = true;
    let mut title = attribute("title", TEXT);
    title.localizable = true;
    let mut must = attribute("must", Kind::Boolean);
    must.required = Required::Always;
    let mut later = attribute("later", Kind::Boolean);
    later.required = Required::OnPublish;
    let content = content(vec![
        attribute(
            "colour",
            Kind::Enum {
                options: options.to_vec(),
            },
        ),
        attribute(
            "count",
            Kind::Integer {
                min: Some(1),
                max: Some(9),
            },
        ),
        attribute(
            "weight",
            Kind::Measure {
                family: UnitFamily::Mass,
                min: Some(measure("1", "kg")),
                max: None,
            },
        ),
        attribute(
            "code",
            Kind::Text {
                min: Some(2),
                max: Some(3),
                pattern: Some(Pattern::parse("^[A-Z]+$").unwrap()),
            },
        ),
        tags,
        title,
        must,
        later,
    ]);
    let weight = |value, unit| object(&[("value", text(value)), ("unit", text(unit))]);
    let found = faults(
        &content,
        &[
            ("colour", text("green")),
            ("count", Json::Number(JsonNumber::from_signed(10))),
            ("weight", weight("2.2", "lb")),
            ("code", text("abcd")),
            ("tags", Json::List(vec![text("a"), text("a"), Json::Null])),
            ("title", object(&[("not a tag", text("x")), ("de", text(""))])),
            ("extra", Json::Null),
        ],
        Moment::Publish,
    );
    let expected = of(&[
        ("code", "pattern"),
        ("code", "too_long"),
        ("colour", "not_in_enum"),
        ("count", "out_of_range"),
        ("extra", "unknown_field"),
        ("later", "required"),
        ("must", "required"),
        ("tags/1", "duplicate"),
        ("tags/2", "wrong_type"),
        ("title/de", "required"),
        ("title/not a tag", "pattern"),
        ("weight", "out_of_range"),
    ]);
    assert_eq!(found, expected);
    let titles = object(&[("??", text("x")), ("de", text("vier"))]);
    let mut short = content.attributes[5].clone();
    short.kind = Kind::Text {
        min: None,
        max: Some(3),
        pattern: None,
    };
    let partly = faults(&self::content(vec![short]), &[("title", titles)], Moment::Write);
    assert_eq!(partly, of(&[("title/??", "pattern"), ("title/de", "too_long")]));
    let must = ("must", Json::Boolean(true));
    assert_eq!(faults(&content, std::slice::from_ref(&must), Moment::Write), []);
    let foreign = faults(&content, &[must, ("weight", weight("3", "cm"))], Moment::Write);
    assert_eq!(foreign, of(&[("weight/unit", "unit_family")]));
}

#[test]
fn contradictions_are_found() {
    let mut set = attribute("set", TEXT);
    (set.set, set.unique, set.sortable) = (true, true, true);
    let mut number = attribute(
        "number",
        Kind::Integer {
            min: Some(2),
            max: Some(1),
        },
    );
    number.localizable = true;
    let axis = attribute("axis", TEXT);
    let mut content = content(vec![set, number, axis.clone(), axis]);
    content.option_attributes = ["axis", "lost", "lost"].map(|k| Key::parse(k).unwrap()).to_vec();
    let mut found: Vec<_> = content
        .faults(&Any)
        .into_iter()
        .map(|f| (f.path.join("/"), f.code))
        .collect();
    found.sort();
    let expected = of(&[
        ("attributes/0/sortable", "contradiction"),
        ("attributes/0/unique", "contradiction"),
        ("attributes/1/localizable", "contradiction"),
        ("attributes/1/max", "out_of_range"),
        ("attributes/3/key", "duplicate"),
        ("optionAttributes/0", "contradiction"),
        ("optionAttributes/1", "reference_not_found"),
        ("optionAttributes/2", "duplicate"),
        ("optionAttributes/2", "reference_not_found"),
    ]);
    assert_eq!(found, expected);
}

fn number() -> impl Strategy<Value = Number> {
    (-30..30_i128).prop_map(|n| Number::from_millionths(n * 500_000).unwrap())
}

fn kind() -> impl Strategy<Value = Kind> {
    let options = || prop::collection::btree_set(0..4_u8, 1..4);
    let measure = || {
        (number(), prop::sample::select(vec!["g", "kg", "lb"]))
            .prop_map(|(n, unit)| Measure::new(n, unit).unwrap())
    };
    prop_oneof![
        (
            prop::option::of(1..4_u32),
            prop::option::of(1..5_u32),
            prop::bool::ANY
        )
            .prop_map(|(min, max, p)| {
                let pattern = p.then(|| Pattern::parse("^[a-c]+$").unwrap());
                Kind::Text { min, max, pattern }
            }),
        (prop::option::of(-3..3_i64), prop::option::of(-3..3_i64))
            .prop_map(|(min, max)| Kind::Integer { min, max }),
        (prop::option::of(number()), prop::option::of(number()))
            .prop_map(|(min, max)| Kind::Decimal { min, max }),
        options().prop_map(|options| Kind::Enum {
            options: options
                .into_iter()
                .map(|n| Choice {
                    value: Text::parse(["a", "ab", "abc", "d"][usize::from(n)]).unwrap(),
                    name: None,
                })
                .collect(),
        }),
        (prop::option::of(measure()), prop::option::of(measure())).prop_map(|(min, max)| Kind::Measure {
            family: UnitFamily::Mass,
            min,
            max,
        }),
        Just(Kind::Boolean),
    ]
}

fn definition() -> impl Strategy<Value = Option<Attribute>> {
    let required = prop::sample::select(vec![Required::Never, Required::OnPublish, Required::Always]);
    let attribute =
        (kind(), required, prop::bool::weighted(0.2)).prop_map(|(kind, required, set)| Attribute {
            set,
            required,
            ..attribute("a", kind)
        });
    prop::option::weighted(0.9, attribute)
}

fn value() -> impl Strategy<Value = Option<Json>> {
    let single = prop_oneof![
        prop::sample::select(vec!["a", "ab", "abc", "d", "xyz", "abcde", "1.5", "-2"]).prop_map(text),
        (-4..4_i64).prop_map(|n| Json::Number(JsonNumber::from_signed(n))),
        (number(), prop::sample::select(vec!["g", "kg", "lb"]))
            .prop_map(|(n, unit)| object(&[("value", text(&n.to_string())), ("unit", text(unit))])),
        number().prop_map(|n| text(&n.to_string())),
        prop::bool::ANY.prop_map(Json::Boolean),
    ];
    let list = prop::collection::vec(single.clone(), 0..3).prop_map(Json::List);
    prop::option::weighted(0.9, prop_oneof![4 => single, 1 => list])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8000))]

    /// What is called a widening must not refuse anything that fitted before.
    #[test]
    fn widening_refuses_nothing(before in definition(), after in definition(), value in value(), publish in prop::bool::ANY) {
        let (before, after) = (content(before.into_iter().collect()), content(after.into_iter().collect()));
        let moment = if publish { Moment::Publish } else { Moment::Write };
        let attributes: Vec<_> = value.into_iter().map(|value| ("a", value)).collect();
        let (typed, faults) = before.check_product(&raw(&attributes), moment, &locale(), &Any);
        if faults.is_empty() && !after.may_refuse_what_fits(&before) {
            let (_, faults) = after.check_product(&typed, moment, &locale(), &Any);
            prop_assert_eq!(faults, vec![]);
        }
    }

    /// What was typed once stays what it is.
    #[test]
    fn typing_again_changes_nothing(definition in definition(), value in value()) {
        let content = content(definition.into_iter().collect());
        let attributes: Vec<_> = value.into_iter().map(|value| ("a", value)).collect();
        let (typed, faults) = content.check_product(&raw(&attributes), Moment::Write, &locale(), &Any);
        let (again, more) = content.check_product(&typed, Moment::Write, &locale(), &Any);
        if faults.is_empty() {
            prop_assert_eq!(more, vec![]);
        }
        prop_assert_eq!(again, typed);
    }
}
