//! Wire forms of the values that several resources have.

use std::collections::BTreeMap;

use application::json::JsonDoc;
use chrono::SecondsFormat;
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map as _, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use domain::Timestamp;
use domain::product::Seo;
use domain::product_type::{AttributeValue, Attributes};
use domain::value::{
    Dimensions, Json, Key, Locale, Localized, LocalizedSlug, Media, MediaSource, Metadata, Price, Weight,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::media::file_address;

/// RFC 3339 in UTC with microseconds.
pub(crate) fn instant(time: Timestamp) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Text per locale (BCP 47), at most 60 locales. A plain string is taken as text in the catalog's default locale;
/// answers always have the object.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"en": "Enamel kettle", "de": "Emaillekessel"}))]
pub(crate) enum LocalizedDto {
    PerLocale(BTreeMap<String, String>),
    Plain(String),
}

impl<E: DeserializeError> Deserr<E> for LocalizedDto {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        match value {
            Value::String(text) => Ok(Self::Plain(text)),
            Value::Map(_) => {
                Texts::deserialize_from_value(value, location).map(|texts| Self::PerLocale(texts.0))
            }
            actual => {
                let accepted = &[ValueKind::String, ValueKind::Map];
                Err(take_cf_content(E::error(
                    None,
                    ErrorKind::IncorrectValueKind { actual, accepted },
                    location,
                )))
            }
        }
    }
}

/// Texts by name. `deserr`'s own maps drop an entry that is not valid without a word; here it is a fault like any other.
pub(super) struct Texts(BTreeMap<String, String>);

impl From<Texts> for BTreeMap<String, String> {
    fn from(Texts(texts): Texts) -> Self {
        texts
    }
}

impl<E: DeserializeError> Deserr<E> for Texts {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        let map = match value {
            Value::Map(map) => map,
            actual => {
                let accepted = &[ValueKind::Map];
                return Err(take_cf_content(E::error(
                    None,
                    ErrorKind::IncorrectValueKind { actual, accepted },
                    location,
                )));
            }
        };
        let mut texts = BTreeMap::new();
        let mut error = None;
        for (name, value) in map.into_iter() {
            let at = location.push_key(&name);
            match String::deserialize_from_value(value.into_value(), at) {
                Ok(text) => drop(texts.insert(name, text)),
                Err(fault) => error = Some(take_cf_content(E::merge(error, fault, at))),
            }
        }
        error.map_or(Ok(Self(texts)), Err)
    }
}

impl<const MAX: usize> From<&Localized<MAX>> for LocalizedDto {
    fn from(texts: &Localized<MAX>) -> Self {
        Self::PerLocale(
            texts
                .iter()
                .map(|(l, t)| (l.as_str().to_owned(), t.as_str().to_owned()))
                .collect(),
        )
    }
}

impl From<&LocalizedSlug> for LocalizedDto {
    fn from(slugs: &LocalizedSlug) -> Self {
        Self::PerLocale(
            slugs
                .iter()
                .map(|(l, s)| (l.as_str().to_owned(), s.as_str().to_owned()))
                .collect(),
        )
    }
}

/// Any JSON.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct JsonDto(pub(crate) serde_json::Value);

impl<E: DeserializeError> Deserr<E> for JsonDto {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        serde_json::Value::deserialize_from_value(value, location).map(Self)
    }
}

impl JsonDto {
    pub(crate) fn to_json(&self) -> Json {
        // There is no JSON that this cannot be read from.
        serde_json::from_value(self.0.clone()).map_or(Json::Null, |JsonDoc(json)| json)
    }
}

impl From<Json> for JsonDto {
    fn from(json: Json) -> Self {
        Self(serde_json::to_value(JsonDoc(json)).unwrap_or_default())
    }
}

/// Values of attributes by their keys, in the form that the definitions of the product type give them: decimals as
/// strings, measures as `{"value": "1.5", "unit": "kg"}`, sets as arrays, localizable values as objects by language.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, serde_json::Value>, example = json!({}))]
pub(crate) struct AttributesDto(pub(crate) BTreeMap<String, JsonDto>);

impl<E: DeserializeError> Deserr<E> for AttributesDto {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        let map = match value {
            Value::Map(map) => map,
            actual => {
                let accepted = &[ValueKind::Map];
                return Err(take_cf_content(E::error(
                    None,
                    ErrorKind::IncorrectValueKind { actual, accepted },
                    location,
                )));
            }
        };
        let mut values = BTreeMap::new();
        for (name, value) in map.into_iter() {
            let at = location.push_key(&name);
            let value = JsonDto::deserialize_from_value(value.into_value(), at)?;
            values.insert(name, value);
        }
        Ok(Self(values))
    }
}

