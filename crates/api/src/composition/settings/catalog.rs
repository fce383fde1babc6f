//! What a fresh catalog starts with: the section `catalog`.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CatalogSettings {
    /// BCP 47 tag that plain strings are taken to be in.
    pub(crate) default_locale: String,
    /// ISO 4217 code of the channel `default`.
    pub(crate) default_currency: String,
    /// Whether an empty catalog is filled with the example products.
    pub(crate) example: bool,
}

impl Default for CatalogSettings {
    fn default() -> Self {
        Self {
            default_locale: "en".to_owned(),
            default_currency: "EUR".to_owned(),
            example: true,
        }
    }
}

impl CatalogSettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let locale = &self.default_locale;
        let subtags = locale.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let language = locale.bytes().take(2).filter(u8::is_ascii_alphabetic).count() == 2;
        if !subtags || !language || locale.len() > 35 {
            problems.push(format!(
                "default_locale must be a BCP 47 tag such as \"en\" or \"de-CH\", not {locale:?}"
            ));
        }
        let currency = &self.default_currency;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            problems.push(format!(
                "default_currency must be an ISO 4217 code such as \"EUR\", not {currency:?}"
            ));
        }
        problems
    }
}
