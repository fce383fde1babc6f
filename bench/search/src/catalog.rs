//! The products: 3 variants and 20 attributes each, the same every time.

use std::sync::Arc;

use application::search::{
    Category, CategoryTree, Columns, Document, Layout, ListPrice, Listed, Passage, TextClass, TextView,
    Value, VariantDocument,
};
use domain::pricing::{Validity, base_list};
use domain::resource::Identity;
use domain::value::Currency;
use domain::{CategoryId, ProductId};
use fastrand::Rng;
use uuid::Uuid;

use crate::Result;
use crate::words::{Vocabulary, rank};

pub(crate) const VARIANTS: u64 = 3;
/// Of products, texts with as many values as the number.
pub(crate) const TERMS: [(&str, usize); 8] = [
    ("material", 30),
    ("pattern", 15),
    ("season", 4),
    ("gender", 4),
    ("origin", 80),
    ("series", 3000),
    ("certificate", 12),
    ("care", 25),
];
/// Of products, numbers below the number.
pub(crate) const NUMBERS: [(&str, i64); 6] = [
    ("year", 30),
    ("warranty", 10),
    ("rating", 50),
    ("power", 3000),
    ("height", 2500),
    ("depth", 1200),
];
/// Of variants; with two numbers, `weight` and `stretch`, these are the other six.
pub(crate) const OPTIONS: [(&str, usize); 4] = [("colour", 24), ("size", 36), ("fit", 5), ("finish", 8)];

const BRANDS: usize = 4000;
const CATEGORIES: usize = 600;
const TAGS: usize = 300;

/// A product as both sides take it in.
pub(crate) struct Product {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) brand: String,
    pub(crate) tags: Vec<String>,
    pub(crate) categories: Vec<usize>,
    /// In microseconds.
    pub(crate) created: i64,
    pub(crate) terms: Vec<(&'static str, String)>,
    pub(crate) numbers: Vec<(&'static str, i64)>,
    pub(crate) variants: Vec<Variant>,
}

pub(crate) struct Variant {
    pub(crate) sku: String,
    pub(crate) options: Vec<(&'static str, String)>,
    pub(crate) weight: i64,
    pub(crate) stretch: i64,
    /// In cents.
    pub(crate) price: i64,
}

pub(crate) struct Catalog {
    pub(crate) products: u64,
    pub(crate) names: Vocabulary,
    bodies: Vocabulary,
    brands: Vocabulary,
    /// The parent of each category, which is one before it.
    pub(crate) parents: Vec<Option<usize>>,
    pub(crate) tree: Arc<CategoryTree>,
    pub(crate) euro: Currency,
}

pub(crate) fn category(place: usize) -> CategoryId {
    CategoryId::from_uuid(Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0000 + place as u128,
    ))
}

pub(crate) fn id(number: u64) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(
        (u128::from(number) << 80) | 0x7000_8000_0000_0000_0000,
    ))
}

impl Catalog {
    pub(crate) fn new(products: u64) -> Self {
        // Ten at the top, ten below each, five below each of those.
        let parents: Vec<Option<usize>> = (0..CATEGORIES)
            .map(|place| match place {
                0..10 => None,
                10..110 => Some((place - 10) / 10),
                _ => Some(10 + (place - 110) / 5),
            })
            .collect();
        let tree = parents.iter().enumerate().map(|(place, parent)| {
            let parent = parent.map(category);
            (category(place), Category { parent })
        });
        Self {
            products,
            tree: Arc::new(tree.collect()),
            parents,
            names: Vocabulary::new(30_000, 60.0, 1),
            bodies: Vocabulary::new(60_000, 10.0, 2),
            brands: Vocabulary::new(BRANDS, 20.0, 3),
            euro: Currency::parse("EUR").unwrap_or_else(|_| unreachable!()),
        }
    }

    pub(crate) fn layout() -> Layout {
        Layout {
            views: vec![TextView {
                name: "en".to_owned(),
                language: "en".to_owned(),
            }],
            fingerprint: "bench".to_owned(),
        }
    }

    pub(crate) fn product(&self, number: u64) -> Product {
        let mut rng = Rng::with_seed(number);
        let words = rng.usize(3..=6);
        let price = (900.0 * 250f64.powf(rng.f64())) as i64;
        Product {
            number,
            name: self.names.text(words, &mut rng),
            body: format!(
                "{} {}",
                self.names.text(5, &mut rng),
                self.bodies.text(25, &mut rng)
            ),
            brand: self.brand(&mut rng),
            tags: (0..rng.usize(0..4))
                .map(|_| format!("tag-{}", rank(TAGS, 3.0, &mut rng)))
                .collect(),
            categories: (0..rng.usize(1..3)).map(|_| rng.usize(110..CATEGORIES)).collect(),
            created: 1_600_000_000_000_000 + rng.i64(0..150_000_000) * 1_000_000,
            terms: TERMS
                .iter()
                .map(|(name, values)| (*name, format!("{name} {}", rank(*values, 3.0, &mut rng))))
                .collect(),
            numbers: NUMBERS
                .iter()
                .map(|(name, end)| (*name, rng.i64(0..*end)))
                .collect(),
            variants: (0..VARIANTS)
                .map(|place| variant(number, place, price, &mut rng))
                .collect(),
        }
    }

