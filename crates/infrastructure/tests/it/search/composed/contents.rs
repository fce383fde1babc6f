//! What is written of generated documents: as much of them as may stand in a catalog.

use std::collections::{BTreeMap, BTreeSet};

use application::search::{Document, Listed, TextClass, Value, VariantDocument};
use application::testing::fixtures::{locale, slug, text};
use domain::category::CategoryState;
use domain::pricing::{Price, PriceContent, PriceState, Quantity};
use domain::product::{Listing, ProductContent, VariantContent, VariantState};
use domain::product_type::{AttributeValue, Attributes};
use domain::value::{
    self, Decimal, Key, Locale, Localized, MAX_SAFE_INTEGER, Metadata, Money, Prices, Sku, Text, Weight,
    WeightUnit,
};
use domain::{Change, ProductId, ProductTypeId, Timestamp, VariantId};

use super::shop::{Item, Shop};

/// In which texts are.
const LOCALES: [&str; 5] = ["de-AT", "de", "en", "tr", "ja"];

const LABEL: &str = "attributes.label";
pub(super) const AXIS: &str = "colour";

impl Shop {
    pub(super) fn content(
        &mut self,
        document: &Document,
        number: usize,
        of: ProductTypeId,
    ) -> ProductContent {
        let values = |name: &str| values(&document.columns, name);
        let motto: BTreeMap<Locale, AttributeValue> = texts::<255>(document, TextClass::Attribute)
            .map(|(locale, text)| (locale, AttributeValue::Text(text.to_string())))
            .collect();
        let attributes = vec![
            ("rank", values("attributes.rank").first().map(integer)),
            (
                "years",
                set(
                    values("attributes.years").iter().map(number_of),
                    AttributeValue::Integer,
                ),
            ),
            (
                "motto",
                (!motto.is_empty()).then_some(AttributeValue::Localized(motto)),
            ),
        ];
        let categories = values("category").iter().filter_map(|value| {
            let is_it = |state: &&CategoryState| *value == Value::Text(state.id.to_string());
            self.categories.iter().find(is_it).map(|state| state.id)
        });
        let keywords = texts(document, TextClass::Keyword).map(|(_, text)| text);
        let tags = words(values("tags")).chain(keywords);
        let mut channels: Vec<Listing> = Vec::new();
        if let Listed::In(listings) = &document.listed {
            for (channel, window) in listings {
                if channels.iter().all(|listing| listing.channel != *channel) {
                    channels.push(Listing {
                        channel: *channel,
                        window: *window,
                    });
                }
            }
        }
        ProductContent {
            key: self
                .dice
                .maybe(50, |_| Key::parse(format!("key-{number}")).unwrap()),
            name: Localized::new(texts(document, TextClass::Name).collect())
                .unwrap_or_else(|_| text("kettle")),
            slug: slug(&format!("product-{number}")),
            description: Localized::new(texts(document, TextClass::Body).collect()).ok(),
            brand: words(values("brand")).next(),
            tags: tags.collect::<BTreeSet<_>>().into_iter().collect(),
            categories: categories.collect(),
            media: vec![],
            seo: None,
            option_axes: vec![Text::parse(AXIS).unwrap()],
            product_type: of,
            attributes: self.attributes(of, attributes),
            metadata: Metadata::default(),
            channels,
            relations: vec![],
        }
    }

    /// Those that the type has.
    fn attributes(&self, of: ProductTypeId, values: Vec<(&str, Option<AttributeValue>)>) -> Attributes {
        let of = self.types.iter().find(|state| state.id == of).unwrap();
        let known = values.into_iter().filter_map(|(key, value)| {
            let key = Key::parse(key).unwrap();
            of.content.attribute(&key)?;
            Some((key, value?))
        });
        known.collect()
    }

