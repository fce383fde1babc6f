#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::HashSet;

use serde_json::Value;

use super::catalog;
use super::words::{Words, rows};

fn parsed(products: u64, seed: u64) -> (Vec<Value>, Vec<Value>) {
    catalog(products, seed)
        .map(|line| {
            assert!(!line.contains('\n'));
            serde_json::from_str::<Value>(&line).unwrap()
        })
        .filter(|line| line["resource"] == "category" || line["resource"] == "product")
        .partition(|line| line["resource"] == "category")
}

fn of_kind(products: u64, seed: u64, kind: &str) -> Vec<Value> {
    let lines = catalog(products, seed).map(|line| serde_json::from_str::<Value>(&line).unwrap());
    lines.filter(|line| line["resource"] == kind).collect()
}

fn strings<'a>(lines: &'a [Value], pointer: &str) -> Vec<&'a str> {
    lines
        .iter()
        .filter_map(|line| line.pointer(pointer)?.as_str())
        .collect()
}

fn variants(products: &[Value]) -> Vec<Value> {
    products
        .iter()
        .flat_map(|p| p["variants"].as_array().unwrap().clone())
        .collect()
}

#[track_caller]
fn assert_unique(values: &[&str]) {
    let mut seen = HashSet::new();
    let twice: Vec<_> = values
        .iter()
        .filter(|value| !seen.insert(**value))
        .take(3)
        .collect();
    assert!(twice.is_empty(), "not unique: {twice:?}");
}

#[test]
fn every_row_of_the_vocabulary_is_read() {
    let words = Words::load();
    let of_kind = |kind: &str| rows().filter(|row| row[0] == kind).count();
    assert_eq!(words.departments.len(), of_kind("D"));
    assert_eq!(words.families.len(), of_kind("F"));
    assert_eq!(words.nouns.len(), of_kind("N"));
    assert_eq!(words.materials.len(), of_kind("M"));
    assert_eq!(words.axes.len(), of_kind("A"));
    assert_eq!(words.openers.len(), of_kind("O"));
    assert_eq!(words.closings.len(), of_kind("C"));
    assert_eq!(
        words.departments.iter().map(|d| d.uses.len()).sum::<usize>(),
        of_kind("U")
    );
    assert!(
        words
            .departments
            .iter()
            .all(|department| !department.uses.is_empty())
    );
    assert!(
        words
            .nouns
            .iter()
            .all(|noun| noun.materials.len() >= 2 && noun.axes.len() <= 2)
    );
    for list in [&words.brands, &words.models, &words.adjectives, &words.tags] {
        assert!(!list.is_empty());
    }
}

#[test]
fn same_seed_same_bytes_and_another_seed_another_catalog() {
    let once: Vec<String> = catalog(500, 7).collect();
    assert_eq!(once, catalog(500, 7).collect::<Vec<_>>());
    let other: HashSet<String> = catalog(500, 8).collect();
    // Two may ask the same for something.
    let same = once.iter().filter(|line| other.contains(*line));
    let same = same.filter(|line| !line.contains("\"resource\":\"price\""));
    let words = Words::load();
    assert_eq!(
        same.count(),
        40 + words.departments.len() + 4,
        "only the tree, the types, the channels and the lists"
    );
}

#[test]
fn a_bigger_catalog_contains_the_smaller_one() {
    for (small, big) in [(0, 1), (900, 1_500), (1_500, 20_000)] {
        let big: HashSet<String> = catalog(big, 3).collect();
        assert!(catalog(small, 3).all(|line| big.contains(&line)));
    }
}

#[test]
fn tree_grows_with_the_catalog_and_parents_come_first() {
    for (products, expected) in [
        (0, 40),
        (1_000, 40),
        (20_000, 89),
        (1_001_000, 400),
        (u64::MAX, 400),
    ] {
        let tree: Vec<Value> = catalog(products, 1)
            .map(|line| serde_json::from_str(&line).unwrap())
            .skip_while(|line: &Value| line["resource"] != "category")
            .take_while(|line: &Value| line["resource"] == "category")
            .collect();
        assert_eq!(tree.len(), expected, "{products} products");
        let mut seen = HashSet::new();
        for category in &tree {
            if let Some(parent) = category["parent"].as_str() {
                assert!(seen.contains(parent), "{parent} comes after its child");
            }
            seen.insert(format!("key:{}", category["key"].as_str().unwrap()));
        }
        assert_unique(&strings(&tree, "/key"));
        assert_unique(&strings(&tree, "/slug/en"));
    }
}