    pub(crate) fn brand(&self, rng: &mut Rng) -> String {
        let word = self.brands.word(rng);
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    pub(crate) fn document(&self, product: &Product) -> Document {
        let texts = |values: &mut dyn Iterator<Item = String>| values.map(Value::Text).collect::<Vec<_>>();
        let passage = |class, text: String| Passage { view: 0, class, text };
        let mut passages = vec![
            passage(TextClass::Name, product.name.clone()),
            passage(TextClass::Keyword, product.brand.clone()),
            passage(TextClass::Body, product.body.clone()),
        ];
        passages.extend(
            product
                .tags
                .iter()
                .map(|tag| passage(TextClass::Keyword, tag.clone())),
        );
        passages.extend(
            product
                .terms
                .iter()
                .take(2)
                .map(|(_, value)| passage(TextClass::Attribute, value.clone())),
        );
        let mut columns: Columns = vec![
            ("brand".to_owned(), vec![Value::Text(product.brand.clone())]),
            ("createdAt".to_owned(), vec![Value::Number(product.created)]),
            (
                "category".to_owned(),
                texts(
                    &mut product
                        .categories
                        .iter()
                        .map(|place| category(*place).to_string()),
                ),
            ),
        ];
        if !product.tags.is_empty() {
            columns.push(("tags".to_owned(), texts(&mut product.tags.iter().cloned())));
        }
        let terms = product
            .terms
            .iter()
            .map(|(name, value)| (*name, Value::Text(value.clone())));
        let numbers = product
            .numbers
            .iter()
            .map(|(name, value)| (*name, Value::Number(*value)));
        columns.extend(
            terms
                .chain(numbers)
                .map(|(name, value)| (format!("attributes.{name}"), vec![value])),
        );
        Document {
            id: id(product.number),
            listed: Listed::Everywhere,
            passages,
            identifiers: product
                .variants
                .iter()
                .map(|variant| variant.sku.clone())
                .collect(),
            columns,
            sort_texts: vec![("name".to_owned(), product.name.clone())],
            variants: product
                .variants
                .iter()
                .zip(0..)
                .map(|(variant, place)| self.variant(product, variant, place))
                .collect(),
        }
    }

    fn variant(&self, product: &Product, variant: &Variant, place: u128) -> VariantDocument {
        let mut columns: Columns = vec![
            ("sku".to_owned(), vec![Value::Text(variant.sku.clone())]),
            ("weight".to_owned(), vec![Value::Number(variant.weight)]),
            (
                "attributes.stretch".to_owned(),
                vec![Value::Number(variant.stretch)],
            ),
        ];
        columns.extend(
            variant
                .options
                .iter()
                .map(|(name, value)| (format!("options.{name}"), vec![Value::Text(value.clone())])),
        );
        VariantDocument {
            id: Identity::from_uuid(Uuid::from_u128(id(product.number).uuid().as_u128() + place)),
            columns,
            prices: vec![ListPrice {
                list: base_list(),
                id: None,
                currency: self.euro,
                minor: variant.price,
                validity: Validity::ALWAYS,
            }],
        }
    }

    /// The category and all below it.
    pub(crate) fn branch(&self, top: usize) -> Vec<usize> {
        let is_below = |place: &usize| {
            std::iter::successors(Some(*place), |place| self.parents.get(*place).copied().flatten())
                .any(|above| above == top)
        };
        (0..CATEGORIES).filter(is_below).collect()
    }

    /// Hands over all products in pieces.
    pub(crate) fn pieces(&self, size: u64) -> impl Iterator<Item = Vec<Product>> {
        (0..self.products.div_ceil(size)).map(move |piece| {
            let numbers = piece * size..((piece + 1) * size).min(self.products);
            numbers.map(|number| self.product(number)).collect()
        })
    }
}

fn variant(number: u64, place: u64, price: i64, rng: &mut Rng) -> Variant {
    Variant {
        sku: format!("SKU-{number:07}-{place}"),
        options: OPTIONS
            .iter()
            .map(|(name, values)| (*name, format!("{name} {}", rank(*values, 3.0, rng))))
            .collect(),
        weight: rng.i64(10..5000) * 1000,
        stretch: rng.i64(0..20),
        price: price + rng.i64(0..5) * 100,
    }
}

impl Product {
    /// Everything that is only filtered by, as JSON.
    pub(crate) fn attributes(&self) -> Result<String> {
        let terms = self
            .terms
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        let numbers = self
            .numbers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let all: serde_json::Map<String, serde_json::Value> = terms.chain(numbers).collect();
        Ok(serde_json::to_string(&all)?)
    }
}