impl From<&Attributes> for AttributesDto {
    fn from(attributes: &Attributes) -> Self {
        Self(
            attributes
                .to_json()
                .into_iter()
                .map(|(key, value)| (key, value.into()))
                .collect(),
        )
    }
}

impl AttributesDto {
    /// For readers of one locale.
    pub(crate) fn resolved(attributes: &Attributes, locales: &[Locale]) -> Self {
        let value = |(key, value): (&Key, &AttributeValue)| {
            let value = value.resolve(locales)?.to_json();
            Some((key.to_string(), JsonDto::from(value)))
        };
        Self(attributes.iter().filter_map(value).collect())
    }
}

pub(super) fn metadata(pairs: &Metadata) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// A picture or document: an address on the web, or a file that was uploaded.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct MediaDto {
    /// Absolute `http` or `https` URL of at most 2,048 characters. Of an uploaded file answers have the path under which
    /// it is served, which may be sent back with its `mediaId`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://images.example.com/kettle.jpg", max_length = 2048)]
    pub(crate) url: Option<String>,
    /// Id of a file that was uploaded to `/v1/media`, instead of a URL.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media_id: Option<String>,
    /// At most 500 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alt: Option<LocalizedDto>,
    /// `main`, `gallery` (when absent), `swatch` or `document`.
    #[deserr(default)]
    #[schema(example = "gallery")]
    pub(crate) role: Option<String>,
}

impl From<&Media> for MediaDto {
    fn from(media: &Media) -> Self {
        let (url, media_id) = match media.source() {
            MediaSource::Web(url) => (Some(url.clone()), None),
            MediaSource::Named(id) => (None, Some(id.to_string())),
            MediaSource::File(id, digest) => (Some(file_address(digest)), Some(id.to_string())),
        };
        Self {
            url,
            media_id,
            alt: media.alt.as_ref().map(Into::into),
            role: Some(media.role.as_str().to_owned()),
        }
    }
}

/// What search engines are to show.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct SeoDto {
    /// At most 255 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<LocalizedDto>,
    /// At most 1,000 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<LocalizedDto>,
}

impl From<&Seo> for SeoDto {
    fn from(Seo { title, description }: &Seo) -> Self {
        Self {
            title: title.as_ref().map(Into::into),
            description: description.as_ref().map(Into::into),
        }
    }
}

/// A price: exact decimals as strings, never floats.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct PriceDto {
    /// At most the currency's own digits after the point (JPY 0, EUR 2, KWD 3), not negative.
    #[schema(example = "19.99")]
    pub(crate) amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// The crossed-out amount, greater than `amount`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "24.99")]
    pub(crate) compare_at: Option<String>,
}

impl From<Price> for PriceDto {
    fn from(price: Price) -> Self {
        Self {
            amount: price.amount().amount(),
            currency: price.amount().currency().code().to_owned(),
            compare_at: price.compare_at().map(domain::value::Money::amount),
        }
    }
}

/// A weight: a decimal string with a unit.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct WeightDto {
    #[schema(example = "1.5")]
    pub(crate) value: String,
    /// `g`, `kg`, `oz` or `lb`.
    #[schema(example = "kg")]
    pub(crate) unit: String,
}

impl From<&Weight> for WeightDto {
    fn from(Weight { value, unit }: &Weight) -> Self {
        Self {
            value: value.as_str().to_owned(),
            unit: unit.as_str().to_owned(),
        }
    }
}

/// Outer dimensions: decimal strings with one unit.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct DimensionsDto {
    #[schema(example = "20")]
    pub(crate) length: String,
    #[schema(example = "15.5")]
    pub(crate) width: String,
    #[schema(example = "18")]
    pub(crate) height: String,
    /// `mm`, `cm`, `m`, `in` or `ft`.
    #[schema(example = "cm")]
    pub(crate) unit: String,
}

impl From<&Dimensions> for DimensionsDto {
    fn from(
        Dimensions {
            length,
            width,
            height,
            unit,
        }: &Dimensions,
    ) -> Self {
        Self {
            length: length.as_str().to_owned(),
            width: width.as_str().to_owned(),
            height: height.as_str().to_owned(),
            unit: unit.as_str().to_owned(),
        }
    }
}
