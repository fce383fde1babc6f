//! How a document lies in tantivy's: one document per product.
//!
//! Columns are paths of JSON fields, so that new attributes need no other schema. What variants say lies in the order of
//! the variants, one value after the other; a column in which some variant has not exactly one value is accompanied by
//! how many each of them has, so that values can be given back to their variants.

use std::collections::BTreeMap;

use application::search::{Columns, Document, Layout, Listed, Value, VariantDocument};
use domain::Timestamp;
use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, INDEXED, JsonObjectOptions, OwnedValue, Schema};

use super::fold;
use super::text_fields::TextFields;

/// Says that a product is listed in all channels.
pub(super) const EVERYWHERE: &str = "*";

/// The fields that hold columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Group {
    /// Of the product.
    Product,
    /// Of the variants.
    Variant,
    /// How many values each variant has in a column of `Variant`.
    Count,
    Listing,
    Offer,
    /// Folded, to sort by.
    Sort,
}

impl Group {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Variant => "variant",
            Self::Count => "count",
            Self::Listing => "listing",
            Self::Offer => "offer",
            Self::Sort => "sort",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// The product's id, to find it by when it is replaced.
    pub(super) id: Field,
    id_high: Field,
    id_low: Field,
    variant_high: Field,
    variant_low: Field,
    product: Field,
    variant: Field,
    count: Field,
    listing: Field,
    offer: Field,
    sort: Field,
    pub(super) text: TextFields,
}

impl Fields {
    pub(super) fn of(layout: &Layout) -> Self {
        let mut builder = Schema::builder();
        let columns = || JsonObjectOptions::default().set_fast("raw");
        let id = builder.add_bytes_field("id", INDEXED);
        let [id_high, id_low, variant_high, variant_low] =
            ["id_high", "id_low", "variant_high", "variant_low"]
                .map(|name| builder.add_u64_field(name, FAST));
        let [product, variant, count, listing, offer, sort] = [
            Group::Product,
            Group::Variant,
            Group::Count,
            Group::Listing,
            Group::Offer,
            Group::Sort,
        ]
        .map(|group| builder.add_json_field(group.name(), columns()));
        let text = TextFields::add(&mut builder, &layout.views);
        Self {
            schema: builder.build(),
            id,
            id_high,
            id_low,
            variant_high,
            variant_low,
            product,
            variant,
            count,
            listing,
            offer,
            sort,
            text,
        }
    }

    pub(super) fn document(&self, document: &Document) -> TantivyDocument {
        let mut made = TantivyDocument::new();
        let id = document.id.uuid();
        let (high, low) = id.as_u64_pair();
        made.add_bytes(self.id, id.as_bytes());
        made.add_u64(self.id_high, high);
        made.add_u64(self.id_low, low);
        for variant in &document.variants {
            let (high, low) = variant.id.uuid().as_u64_pair();
            made.add_u64(self.variant_high, high);
            made.add_u64(self.variant_low, low);
        }
        let mut put = |field, entries: Vec<(String, OwnedValue)>| {
            if !entries.is_empty() {
                made.add_field_value(field, &OwnedValue::Object(entries));
            }
        };
        put(self.product, product_columns(&document.columns));
        let (values, counts) = variant_columns(&document.variants);
        put(self.variant, values);
        put(self.count, counts);
        put(self.listing, listings(&document.listed));
        put(self.offer, offers(&document.variants));
        let sort = document.sort_texts.iter();
        put(
            self.sort,
            sort.map(|(name, text)| (path_of(name, false), OwnedValue::Str(fold(text))))
                .collect(),
        );
        self.text.index(document, &mut made);
        made
    }
}

/// The name of a column within its field. Columns of texts and of numbers never meet, and no character means anything in
/// the paths of tantivy.
pub(super) fn path_of(name: &str, is_number: bool) -> String {
    let mut path = String::with_capacity(name.len() + 8);
    path.push(if is_number { 'n' } else { 't' });
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            path.push(char::from(byte));
        } else {
            path.push('~');
            for part in [byte >> 4, byte & 15] {
                path.extend(char::from_digit(u32::from(part), 16));
            }
        }
    }
    path
}

fn owned(value: &Value) -> OwnedValue {
    match value {
        Value::Number(number) => OwnedValue::I64(*number),
        Value::Text(text) => OwnedValue::Str(text.clone()),
    }
}

