//! What is to be indexed of the catalog, told from what was written, with nothing of what the service does for it.

use std::collections::BTreeSet;

use application::search::{
    Columns, Document, Layout, ListPrice, Listed, Passage, Plane, TextClass, TextView, Value, VariantDocument,
};
use application::testing::fixtures::locale;
use domain::Timestamp;
use domain::pricing::{Quantity, Validity, base_list};
use domain::product::VariantState;
use domain::product_type::{AttributeValue, Attributes, ProductTypeState};
use domain::value::Locale;

use super::contents::AXIS;
use super::shop::{Item, Shop};

/// The ways in which shoppers of the two channels read.
const STORE: [&str; 5] = ["de,en", "de-AT,de,en", "en", "ja,en", "tr,en"];
const MANAGEMENT: [&str; 6] = ["*", "de", "de-AT", "en", "ja", "tr"];

pub(super) fn layout(plane: Plane) -> Layout {
    let names: &[&str] = match plane {
        Plane::Store => &STORE,
        Plane::Management => &MANAGEMENT,
    };
    let view = |name: &&str| TextView {
        name: (*name).to_owned(),
        language: match *name {
            "*" => "und".to_owned(),
            name => name[..2].to_owned(),
        },
    };
    Layout {
        views: names.iter().map(view).collect(),
        fingerprint: String::new(),
    }
}

/// None for the view of all locales.
pub(super) fn locales(view: &TextView) -> Vec<Locale> {
    let tags = view.name.split(',').filter(|tag| *tag != "*");
    tags.map(locale).collect()
}

/// A text, or a value, that is another one in each locale, as it is read in a view.
fn read<'a, T>(
    texts: impl Iterator<Item = (&'a Locale, &'a T)>,
    plane: Plane,
    view: &TextView,
) -> Vec<&'a T> {
    let texts: Vec<_> = texts.collect();
    let is_in = |wanted: &Locale| {
        texts
            .iter()
            .find(|(own, _)| *own == wanted)
            .map(|(_, text)| *text)
    };
    let locales = locales(view);
    match plane {
        Plane::Management if locales.is_empty() => texts.into_iter().map(|(_, text)| text).collect(),
        Plane::Management => is_in(&locales[0]).into_iter().collect(),
        Plane::Store => {
            let preferred = locales.iter().find_map(is_in);
            preferred
                .or(texts.first().map(|(_, text)| *text))
                .into_iter()
                .collect()
        }
    }
}

fn words(value: &AttributeValue, plane: Plane, view: &TextView) -> Vec<String> {
    match value {
        AttributeValue::Localized(values) => {
            let seen = read(values.iter(), plane, view);
            seen.into_iter()
                .flat_map(|value| words(value, plane, view))
                .collect()
        }
        AttributeValue::Set(items) => items.iter().flat_map(|item| words(item, plane, view)).collect(),
        AttributeValue::Text(text) => vec![text.clone()],
        AttributeValue::Integer(number) => vec![number.to_string()],
        other => panic!("{other:?}"),
    }
}

fn stored(value: Option<&AttributeValue>) -> Vec<Value> {
    match value {
        Some(AttributeValue::Set(items)) => {
            let values: BTreeSet<Value> = items.iter().flat_map(|item| stored(Some(item))).collect();
            values.into_iter().collect()
        }
        Some(AttributeValue::Text(text)) => vec![Value::Text(text.clone())],
        Some(AttributeValue::Integer(number)) => vec![Value::Number(*number)],
        None => vec![],
        Some(other) => panic!("{other:?}"),
    }
}

fn columns(attributes: &Attributes, of: &ProductTypeState, plane: Plane) -> Columns {
    let mut columns = Columns::new();
    for (key, value) in attributes.iter() {
        // A product that goes back to its published copy may be of another type than its variants were written for.
        let Some(definition) = of.content.attribute(key) else {
            continue;
        };
        if !definition.filterable && !definition.sortable {
            continue;
        }
        if definition.localizable && plane == Plane::Store {
            for view in layout(plane).views {
                let seen = value.resolve(&locales(&view));
                columns.push((format!("attributes.{key}@{}", view.name), stored(seen)));
            }
        } else {
            let seen = value.resolve(&[locale("en")]);
            columns.push((format!("attributes.{key}"), stored(seen)));
        }
    }
    columns
}

fn word(text: &(impl ToString + ?Sized)) -> Value {
    Value::Text(text.to_string())
}

const fn instant(time: Timestamp) -> Value {
    Value::Number(time.timestamp_micros())
}

