//! Values of attributes.

use std::collections::BTreeMap;

use chrono::{NaiveDate, SecondsFormat};
use uuid::Uuid;

use super::attribute::Target;
use super::unit::Measure;
use crate::Timestamp;
use crate::value::{Json, JsonNumber, Key, Locale, Number};

/// A value, typed by the definition of its attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// As a client wrote it, not yet held against a type. Never stored.
    Raw(Json),
    /// Of types `text`, `enum` and `url`.
    Text(String),
    Integer(i64),
    Decimal(Number),
    Boolean(bool),
    Date(NaiveDate),
    DateTime(Timestamp),
    Measure(Measure),
    Reference(Target, Uuid),
    Json(Json),
    Set(Vec<Self>),
    Localized(BTreeMap<Locale, Self>),
}

/// The attributes of a product or variant by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<Key, AttributeValue>);

impl Attributes {
    /// The most attributes that a type defines.
    pub const MAX: usize = 500;

    pub fn insert(&mut self, key: Key, value: AttributeValue) {
        self.0.insert(key, value);
    }

    pub fn get(&self, key: &Key) -> Option<&AttributeValue> {
        self.0.get(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &AttributeValue)> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The resources that the values refer to.
    pub fn references(&self) -> impl Iterator<Item = (&Key, Target, Uuid)> {
        self.0.iter().flat_map(|(key, value)| {
            let items = match value {
                AttributeValue::Set(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            };
            items.iter().filter_map(move |item| match item {
                AttributeValue::Reference(target, id) => Some((key, *target, *id)),
                _ => None,
            })
        })
    }

    /// The values as clients write and read them.
    pub fn to_json(&self) -> BTreeMap<String, Json> {
        let plain = |(key, value): (&Key, &AttributeValue)| (key.to_string(), value.to_json());
        self.0.iter().map(plain).collect()
    }
}

impl IntoIterator for Attributes {
    type Item = (Key, AttributeValue);
    type IntoIter = std::collections::btree_map::IntoIter<Key, AttributeValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(Key, AttributeValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (Key, AttributeValue)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl AttributeValue {
    /// The value as clients write and read it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Raw(value) | Self::Json(value) => value.clone(),
            Self::Text(text) => Json::Text(text.clone()),
            Self::Integer(number) => Json::Number(JsonNumber::from_signed(*number)),
            Self::Decimal(number) => Json::Text(number.to_string()),
            Self::Boolean(value) => Json::Boolean(*value),
            Self::Date(date) => Json::Text(date.to_string()),
            Self::DateTime(time) => Json::Text(instant(*time)),
            Self::Measure(measure) => Json::Object(BTreeMap::from([
                ("value".to_owned(), Json::Text(measure.value().to_string())),
                ("unit".to_owned(), Json::Text(measure.unit().symbol.to_owned())),
            ])),
            Self::Reference(_, id) => Json::Text(id.to_string()),
            Self::Set(items) => Json::List(items.iter().map(Self::to_json).collect()),
            Self::Localized(values) => {
                let plain = |(locale, value): (&Locale, &Self)| (locale.as_str().to_owned(), value.to_json());
                Json::Object(values.iter().map(plain).collect())
            }
        }
    }

    /// Sets with every value once: written differently, the same one may have come twice.
    pub(super) fn distinct(self) -> Self {
        match self {
            Self::Set(items) => {
                let mut distinct: Vec<Self> = Vec::with_capacity(items.len());
                for item in items {
                    if !distinct.contains(&item) {
                        distinct.push(item);
                    }
                }
                Self::Set(distinct)
            }
            Self::Localized(values) => Self::Localized(
                values
                    .into_iter()
                    .map(|(locale, value)| (locale, value.distinct()))
                    .collect(),
            ),
            single => single,
        }
    }

    /// The value in the first of these locales that there is one in, else whatever there is.
    pub fn resolve(&self, locales: &[Locale]) -> Option<&Self> {
        match self {
            Self::Localized(values) => {
                let preferred = locales.iter().find_map(|locale| values.get(locale));
                preferred.or_else(|| values.values().next())
            }
            plain => Some(plain),
        }
    }

    /// A text that equal values share and different ones don't; `None` for what cannot be unique.
    pub fn identity(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Decimal(number) => Some(number.to_string()),
            Self::Date(date) => Some(date.to_string()),
            Self::DateTime(time) => Some(instant(*time)),
            Self::Measure(measure) => Some(measure.base_text()),
            Self::Reference(_, id) => Some(id.to_string()),
            Self::Raw(_) | Self::Boolean(_) | Self::Json(_) | Self::Set(_) | Self::Localized(_) => None,
        }
    }
}

fn instant(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