/// By kind, as a column has values of one only.
fn kinds(columns: &Columns) -> impl Iterator<Item = ((&str, bool), Vec<&Value>)> {
    columns.iter().flat_map(|(name, values)| {
        [false, true].into_iter().filter_map(move |is_number| {
            let mut kept: Vec<&Value> = values
                .iter()
                .filter(|value| matches!(value, Value::Number(_)) == is_number)
                .collect();
            kept.sort_unstable();
            kept.dedup();
            (!kept.is_empty()).then_some(((name.as_str(), is_number), kept))
        })
    })
}

fn product_columns(columns: &Columns) -> Vec<(String, OwnedValue)> {
    kinds(columns)
        .map(|((name, is_number), values)| {
            let values = values.into_iter().map(owned).collect();
            (path_of(name, is_number), OwnedValue::Array(values))
        })
        .collect()
}

type Entries = Vec<(String, OwnedValue)>;

fn variant_columns(variants: &[VariantDocument]) -> (Entries, Entries) {
    let mut columns: BTreeMap<_, (Vec<OwnedValue>, Vec<i64>)> = BTreeMap::new();
    for (place, variant) in variants.iter().enumerate() {
        for (column, found) in kinds(&variant.columns) {
            let (values, counts) = columns.entry(column).or_default();
            counts.resize(place, 0);
            counts.push(i64::try_from(found.len()).unwrap_or(i64::MAX));
            values.extend(found.into_iter().map(owned));
        }
    }
    let (mut values, mut counts) = (Vec::with_capacity(columns.len()), Vec::new());
    for ((name, is_number), (found, mut each)) in columns {
        let path = path_of(name, is_number);
        each.resize(variants.len(), 0);
        if each.iter().any(|count| *count != 1) {
            let each = each.into_iter().map(OwnedValue::I64).collect();
            counts.push((path.clone(), OwnedValue::Array(each)));
        }
        values.push((path, OwnedValue::Array(found)));
    }
    (values, counts)
}

pub(super) fn micros_from(from: Option<Timestamp>) -> i64 {
    from.map_or(i64::MIN, |from| from.timestamp_micros())
}

pub(super) fn micros_until(until: Option<Timestamp>) -> i64 {
    until.map_or(i64::MAX, |until| until.timestamp_micros())
}

fn numbers(numbers: impl Iterator<Item = i64>) -> OwnedValue {
    OwnedValue::Array(numbers.map(OwnedValue::I64).collect())
}

fn listings(listed: &Listed) -> Entries {
    let listed = match listed {
        Listed::Everywhere => {
            let everywhere = OwnedValue::Str(EVERYWHERE.to_owned());
            return vec![("channel".to_owned(), everywhere)];
        }
        Listed::In(listed) => listed,
    };
    if listed.is_empty() {
        return Vec::new();
    }
    let channels = listed
        .iter()
        .map(|(channel, _)| channel.uuid().simple().to_string());
    vec![
        (
            "channel".to_owned(),
            OwnedValue::Array(channels.map(OwnedValue::Str).collect()),
        ),
        (
            "from".to_owned(),
            numbers(listed.iter().map(|(_, window)| micros_from(window.publish_at()))),
        ),
        (
            "until".to_owned(),
            numbers(
                listed
                    .iter()
                    .map(|(_, window)| micros_until(window.unpublish_at())),
            ),
        ),
    ]
}

/// The offers of a variant stand in the order of their lists and ids, as the earlier one wins where all else is equal.
fn offers(variants: &[VariantDocument]) -> Entries {
    let each = variants.iter().map(|variant| {
        let mut prices: Vec<_> = variant.prices.iter().collect();
        prices.sort_by_key(|price| (price.list, price.id));
        prices
    });
    let each: Vec<_> = each.collect();
    let all = || each.iter().flatten();
    if all().next().is_none() {
        return Vec::new();
    }
    let kinds = all().map(|price| {
        let carrier = if price.id.is_some() { 'p' } else { 'v' };
        let list = price.list.uuid();
        OwnedValue::Str(format!("{}{carrier}{}", price.currency.code(), list.simple()))
    });
    let mut entries = vec![
        (
            "count".to_owned(),
            numbers(
                each.iter()
                    .map(|prices| i64::try_from(prices.len()).unwrap_or(i64::MAX)),
            ),
        ),
        ("kind".to_owned(), OwnedValue::Array(kinds.collect())),
        ("minor".to_owned(), numbers(all().map(|price| price.minor))),
    ];
    if all().any(|price| price.validity.from().or(price.validity.until()).is_some()) {
        let from = numbers(all().map(|price| micros_from(price.validity.from())));
        let until = numbers(all().map(|price| micros_until(price.validity.until())));
        entries.push(("from".to_owned(), from));
        entries.push(("until".to_owned(), until));
    }
    entries
}