#[test]
fn twenty_thousand_products_are_unique_and_whole() {
    let (categories, products) = parsed(20_000, 42);
    assert_eq!(products.len(), 20_000);
    let known: HashSet<String> = strings(&categories, "/key")
        .into_iter()
        .map(|key| format!("key:{key}"))
        .collect();
    for pointer in ["/key", "/slug/en", "/slug/de"] {
        assert_unique(&strings(&products, pointer));
    }
    for product in &products {
        assert!(
            product["categories"]
                .as_array()
                .unwrap()
                .iter()
                .all(|category| { known.contains(category.as_str().unwrap()) })
        );
        assert!(
            strings(std::slice::from_ref(product), "/slug/en")
                .iter()
                .all(|slug| { slug.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')) })
        );
        let tags: Vec<&str> = product["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag.as_str().unwrap())
            .collect();
        assert_unique(&tags);
        assert!(!product["description"].to_string().contains("{m"), "{product}");
    }
    let variants = variants(&products);
    assert_unique(&strings(&variants, "/sku"));
    assert_unique(&strings(&variants, "/gtin"));
    assert!(
        (56_000..68_000).contains(&variants.len()),
        "{} variants",
        variants.len()
    );
}

#[test]
fn variants_differ_in_exactly_the_axes_of_their_product() {
    let (_, products) = parsed(5_000, 9);
    let mut most = 0;
    for product in &products {
        let axes: HashSet<&str> = product["optionAxes"]
            .as_array()
            .map(|axes| axes.iter().map(|axis| axis.as_str().unwrap()).collect())
            .unwrap_or_default();
        let variants = product["variants"].as_array().unwrap();
        most = most.max(variants.len());
        let mut combinations = HashSet::new();
        for variant in variants {
            let options = variant["options"].as_object().unwrap();
            assert_eq!(options.keys().map(String::as_str).collect::<HashSet<_>>(), axes);
            assert!(combinations.insert(variant["options"].to_string()), "{product}");
        }
        assert!(!variants.is_empty());
        assert!(!axes.is_empty() || variants.len() == 1);
    }
    assert!((13..=24).contains(&most), "{most}");
}

#[test]
fn gtins_are_ean_13_with_the_right_check_digit() {
    let (_, products) = parsed(2_000, 5);
    let variants = variants(&products);
    let gtins = strings(&variants, "/gtin");
    assert!(gtins.len() > variants.len() / 2);
    for gtin in gtins {
        let digits: Vec<u32> = gtin.chars().map(|c| c.to_digit(10).unwrap()).collect();
        let sum: u32 = digits.iter().zip([1, 3].iter().cycle()).map(|(d, f)| d * f).sum();
        assert!(
            digits.len() == 13 && digits[0] == 2 && sum.is_multiple_of(10),
            "{gtin}"
        );
    }
}

#[test]
fn amounts_have_the_digits_of_their_currency() {
    let (_, products) = parsed(2_000, 5);
    for variant in variants(&products) {
        let prices = variant["prices"].as_array().unwrap();
        let currencies: Vec<_> = prices.iter().map(|price| &price["currency"]).collect();
        assert_eq!(currencies, ["EUR", "GBP", "JPY"]);
        for price in prices {
            let amount = price["amount"].as_str().unwrap();
            assert!(amount.parse::<f64>().unwrap() > 0.0, "{amount}");
            let decimals = amount.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert_eq!(
                decimals,
                if price["currency"] == "JPY" { 0 } else { 2 },
                "{amount}"
            );
        }
    }
}

#[test]
fn products_are_of_the_types_and_prices_of_the_lists_that_are_there() {
    let (_, products) = parsed(2_000, 5);
    let types: HashSet<String> = strings(&of_kind(1, 5, "productType"), "/key")
        .into_iter()
        .map(|key| format!("key:{key}"))
        .collect();
    let used: HashSet<&str> = strings(&products, "/productType").into_iter().collect();
    assert_eq!(used.len(), types.len(), "every type has products");
    assert!(used.iter().all(|key| types.contains(*key)));
    for product in &products {
        assert!(product["attributes"]["material"].is_string(), "{product}");
    }
    assert_eq!(of_kind(1, 5, "channel").len(), 2);
    let prices = of_kind(2_000, 5, "price");
    let all = variants(&products);
    let skus: HashSet<String> = strings(&all, "/sku")
        .into_iter()
        .map(|sku| format!("sku:{sku}"))
        .collect();
    assert!(
        strings(&prices, "/variant")
            .iter()
            .all(|variant| skus.contains(*variant))
    );
    let lists: HashSet<&str> = strings(&prices, "/priceList").into_iter().collect();
    assert_eq!(lists, HashSet::from(["key:demo-sale", "key:demo-trade"]));
    let share = prices.len() * 100 / all.len();
    assert!((50..120).contains(&share), "{share}");
    let mut seen = HashSet::new();
    for price in &prices {
        let identity = format!(
            "{} {} {}",
            price["priceList"], price["variant"], price["currency"]
        );
        assert!(seen.insert(identity), "{price}");
        let amount = |name: &str| price[name].as_str().map(|amount| amount.parse::<f64>().unwrap());
        assert!(
            amount("compareAt").is_none_or(|before| before > amount("amount").unwrap()),
            "{price}"
        );
    }
}
