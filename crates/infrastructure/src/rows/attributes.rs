//! The row form of attributes: each value with the name of its kind, so that it is read back without its type.

use std::collections::BTreeMap;

use application::json::JsonDoc;
use domain::product_type::{AttributeValue, Attributes, Measure, Target};
use domain::value::{Key, Locale, Number};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Day, Instant, RowError};

pub(super) type AttributesDoc = BTreeMap<String, ValueDoc>;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ValueDoc {
    Text(String),
    Integer(i64),
    Decimal(String),
    Boolean(bool),
    Date(Day),
    DateTime(Instant),
    Measure(MeasureDoc),
    Product(Uuid),
    Category(Uuid),
    Json(JsonDoc),
    Set(Vec<Self>),
    Localized(BTreeMap<String, Self>),
}

/// A number of units.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MeasureDoc {
    value: String,
    unit: String,
}

impl From<&Measure> for MeasureDoc {
    fn from(measure: &Measure) -> Self {
        Self {
            value: measure.value().to_string(),
            unit: measure.unit().symbol.to_owned(),
        }
    }
}

impl TryFrom<MeasureDoc> for Measure {
    type Error = RowError;

    fn try_from(doc: MeasureDoc) -> Result<Self, Self::Error> {
        let MeasureDoc { value, unit } = doc;
        Ok(Self::new(Number::parse(&value)?, &unit)?)
    }
}

impl From<&AttributeValue> for ValueDoc {
    fn from(value: &AttributeValue) -> Self {
        match value {
            // Raw values do not come this far; see `typed`.
            AttributeValue::Raw(value) | AttributeValue::Json(value) => Self::Json(JsonDoc(value.clone())),
            AttributeValue::Text(text) => Self::Text(text.clone()),
            AttributeValue::Integer(number) => Self::Integer(*number),
            AttributeValue::Decimal(number) => Self::Decimal(number.to_string()),
            AttributeValue::Boolean(value) => Self::Boolean(*value),
            AttributeValue::Date(date) => Self::Date(Day(*date)),
            AttributeValue::DateTime(time) => Self::DateTime(Instant(*time)),
            AttributeValue::Measure(measure) => Self::Measure(measure.into()),
            AttributeValue::Reference(Target::Product, id) => Self::Product(*id),
            AttributeValue::Reference(Target::Category, id) => Self::Category(*id),
            AttributeValue::Set(items) => Self::Set(items.iter().map(Into::into).collect()),
            AttributeValue::Localized(values) => {
                let plain =
                    |(locale, value): (&Locale, &AttributeValue)| (locale.as_str().to_owned(), value.into());
                Self::Localized(values.iter().map(plain).collect())
            }
        }
    }
}

impl TryFrom<ValueDoc> for AttributeValue {
    type Error = RowError;

    fn try_from(doc: ValueDoc) -> Result<Self, Self::Error> {
        Ok(match doc {
            ValueDoc::Text(text) => Self::Text(text),
            ValueDoc::Integer(number) => Self::Integer(number),
            ValueDoc::Decimal(number) => Self::Decimal(Number::parse(&number)?),
            ValueDoc::Boolean(value) => Self::Boolean(value),
            ValueDoc::Date(Day(date)) => Self::Date(date),
            ValueDoc::DateTime(Instant(time)) => Self::DateTime(time),
            ValueDoc::Measure(measure) => Self::Measure(measure.try_into()?),
            ValueDoc::Product(id) => Self::Reference(Target::Product, id),
            ValueDoc::Category(id) => Self::Reference(Target::Category, id),
            ValueDoc::Json(JsonDoc(value)) => Self::Json(value),
            ValueDoc::Set(items) => {
                Self::Set(items.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            ValueDoc::Localized(values) => {
                let value = |(tag, value): (String, ValueDoc)| {
                    Ok::<_, RowError>((Locale::parse(&tag)?, Self::try_from(value)?))
                };
                Self::Localized(values.into_iter().map(value).collect::<Result<_, _>>()?)
            }
        })
    }
}

pub(super) fn attributes_doc(attributes: &Attributes) -> AttributesDoc {
    let plain = |(key, value): (&Key, &AttributeValue)| (key.to_string(), value.into());
    attributes.iter().map(plain).collect()
}

pub(super) fn attributes(doc: AttributesDoc) -> Result<Attributes, RowError> {
    let value = |(key, value): (String, ValueDoc)| Ok((Key::parse(key)?, value.try_into()?));
    doc.into_iter().map(value).collect()
}

/// Fails on values that were not held against a type.
pub(crate) fn typed(attributes: &Attributes) -> Result<(), RowError> {
    let raw = |(_, value): &(&Key, &AttributeValue)| matches!(value, AttributeValue::Raw(_));
    match attributes.iter().find(raw) {
        None => Ok(()),
        Some((key, _)) => Err(RowError::Word(format!("the attribute {key} without its type"))),
    }
}
