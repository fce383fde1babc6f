//! Definitions of attributes.

use deserr::Deserr;
use domain::product_type::{Attribute, Choice, Level, Required};
use domain::value::{Key, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::parse::Parser;
use crate::wire::values::{JsonDto, LocalizedDto};

use super::kind;

/// What one attribute may hold.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of one another"
)]
pub(crate) struct AttributeDto {
    /// `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique within the type.
    #[schema(example = "material")]
    pub(super) key: String,
    /// At most 100 characters.
    #[schema(example = json!({"en": "Material"}))]
    pub(super) name: LocalizedDto,
    /// `text`, `integer`, `decimal`, `boolean`, `date`, `dateTime`, `enum`, `measure`, `url`, `reference` or `json`.
    #[deserr(rename = "type")]
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub(super) kind: String,
    /// Whether it has several values, at most 250.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    pub(super) set: bool,
    /// `product` (when absent) or `variant`: what carries the value.
    #[deserr(default)]
    #[schema(example = "product")]
    pub(super) level: Option<String>,
    /// `never` (when absent), `onPublish` or `always`.
    #[deserr(default)]
    #[schema(example = "onPublish")]
    pub(super) required: Option<String>,
    /// Whether no two products, or variants, of the type have the same value. Not for sets, localizable attributes,
    /// booleans and json.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    pub(super) unique: bool,
    /// Whether it has a value per locale; for `text` and `url` only.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    pub(super) localizable: bool,
    /// Whether searches look into it.
    #[deserr(default)]
    #[schema(required = false, example = true)]
    pub(super) searchable: bool,
    /// Whether searches filter by it.
    #[deserr(default)]
    #[schema(required = false, example = true)]
    pub(super) filterable: bool,
    /// Whether searches sort by it.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    pub(super) sortable: bool,
    /// The values of an `enum`, 1 to 1,000.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options: Option<Vec<ChoiceDto>>,
    /// The least value: a number of characters (`text`), an integer, a decimal as a string, a date, or a measure.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = 2)]
    pub(super) min: Option<JsonDto>,
    /// The greatest value, in the form of `min`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = 80)]
    pub(super) max: Option<JsonDto>,
    /// A regular expression (ECMA-262, without look-around and back-references) that a `text` must match, anywhere
    /// unless anchored; at most 1,000 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "^[A-Z]")]
    pub(super) pattern: Option<String>,
    /// What a `measure` measures: `mass`, `length`, `area`, `volume`, `temperature`, `time`, `power`, `energy`,
    /// `voltage`, `current`, `frequency` or `data`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mass")]
    pub(super) unit_family: Option<String>,
    /// The JSON Schema (2020-12) of a `json`; at most 64 KiB, without `$id`, referring to nothing outside itself.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>, example = json!({"type": "object"}))]
    pub(super) schema: Option<JsonDto>,
    /// What a `reference` leads to: `product` or `category`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "product")]
    pub(super) target: Option<String>,
}

/// One value of an enum.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct ChoiceDto {
    /// At most 255 characters.
    #[schema(example = "leather")]
    value: String,
    /// What people read for it, at most 255 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "Leather"}))]
    name: Option<LocalizedDto>,
}

impl ChoiceDto {
    pub(super) fn parse(self, p: &mut Parser<'_>, at: &str) -> Option<Choice> {
        let value = p.take(&format!("{at}/value"), Text::parse(self.value));
        let name = p.maybe(self.name, |p, name| p.localized(&format!("{at}/name"), name));
        Some(Choice {
            value: value?,
            name: name?,
        })
    }
}

impl From<&Choice> for ChoiceDto {
    fn from(Choice { value, name }: &Choice) -> Self {
        Self {
            value: value.to_string(),
            name: name.as_ref().map(Into::into),
        }
    }
}

impl AttributeDto {
    pub(super) fn parse(mut self, p: &mut Parser<'_>, at: &str) -> Option<Attribute> {
        let to = |member: &str| format!("{at}/{member}");
        let kind = kind::parse(&mut self, p, at);
        let key = p.take(&to("key"), Key::parse(self.key));
        let name = p.localized(&to("name"), self.name);
        let level = match self.level {
            None => Some(Level::Product),
            Some(level) => p.take(&to("level"), Level::parse(&level)),
        };
        let required = match self.required {
            None => Some(Required::Never),
            Some(required) => p.take(&to("required"), Required::parse(&required)),
        };
        Some(Attribute {
            key: key?,
            name: name?,
            kind: kind?,
            set: self.set,
            level: level?,
            required: required?,
            unique: self.unique,
            localizable: self.localizable,
            searchable: self.searchable,
            filterable: self.filterable,
            sortable: self.sortable,
        })
    }
}

impl From<&Attribute> for AttributeDto {
    fn from(attribute: &Attribute) -> Self {
        let Attribute {
            key,
            name,
            kind,
            set,
            level,
            required,
            unique,
            localizable,
            searchable,
            filterable,
            sortable,
        } = attribute;
        let mut dto = Self {
            key: key.to_string(),
            name: name.into(),
            kind: kind.as_str().to_owned(),
            set: *set,
            level: Some(level.as_str().to_owned()),
            required: Some(required.as_str().to_owned()),
            unique: *unique,
            localizable: *localizable,
            searchable: *searchable,
            filterable: *filterable,
            sortable: *sortable,
            options: None,
            min: None,
            max: None,
            pattern: None,
            unit_family: None,
            schema: None,
            target: None,
        };
        kind::fill(kind, &mut dto);
        dto
    }
}
