//! How a duplicate is to differ, on the wire.

use application::Faults;
use application::product::Duplication;
use deserr::Deserr;
use domain::value::{Key, Locale, Sku, ValueError};
use serde::Serialize;
use utoipa::ToSchema;

use super::parse::Parser;
use super::values::LocalizedDto;

/// How a duplicate differs from the product that it is made from.
#[derive(Debug, Clone, Default, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct DuplicationInput {
    /// The key of the new product; none when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "enamel-kettle-2")]
    key: Option<String>,
    /// At most 250 characters; that of the product when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<LocalizedDto>,
    /// What is appended to the SKU of every variant; made when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "-2")]
    sku_suffix: Option<String>,
}

impl DuplicationInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Duplication, Faults> {
        let mut p = Parser::new(default_locale);
        let Self {
            key,
            name,
            sku_suffix,
        } = self;
        let key = p.maybe(key, |p, key| p.take("/key", Key::parse(key)));
        let name = p.maybe(name, |p, name| p.localized("/name", name));
        let sku_suffix = p.maybe(sku_suffix, |p, suffix| p.take("/skuSuffix", sku_end(suffix)));
        let parsed = || {
            Some(Duplication {
                key: key?,
                name: name?,
                sku_suffix: sku_suffix?,
            })
        };
        let parsed = parsed();
        p.finish(parsed)
    }
}

/// A text with which a SKU can end.
fn sku_end(suffix: String) -> Result<String, ValueError> {
    // The letter stands for the SKU before it, which takes place too.
    if suffix.is_empty() {
        return Err(ValueError::Required);
    }
    Sku::parse(format!("x{suffix}")).map(|_| suffix)
}
