//! The row document of search's settings.

use std::collections::BTreeMap;

use application::search::SearchSettings;
use domain::value::{Locale, ValueError};
use serde::{Deserialize, Serialize};

use super::RowError;
use super::resource::Stored;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchSettingsDoc {
    typos_off: bool,
    stop_words: BTreeMap<String, Vec<String>>,
    synonyms: BTreeMap<String, Vec<Vec<String>>>,
}

impl Stored for SearchSettings {
    const TABLE: &'static str = "search_settings";
    const RESOURCE: &'static str = "searchSettings";

    type Doc = SearchSettingsDoc;
}

impl From<&SearchSettings> for SearchSettingsDoc {
    fn from(content: &SearchSettings) -> Self {
        let SearchSettings {
            typos_off,
            stop_words,
            synonyms,
        } = content;
        Self {
            typos_off: *typos_off,
            stop_words: by_tag(stop_words),
            synonyms: by_tag(synonyms),
        }
    }
}

impl TryFrom<SearchSettingsDoc> for SearchSettings {
    type Error = RowError;

    fn try_from(doc: SearchSettingsDoc) -> Result<Self, Self::Error> {
        let SearchSettingsDoc {
            typos_off,
            stop_words,
            synonyms,
        } = doc;
        Ok(Self {
            typos_off,
            stop_words: by_locale(stop_words)?,
            synonyms: by_locale(synonyms)?,
        })
    }
}

fn by_tag<T: Clone>(values: &BTreeMap<Locale, T>) -> BTreeMap<String, T> {
    let plain = |(locale, value): (&Locale, &T)| (locale.as_str().to_owned(), value.clone());
    values.iter().map(plain).collect()
}

fn by_locale<T>(values: BTreeMap<String, T>) -> Result<BTreeMap<Locale, T>, ValueError> {
    let parsed = |(tag, value): (String, T)| Ok((Locale::parse(&tag)?, value));
    values.into_iter().map(parsed).collect()
}