    pub(super) fn variant(
        &mut self,
        document: &Document,
        index: usize,
        kept: Option<&VariantState>,
        of: ProductTypeId,
        colours: &mut BTreeSet<Text<255>>,
    ) -> VariantContent {
        let generated = &document.variants[index];
        let values = |name: &str| values(&generated.columns, name);
        let number = self.number();
        let identifier = document.identifiers.get(index).filter(|sku| self.is_free(sku));
        let sku = match (kept, identifier) {
            (_, Some(identifier)) => identifier.clone(),
            (Some(kept), None) => kept.content.sku.to_string(),
            (None, None) => format!("SKU-{number}"),
        };
        let mut colour = words(values("options.colour"))
            .next()
            .unwrap_or_else(|| Text::parse("plain").unwrap());
        if !colours.insert(colour.clone()) {
            colour = Text::parse(format!("{colour} {index}")).unwrap();
            colours.insert(colour.clone());
        }
        let mut prices = Prices::default();
        for price in generated.prices.iter().filter(|price| price.id.is_none()) {
            let amount = Money::from_minor(price.minor, price.currency).unwrap();
            prices.add(value::Price::new(amount, None).unwrap()).unwrap();
        }
        let label = words::<255>(values(LABEL)).map(|text| text.to_string());
        let label = set(label, AttributeValue::Text);
        let label = label.map(|label| {
            let tag = *self.dice.pick(&LOCALES);
            AttributeValue::Localized(BTreeMap::from([(locale(tag), label)]))
        });
        let sizes = set(
            values("attributes.sizes").iter().map(number_of),
            AttributeValue::Integer,
        );
        VariantContent {
            key: self
                .dice
                .maybe(30, |_| Key::parse(format!("variant-{number}")).unwrap()),
            prices,
            weight: values("weight").first().map(|value| Weight {
                value: Decimal::parse(&(number_of(value).rem_euclid(1000)).to_string()).unwrap(),
                unit: WeightUnit::Gram,
            }),
            attributes: self.attributes(of, vec![("sizes", sizes), ("label", label)]),
            ..VariantContent::new(
                Sku::parse(sku).unwrap(),
                BTreeMap::from([(Text::parse(AXIS).unwrap(), colour)]),
                u32::try_from(self.dice.below(3)).unwrap(),
            )
        }
    }

    fn is_free(&self, sku: &str) -> bool {
        let live = |item: &Item| {
            item.live
                .clone()
                .map(|(_, variants)| variants)
                .unwrap_or_default()
        };
        let mut variants = self
            .items
            .values()
            .flat_map(|item| [item.variants.clone(), live(item)].concat());
        variants.all(|variant| variant.content.sku.as_str() != sku)
    }

    /// Other prices in lists for a variant, in place of those that it has.
    pub(super) fn prices_of(
        &mut self,
        (variant, product): (VariantId, ProductId),
        generated: &VariantDocument,
        at: Timestamp,
    ) -> Vec<Change<PriceState>> {
        let own = self.prices.iter().filter(|price| price.variant == variant);
        let mut changes: Vec<Change<PriceState>> = own
            .map(|price| {
                let mut price = Price::load(price.clone());
                price.delete(at).unwrap();
                price.into_change().unwrap()
            })
            .collect();
        for price in &generated.prices {
            let is_there = self.lists.iter().any(|list| list.id == price.list);
            let Some(id) = price.id.filter(|_| is_there) else {
                continue;
            };
            let amount = Money::from_minor(price.minor, price.currency).unwrap();
            let quantity = if self.dice.percent(10) { 10 } else { 1 };
            let content = PriceContent {
                price: value::Price::new(amount, None).unwrap(),
                min_quantity: Quantity::new(quantity).unwrap(),
                validity: price.validity,
            };
            let change = Price::create(id, price.list, (variant, product), content, at)
                .into_change()
                .unwrap();
            if changes.iter().all(|other| !other.after.excludes(&change.after)) {
                changes.push(change);
            }
        }
        changes
    }
}

fn values<'a>(columns: &'a [(String, Vec<Value>)], name: &str) -> &'a [Value] {
    let found = columns.iter().find(|(column, _)| column == name);
    found.map(|(_, values)| values.as_slice()).unwrap_or_default()
}

/// Those that may stand in a catalog.
fn words<const MAX: usize>(values: &[Value]) -> impl Iterator<Item = Text<MAX>> {
    values.iter().filter_map(|value| match value {
        Value::Text(text) => Text::parse(text.clone()).ok(),
        Value::Number(_) => None,
    })
}

fn number_of(value: &Value) -> i64 {
    match value {
        Value::Number(number) => (*number).clamp(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
        Value::Text(text) => panic!("{text} is no number"),
    }
}

fn integer(value: &Value) -> AttributeValue {
    AttributeValue::Integer(number_of(value))
}

/// With each value once.
fn set<T: Ord>(values: impl Iterator<Item = T>, make: fn(T) -> AttributeValue) -> Option<AttributeValue> {
    let values: BTreeSet<T> = values.collect();
    (!values.is_empty()).then(|| AttributeValue::Set(values.into_iter().map(make).collect()))
}

fn texts<const MAX: usize>(
    document: &Document,
    class: TextClass,
) -> impl Iterator<Item = (Locale, Text<MAX>)> {
    let those = document
        .passages
        .iter()
        .filter(move |passage| passage.class == class);
    those.filter_map(|passage| {
        let tag = LOCALES[passage.view % LOCALES.len()];
        Some((locale(tag), Text::parse(passage.text.clone()).ok()?))
    })
}
