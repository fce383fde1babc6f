//! What the demo's products stand on: a product type for each department, two channels, and two price lists.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::line::decimal_of;
use super::random::Random;
use super::words::{Department, Material, Noun, Phrase, Words};

/// Where things are made.
const COUNTRIES: [&str; 7] = ["AT", "DE", "DK", "ES", "IT", "PT", "SE"];

/// How things are cared for.
const CARE: [Phrase; 4] = [
    Phrase {
        en: "Dishwasher safe",
        de: "Spülmaschinenfest",
    },
    Phrase {
        en: "Wash by hand",
        de: "Von Hand spülen",
    },
    Phrase {
        en: "Wipe with a damp cloth",
        de: "Feucht abwischen",
    },
    Phrase {
        en: "Keep dry",
        de: "Trocken halten",
    },
];

/// A product type for each department, the channels, and the price lists.
pub(super) fn lines(words: &Words) -> Vec<Value> {
    let types = words.departments.iter().enumerate();
    types
        .map(|(at, department)| product_type(words, at, department))
        .chain(channels())
        .chain(price_lists())
        .collect()
}

/// What the type of a department is called.
pub(super) fn key(department: &Department) -> String {
    format!("demo-{}", department.key)
}

fn product_type(words: &Words, at: usize, department: &Department) -> Value {
    let in_department = |noun: &&Noun| {
        words
            .families
            .get(noun.family)
            .is_some_and(|f| f.department == at)
    };
    let used: BTreeSet<usize> = words
        .nouns
        .iter()
        .filter(in_department)
        .flat_map(|noun| noun.materials.iter().copied())
        .collect();
    let materials = used.into_iter().filter_map(|at| words.materials.get(at));
    let options: Vec<_> = materials.map(|m| choice(m.key, m.name)).collect();
    let countries: Vec<_> = COUNTRIES.iter().map(|code| json!({"value": code})).collect();
    let name = department.name;
    json!({
        "resource": "productType", "key": key(department), "name": {"en": name.en, "de": name.de},
        "attributes": [
            {"key": "material", "name": {"en": "Material", "de": "Material"}, "type": "enum", "options": options,
                "required": "onPublish", "filterable": true},
            {"key": "madeIn", "name": {"en": "Made in", "de": "Hergestellt in"}, "type": "enum", "options": countries,
                "filterable": true},
            {"key": "care", "name": {"en": "Care", "de": "Pflege"}, "type": "text", "localizable": true, "max": 120},
            {"key": "warranty", "name": {"en": "Warranty in years", "de": "Garantie in Jahren"}, "type": "integer",
                "min": 1, "max": 25, "sortable": true},
            {"key": "packed", "name": {"en": "Weight when packed", "de": "Gewicht verpackt"}, "type": "measure",
                "unitFamily": "mass", "level": "variant"},
        ],
    })
}

fn choice(value: &str, name: Phrase) -> Value {
    json!({"value": value, "name": {"en": name.en, "de": name.de}})
}

fn channels() -> [Value; 2] {
    [
        json!({
            "resource": "channel", "key": "demo-europe", "name": {"en": "Europe", "de": "Europa"},
            "locales": ["en", "de"], "currencies": ["EUR"], "countries": ["AT", "DE", "FR", "IT", "NL"],
            "priceLists": ["key:demo-sale", "key:demo-trade", "key:base"],
        }),
        json!({
            "resource": "channel", "key": "demo-britain", "name": {"en": "Britain", "de": "Großbritannien"},
            "locales": ["en"], "currencies": ["GBP"], "countries": ["GB"],
            "priceLists": ["key:demo-trade", "key:base"],
        }),
    ]
}

fn price_lists() -> [Value; 2] {
    [
        json!({
            "resource": "priceList", "key": "demo-sale", "name": {"en": "Sale", "de": "Ausverkauf"}, "priority": 20,
            "conditions": {"channels": ["key:demo-europe"]},
        }),
        json!({
            "resource": "priceList", "key": "demo-trade", "name": {"en": "Trade", "de": "Händler"}, "priority": 30,
            "conditions": {"customerGroups": ["trade"]},
        }),
    ]
}

/// What the type asks of a product.
pub(super) fn attributes(material: &Material, in_german: bool, random: &mut Random) -> Value {
    let mut attributes = json!({
        "material": material.key,
        "warranty": random.between(1, 10),
    });
    let (care, country) = (random.pick(&CARE), random.pick(&COUNTRIES));
    if let Some(members) = attributes.as_object_mut() {
        let care = care.map(|care| {
            if in_german {
                json!({"en": care.en, "de": care.de})
            } else {
                json!({"en": care.en})
            }
        });
        members.extend(care.map(|care| ("care".to_owned(), care)));
        members.extend(country.map(|code| ("madeIn".to_owned(), json!(code))));
    }
    attributes
}

/// What the type asks of a variant that weighs so many grams.
pub(super) fn packed(grams: u64) -> Value {
    json!({"packed": {"value": decimal_of(grams + 150, 1_000), "unit": "kg"}})
}
