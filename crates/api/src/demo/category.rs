//! The demo's category tree: departments, families, kinds of product, kinds in one material.
//!
//! The tree is one fixed list of which a catalog takes a longer or shorter front part, so that a
//! category is there for every product that names it, whatever the size of the catalog.

use super::line::{Category, Text};
use super::words::{Noun, Words};

/// Materials of a kind that get a category of their own.
const MATERIALS_PER_NOUN: usize = 2;
/// From this many products on, the tree grows.
const SMALL_CATALOG: u64 = 1_000;
/// How fast it grows: this many further categories a million products later.
const FURTHER_CATEGORIES: u64 = 360;

/// How many categories a catalog of `products` has.
pub(super) fn count(words: &Words, products: u64) -> usize {
    let fixed = words.departments.len() + words.families.len();
    let further = products.saturating_sub(SMALL_CATALOG).isqrt() * FURTHER_CATEGORIES / 1_000;
    let all = fixed + words.nouns.len() * (1 + MATERIALS_PER_NOUN);
    usize::try_from(further).map_or(all, |further| all.min(fixed.saturating_add(further)))
}

/// The `n`th category of the tree; `None` past its end.
pub(super) fn line(words: &Words, n: usize) -> Option<Category> {
    if let Some(department) = words.departments.get(n) {
        return Some(category(
            department.key,
            None,
            department.name.en,
            department.name.de,
            n,
        ));
    }
    let n = n - words.departments.len();
    if let Some(family) = words.families.get(n) {
        let parent = words.departments.get(family.department)?.key;
        return Some(category(
            family.key,
            Some(parent),
            family.name.en,
            family.name.de,
            n,
        ));
    }
    let n = n - words.families.len();
    if let Some(noun) = words.nouns.get(n) {
        let parent = words.families.get(noun.family)?.key;
        return Some(category(
            noun.key,
            Some(parent),
            noun.plural.en,
            noun.plural.de,
            n,
        ));
    }
    let n = n - words.nouns.len();
    let noun = words.nouns.get(n % words.nouns.len())?;
    let material = words.materials.get(*noun.materials.get(n / words.nouns.len())?)?;
    Some(category(
        &format!("{}-{}", material.key, noun.key),
        Some(noun.key),
        &format!("{} {}", material.name.en, noun.plural.en),
        &format!("{} aus {}", noun.plural.de, material.name.de),
        n,
    ))
}

fn category(key: &str, parent: Option<&str>, en: &str, de: &str, position: usize) -> Category {
    Category {
        key: format!("demo-{key}"),
        parent: parent.map(|key| format!("key:demo-{key}")),
        name: Text {
            en: en.to_owned(),
            de: Some(de.to_owned()),
        },
        slug: Text {
            en: format!("demo-{key}"),
            de: None,
        },
        position,
    }
}

/// A reference to the deepest category for the `noun`th kind of product in its `material`th
/// material that a catalog of `products` has.
pub(super) fn deepest(
    words: &Words,
    products: u64,
    (at, noun): (usize, &Noun),
    material: usize,
) -> Option<String> {
    let there = count(words, products);
    let nouns_from = words.departments.len() + words.families.len();
    let materials_from = nouns_from + words.nouns.len();
    let in_material = materials_from + material * words.nouns.len() + at;
    if material < MATERIALS_PER_NOUN && in_material < there {
        let material = words.materials.get(*noun.materials.get(material)?)?;
        return Some(format!("key:demo-{}-{}", material.key, noun.key));
    }
    let key = if nouns_from + at < there {
        noun.key
    } else {
        words.families.get(noun.family)?.key
    };
    Some(format!("key:demo-{key}"))
}
