//! The row document of a variant.

use domain::product::{VariantContent, VariantState};
use domain::value::{
    Currency, Decimal, Dimensions, Gtin, Key, LengthUnit, Money, Price, Prices, Sku, Text, ValueError,
    Weight, WeightUnit,
};
use domain::{ProductId, VariantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attributes::{AttributesDoc, attributes, attributes_doc};
use super::text::{MediaDoc, Texts, all, metadata, pairs};
use super::{RecordDoc, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantDoc {
    id: Uuid,
    product: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    key: Option<String>,
    sku: String,
    gtin: Option<String>,
    mpn: Option<String>,
    options: Texts,
    prices: Vec<MoneyDoc>,
    media: Vec<MediaDoc>,
    weight: Option<WeightDoc>,
    dimensions: Option<DimensionsDoc>,
    position: u32,
    #[serde(default)]
    attributes: AttributesDoc,
    metadata: Texts,
}

/// Amounts in minor units of the currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoneyDoc {
    currency: String,
    amount: i64,
    compare_at: Option<i64>,
}

impl From<Price> for MoneyDoc {
    fn from(price: Price) -> Self {
        Self {
            currency: price.amount().currency().code().to_owned(),
            amount: price.amount().minor(),
            compare_at: price.compare_at().map(Money::minor),
        }
    }
}

impl TryFrom<MoneyDoc> for Price {
    type Error = ValueError;

    fn try_from(doc: MoneyDoc) -> Result<Self, Self::Error> {
        let MoneyDoc {
            currency,
            amount,
            compare_at,
        } = doc;
        let currency = Currency::parse(&currency)?;
        let compare_at = compare_at.map(|minor| Money::from_minor(minor, currency));
        Self::new(Money::from_minor(amount, currency)?, compare_at.transpose()?)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WeightDoc {
    value: String,
    unit: String,
}

impl From<&Weight> for WeightDoc {
    fn from(weight: &Weight) -> Self {
        let Weight { value, unit } = weight;
        Self {
            value: value.as_str().to_owned(),
            unit: unit.as_str().to_owned(),
        }
    }
}

impl TryFrom<WeightDoc> for Weight {
    type Error = ValueError;

    fn try_from(doc: WeightDoc) -> Result<Self, Self::Error> {
        let WeightDoc { value, unit } = doc;
        Ok(Self {
            value: Decimal::parse(&value)?,
            unit: WeightUnit::parse(&unit)?,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct DimensionsDoc {
    length: String,
    width: String,
    height: String,
    unit: String,
}

impl From<&Dimensions> for DimensionsDoc {
    fn from(dimensions: &Dimensions) -> Self {
        let Dimensions {
            length,
            width,
            height,
            unit,
        } = dimensions;
        Self {
            length: length.as_str().to_owned(),
            width: width.as_str().to_owned(),
            height: height.as_str().to_owned(),
            unit: unit.as_str().to_owned(),
        }
    }
}

impl TryFrom<DimensionsDoc> for Dimensions {
    type Error = ValueError;

    fn try_from(doc: DimensionsDoc) -> Result<Self, Self::Error> {
        let DimensionsDoc {
            length,
            width,
            height,
            unit,
        } = doc;
        Ok(Self {
            length: Decimal::parse(&length)?,
            width: Decimal::parse(&width)?,
            height: Decimal::parse(&height)?,
            unit: LengthUnit::parse(&unit)?,
        })
    }
}

impl From<&VariantState> for VariantDoc {
    fn from(state: &VariantState) -> Self {
        let VariantState {
            id,
            product,
            record,
            content,
        } = state;
        let VariantContent {
            key,
            sku,
            gtin,
            mpn,
            options,
            prices,
            media,
            weight,
            dimensions,
            position,
            attributes,
            metadata,
        } = content;
        Self {
            id: id.uuid(),
            product: product.uuid(),
            record: record.into(),
            key: key.as_ref().map(ToString::to_string),
            sku: sku.to_string(),
            gtin: gtin.as_ref().map(|g| g.as_str().to_owned()),
            mpn: mpn.as_ref().map(ToString::to_string),
            options: options
                .iter()
                .map(|(a, v)| (a.to_string(), v.to_string()))
                .collect(),
            prices: prices.iter().map(Into::into).collect(),
            media: media.iter().map(Into::into).collect(),
            weight: weight.as_ref().map(Into::into),
            dimensions: dimensions.as_ref().map(Into::into),
            position: *position,
            attributes: attributes_doc(attributes),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<VariantDoc> for VariantState {
    type Error = RowError;

    fn try_from(doc: VariantDoc) -> Result<Self, Self::Error> {
        let VariantDoc {
            id,
            product,
            record,
            key,
            sku,
            gtin,
            mpn,
            options,
            prices: stored_prices,
            media,
            weight,
            dimensions,
            position,
            attributes: values,
            metadata: pairs,
        } = doc;
        let option = |(axis, value): (String, String)| Ok((Text::parse(axis)?, Text::parse(value)?));
        let mut prices = Prices::default();
        for price in stored_prices {
            prices.add(price.try_into()?)?;
        }
        Ok(Self {
            id: VariantId::new(id),
            product: ProductId::new(product),
            record: record.into(),
            content: VariantContent {
                key: key.map(Key::parse).transpose()?,
                sku: Sku::parse(sku)?,
                gtin: gtin.map(Gtin::parse).transpose()?,
                mpn: mpn.map(Text::parse).transpose()?,
                options: options
                    .into_iter()
                    .map(option)
                    .collect::<Result<_, ValueError>>()?,
                prices,
                media: all(media)?,
                weight: weight.map(Weight::try_from).transpose()?,
                dimensions: dimensions.map(Dimensions::try_from).transpose()?,
                position,
                attributes: attributes(values)?,
                metadata: metadata(pairs)?,
            },
        })
    }
}
