//! Product types on the wire.

mod attribute;
mod kind;
mod range;
mod schema;

use std::collections::BTreeMap;

use application::Faults;
use deserr::Deserr;
use domain::product_type::{Attributes, ProductTypeContent};
use domain::value::{Key, Locale};
use serde::Serialize;
use utoipa::ToSchema;

use self::attribute::AttributeDto;
use super::parse::Parser;
use super::values::{LocalizedDto, Texts, metadata};

pub(crate) use schema::product_schema;

/// A product type as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ProductTypeInput {
    /// The client's own name for the type: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique. Required, except where the
    /// address of a PUT has it.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "shoe")]
    pub(crate) key: Option<String>,
    /// At most 100 characters.
    #[schema(example = json!({"en": "Shoe"}))]
    pub(crate) name: LocalizedDto,
    /// At most 500, in the order in which they are shown.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) attributes: Vec<AttributeDto>,
    /// At most 10 keys of attributes of level `variant` and type `text` or `enum`: the axes along which the variants
    /// differ. Their values stand in the options of variants, not in their attributes.
    #[deserr(default)]
    #[schema(required = false, example = json!(["size"]))]
    pub(crate) option_attributes: Vec<String>,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl ProductTypeInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<ProductTypeContent, Faults> {
        let mut p = Parser::new(default_locale);
        let key = p.take("/key", Key::parse(self.key.unwrap_or_default()));
        let name = p.localized("/name", self.name);
        let attributes = p.list(
            "/attributes",
            self.attributes,
            Attributes::MAX,
            |p, at, attribute| attribute.parse(p, at),
        );
        let option_attributes = p.list(
            "/optionAttributes",
            self.option_attributes,
            ProductTypeContent::MAX_OPTION_ATTRIBUTES,
            |p, at, key| p.take(at, Key::parse(key)),
        );
        let metadata = p.metadata("/metadata", self.metadata);
        let content = || {
            Some(ProductTypeContent {
                key: key?,
                name: name?,
                attributes: attributes?,
                option_attributes: option_attributes?,
                metadata: metadata?,
            })
        };
        let content = content();
        p.finish(content)
    }
}

impl From<&ProductTypeContent> for ProductTypeInput {
    fn from(content: &ProductTypeContent) -> Self {
        let ProductTypeContent {
            key,
            name,
            attributes,
            option_attributes,
            metadata: pairs,
        } = content;
        Self {
            key: Some(key.to_string()),
            name: name.into(),
            attributes: attributes.iter().map(Into::into).collect(),
            option_attributes: option_attributes.iter().map(ToString::to_string).collect(),
            metadata: metadata(pairs),
        }
    }
}
