//! Row documents read for search: of each only what is searched, and not held against the domain's rules again, since a
//! whole catalog is read at once and nothing of it is stored or shown.

use std::collections::BTreeMap;

use application::search::{CopyAttributes, CopyValue, ListPrice, Listed, ProductCopy, Texts, VariantCopy};
use domain::pricing::{Validity, base_list};
use domain::product::{ProductStatus, Window};
use domain::product_type::AttributeValue;
use domain::value::{Currency, Decimal, Weight, WeightUnit};
use domain::{CategoryId, ChannelId, PriceId, PriceListId, ProductId, ProductTypeId, VariantId};
use serde::Deserialize;
use uuid::Uuid;

use super::attributes::{AttributesDoc, ValueDoc};
use super::{Instant, RowError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductRow {
    id: Uuid,
    created_at: Instant,
    updated_at: Instant,
    status: String,
    published_at: Option<Instant>,
    key: Option<String>,
    name: Texts,
    description: Option<Texts>,
    brand: Option<String>,
    tags: Vec<String>,
    categories: Vec<Uuid>,
    product_type: Option<Uuid>,
    #[serde(default)]
    attributes: AttributesDoc,
    #[serde(default)]
    channels: Vec<ListingRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListingRow {
    channel: Uuid,
    publish_at: Option<Instant>,
    unpublish_at: Option<Instant>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantRow {
    id: Uuid,
    product: Uuid,
    key: Option<String>,
    sku: String,
    gtin: Option<String>,
    mpn: Option<String>,
    options: Texts,
    prices: Vec<AmountRow>,
    weight: Option<WeightRow>,
    position: u32,
    #[serde(default)]
    attributes: AttributesDoc,
}

#[derive(Debug, Deserialize)]
struct AmountRow {
    currency: String,
    amount: i64,
}

#[derive(Debug, Deserialize)]
struct WeightRow {
    value: String,
    unit: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceRow {
    id: Uuid,
    price_list: Uuid,
    variant: Uuid,
    currency: String,
    amount: i64,
    valid_from: Option<Instant>,
    valid_until: Option<Instant>,
}

impl ProductRow {
    /// The copy, for now without its variants.
    pub(crate) fn into_copy(self, has_unpublished_changes: bool) -> Result<ProductCopy, RowError> {
        let listed = if self.channels.is_empty() {
            Listed::Everywhere
        } else {
            let listing = |row: ListingRow| {
                let window = Window::new(row.publish_at.map(|i| i.0), row.unpublish_at.map(|i| i.0))?;
                Ok::<_, RowError>((ChannelId::new(row.channel), window))
            };
            Listed::In(self.channels.into_iter().map(listing).collect::<Result<_, _>>()?)
        };
        Ok(ProductCopy {
            id: ProductId::new(self.id),
            product_type: self
                .product_type
                .map_or(ProductTypeId::GENERIC, ProductTypeId::new),
            status: ProductStatus::parse(&self.status)?,
            has_unpublished_changes,
            key: self.key,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            published_at: self.published_at.map(|i| i.0),
            name: self.name,
            description: self.description.unwrap_or_default(),
            brand: self.brand,
            tags: self.tags,
            categories: self.categories.into_iter().map(CategoryId::new).collect(),
            attributes: attributes(self.attributes)?,
            listed,
            variants: Vec::new(),
        })
    }
}

impl VariantRow {
    /// The copy with its product and position, for now with the prices only that it carries itself.
    pub(crate) fn into_copy(self) -> Result<(ProductId, u32, VariantCopy), RowError> {
        let carried = |row: AmountRow| {
            Ok::<_, RowError>(ListPrice {
                list: base_list(),
                id: None,
                currency: Currency::parse(&row.currency)?,
                minor: row.amount,
                validity: Validity::ALWAYS,
            })
        };
        let weight = self.weight.map(|row| {
            Ok::<_, RowError>(Weight {
                value: Decimal::parse(&row.value)?,
                unit: WeightUnit::parse(&row.unit)?,
            })
        });
        let copy = VariantCopy {
            id: VariantId::new(self.id),
            key: self.key,
            sku: self.sku,
            gtin: self.gtin,
            mpn: self.mpn,
            options: self.options,
            weight: weight.transpose()?,
            attributes: attributes(self.attributes)?,
            prices: self.prices.into_iter().map(carried).collect::<Result<_, _>>()?,
        };
        Ok((ProductId::new(self.product), self.position, copy))
    }
}

impl PriceRow {
    /// The price with its variant.
    pub(crate) fn into_price(self) -> Result<(VariantId, ListPrice), RowError> {
        let price = ListPrice {
            list: PriceListId::new(self.price_list),
            id: Some(PriceId::new(self.id)),
            currency: Currency::parse(&self.currency)?,
            minor: self.amount,
            validity: Validity::new(self.valid_from.map(|i| i.0), self.valid_until.map(|i| i.0))?,
        };
        Ok((VariantId::new(self.variant), price))
    }
}

fn attributes(docs: AttributesDoc) -> Result<CopyAttributes, RowError> {
    let mut attributes = CopyAttributes::with_capacity(docs.len());
    for (key, doc) in docs {
        if let Some(value) = value(doc)? {
            attributes.push((key, value));
        }
    }
    Ok(attributes)
}

fn value(doc: ValueDoc) -> Result<Option<CopyValue>, RowError> {
    Ok(Some(match doc {
        ValueDoc::Json(_) => return Ok(None),
        ValueDoc::Set(items) => {
            let items = items.into_iter().map(AttributeValue::try_from);
            CopyValue::Set(items.collect::<Result<_, _>>()?)
        }
        ValueDoc::Localized(docs) => {
            let mut values = BTreeMap::new();
            for (tag, doc) in docs {
                values.extend(value(doc)?.map(|value| (tag, value)));
            }
            CopyValue::Localized(values)
        }
        single => CopyValue::One(single.try_into()?),
    }))
}