impl Shop {
    pub(super) fn document(&self, plane: Plane, item: &Item) -> Option<Document> {
        let (product, variants) = match plane {
            Plane::Management => (&item.product, &item.variants),
            Plane::Store => item
                .live
                .as_ref()
                .map(|(product, variants)| (product, variants))?,
        };
        let content = &product.content;
        let of = self.type_of(content);
        let mut variants: Vec<&VariantState> = variants.iter().collect();
        variants.sort_by_key(|variant| (variant.content.position, variant.id));

        let mut columns = columns(&content.attributes, of, plane);
        let mut add = |name: &str, values: Vec<Value>| columns.push((name.to_owned(), values));
        add("brand", content.brand.iter().map(word).collect());
        add("tags", content.tags.iter().map(word).collect());
        add("category", content.categories.iter().map(word).collect());
        add("productType", vec![word(&of.content.key)]);
        add("key", content.key.iter().map(word).collect());
        add("createdAt", vec![instant(product.record.created_at)]);
        add("updatedAt", vec![instant(product.record.updated_at)]);
        add(
            "publishedAt",
            product.published_at.into_iter().map(instant).collect(),
        );
        if plane == Plane::Management {
            add("status", vec![word(product.status.as_str())]);
            add("hasUnpublishedChanges", vec![word(&item.is_pending())]);
        }
        columns.retain(|(_, values)| !values.is_empty());

        let mut identifiers: BTreeSet<String> = content.key.iter().map(ToString::to_string).collect();
        for variant in &variants {
            identifiers.insert(variant.content.sku.to_string());
            identifiers.extend(variant.content.key.iter().map(ToString::to_string));
        }
        let views = layout(plane).views;
        let mut sort_texts: Vec<(String, String)> = Vec::new();
        for view in &views {
            let chain = match locales(view) {
                none if none.is_empty() => vec![locale("en")],
                chain => chain,
            };
            let name = content.name.resolve(&chain).unwrap();
            sort_texts.push((format!("name@{}", view.name), name.to_string()));
        }
        for (name, values) in &columns {
            let is_sorted_by =
                matches!(name.as_str(), "brand" | "key") || name.starts_with("attributes.motto");
            if let [Value::Text(text)] = values.as_slice()
                && is_sorted_by
            {
                sort_texts.push((name.clone(), text.clone()));
            }
        }
        let passages = views.iter().enumerate().flat_map(|(index, view)| {
            let passages = self.passages(item, plane, view);
            passages.into_iter().map(move |(class, text)| Passage {
                view: index,
                class,
                text,
            })
        });
        Some(Document {
            id: product.id,
            listed: if content.channels.is_empty() {
                Listed::Everywhere
            } else {
                Listed::In(content.channels.iter().map(|l| (l.channel, l.window)).collect())
            },
            passages: passages.collect(),
            identifiers: identifiers.into_iter().collect(),
            columns,
            sort_texts,
            variants: variants
                .iter()
                .map(|variant| self.variant_document(variant, of, plane))
                .collect(),
        })
    }

    fn passages(&self, item: &Item, plane: Plane, view: &TextView) -> BTreeSet<(TextClass, String)> {
        let (product, variants) = match (plane, &item.live) {
            (Plane::Store, Some((product, variants))) => (product, variants),
            _ => (&item.product, &item.variants),
        };
        let content = &product.content;
        let of = self.type_of(content);
        let mut passages = BTreeSet::new();
        let mut add = |class, text: &str| passages.insert((class, text.to_owned()));
        for name in read(content.name.iter(), plane, view) {
            add(TextClass::Name, name.as_str());
        }
        for text in content
            .description
            .iter()
            .flat_map(|texts| read(texts.iter(), plane, view))
        {
            add(TextClass::Body, text.as_str());
        }
        if let Some(brand) = &content.brand {
            add(TextClass::Keyword, brand.as_str());
        }
        for tag in &content.tags {
            add(TextClass::Keyword, tag.as_str());
        }
        let mut attributes: Vec<_> = content.attributes.iter().collect();
        for variant in variants {
            add(TextClass::Keyword, variant.content.sku.as_str());
            attributes.extend(variant.content.attributes.iter());
            for value in variant.content.options.values() {
                add(TextClass::Attribute, value.as_str());
            }
        }
        for (key, value) in attributes {
            if of
                .content
                .attribute(key)
                .is_some_and(|definition| definition.searchable)
            {
                for text in words(value, plane, view) {
                    add(TextClass::Attribute, &text);
                }
            }
        }
        passages
    }

    fn variant_document(
        &self,
        variant: &VariantState,
        of: &ProductTypeState,
        plane: Plane,
    ) -> VariantDocument {
        let content = &variant.content;
        let mut columns = columns(&content.attributes, of, plane);
        columns.push(("sku".to_owned(), vec![word(&content.sku)]));
        for (axis, value) in &content.options {
            assert_eq!(axis.as_str(), AXIS);
            columns.push((format!("options.{axis}"), vec![word(value)]));
        }
        if let Some(weight) = &content.weight {
            let grams: i64 = weight.value.as_str().parse().unwrap();
            columns.push(("weight".to_owned(), vec![Value::Number(grams * 1000)]));
        }
        columns.retain(|(_, values)| !values.is_empty());
        let own = content.prices.iter().map(|price| ListPrice {
            list: base_list(),
            id: None,
            currency: price.amount().currency(),
            minor: price.amount().minor(),
            validity: Validity::ALWAYS,
        });
        let in_lists = self
            .prices
            .iter()
            .filter(|price| price.variant == variant.id && price.content.min_quantity == Quantity::ONE)
            .map(|price| ListPrice {
                list: price.list,
                id: Some(price.id),
                currency: price.content.price.amount().currency(),
                minor: price.content.price.amount().minor(),
                validity: price.content.validity,
            });
        VariantDocument {
            id: variant.id,
            columns,
            prices: own.chain(in_lists).collect(),
        }
    }
}
