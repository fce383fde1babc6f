//! What a fresh catalog starts with: the section `catalog`.

use std::time::Duration;

use domain::value::{Currency, Locale};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CatalogSettings {
    /// BCP 47 tag that plain strings are taken to be in.
    pub(crate) default_locale: String,
    /// ISO 4217 code of the channel `default`.
    pub(crate) default_currency: String,
    /// Whether an empty catalog in the data folder is filled with the example products.
    pub(crate) example: bool,
    /// How long shared caches such as CDNs may keep what the store plane answers.
    #[serde(with = "humantime_serde")]
    pub(crate) store_max_age: Duration,
}

impl Default for CatalogSettings {
    fn default() -> Self {
        Self {
            default_locale: "en".to_owned(),
            default_currency: "EUR".to_owned(),
            example: true,
            store_max_age: Duration::from_secs(10),
        }
    }
}

impl CatalogSettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = Locale::parse(&self.default_locale) {
            problems.push(format!("default_locale {error}, not {:?}", self.default_locale));
        }
        if let Err(error) = Currency::parse(&self.default_currency) {
            problems.push(format!(
                "default_currency {error}, not {:?}",
                self.default_currency
            ));
        }
        if self.store_max_age > Duration::from_hours(24) {
            problems.push("store_max_age must be at most 24h".to_owned());
        }
        problems
    }
}
