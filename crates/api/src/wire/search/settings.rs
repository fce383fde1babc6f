//! What a shop decides about its search, on the wire.

use std::collections::BTreeMap;

use application::search::SearchSettings;
use application::{Fault, Faults, pointer_to};
use deserr::{DeserializeError, Deserr, IntoValue, ValuePointerRef};
use domain::value::Locale;
use serde::Serialize;
use utoipa::ToSchema;

/// Lists by locale.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct PerLocale<T>(BTreeMap<String, Vec<T>>);

impl<T: Deserr<E>, E: DeserializeError> Deserr<E> for PerLocale<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        BTreeMap::<String, Vec<T>>::deserialize_from_value(value, location).map(Self)
    }
}

/// The settings of search. They hold for all instances within moments.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct SearchSettingsInput {
    /// Whether words with typos are found.
    #[deserr(default = true)]
    #[schema(required = false, example = true)]
    typos: bool,
    /// By locale (those of a language hold for all its regions): words that a text is not held to, unless it has no
    /// others. At most 1,000 of at most 100 characters each.
    #[deserr(default)]
    #[schema(required = false, value_type = BTreeMap<String, Vec<String>>, example = json!({"en": ["the", "of"]}))]
    stop_words: PerLocale<String>,
    /// By locale: groups of 2 to 50 words, or sequences of words, that are found for one another. At most 5,000 groups.
    #[deserr(default)]
    #[schema(required = false, value_type = BTreeMap<String, Vec<Vec<String>>>, example = json!({"en": [["mug", "cup"], ["tv", "television set"]]}))]
    synonyms: PerLocale<Vec<String>>,
}

/// The synonyms alone.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct SynonymsInput {
    /// By locale: groups of 2 to 50 words, or sequences of words, that are found for one another. At most 5,000 groups.
    #[schema(value_type = BTreeMap<String, Vec<Vec<String>>>, example = json!({"en": [["mug", "cup"]]}))]
    synonyms: PerLocale<Vec<String>>,
}

impl SearchSettingsInput {
    pub(crate) fn parse(self) -> Result<SearchSettings, Faults> {
        let mut faults = Faults::default();
        let content = SearchSettings {
            typos_off: !self.typos,
            stop_words: by_locale("/stopWords", self.stop_words, &mut faults),
            synonyms: by_locale("/synonyms", self.synonyms, &mut faults),
        };
        checked(content, faults)
    }
}

impl SynonymsInput {
    /// `before` with these synonyms.
    pub(crate) fn parse(self, before: SearchSettings) -> Result<SearchSettings, Faults> {
        let mut faults = Faults::default();
        let content = SearchSettings {
            synonyms: by_locale("/synonyms", self.synonyms, &mut faults),
            ..before
        };
        checked(content, faults)
    }
}

fn by_locale<T>(at: &str, lists: PerLocale<T>, faults: &mut Faults) -> BTreeMap<Locale, Vec<T>> {
    let mut found = BTreeMap::new();
    for (tag, list) in lists.0 {
        let at = pointer_to(at, &tag);
        if let Some(locale) = faults.take(&at, Locale::parse(&tag))
            && found.insert(locale, list).is_some()
        {
            faults.push(Fault::new(
                at,
                "duplicate",
                "stands there twice, written differently",
            ));
        }
    }
    found
}

fn checked(content: SearchSettings, mut faults: Faults) -> Result<SearchSettings, Faults> {
    faults.extend(content.faults().into_vec());
    faults.or(Some(content))
}

fn lists<T: Clone>(lists: &BTreeMap<Locale, Vec<T>>) -> PerLocale<T> {
    let lists = lists.iter();
    PerLocale(
        lists
            .map(|(locale, list)| (locale.as_str().to_owned(), list.clone()))
            .collect(),
    )
}

impl From<&SearchSettings> for SearchSettingsInput {
    fn from(content: &SearchSettings) -> Self {
        let SearchSettings {
            typos_off,
            stop_words,
            synonyms,
        } = content;
        Self {
            typos: !typos_off,
            stop_words: lists(stop_words),
            synonyms: lists(synonyms),
        }
    }
}

impl From<&SearchSettings> for SynonymsInput {
    fn from(content: &SearchSettings) -> Self {
        Self {
            synonyms: lists(&content.synonyms),
        }
    }
}
