//! What a shop decides about its search.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use domain::resource::{Content, Identity, State};
use domain::value::{Key, Locale, Localized};
use uuid::Uuid;

use crate::error::CatalogError;
use crate::fault::{Fault, Faults, pointer_to};
use crate::resource::{ResourceReader, Resources, Settle};
use crate::write::Writer;

/// Words that mean the same. Each may be several words.
pub type Synonyms = Vec<String>;

/// By locale; those of a language hold for all its regions too. A catalog has one set of them, from the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchSettings {
    /// Whether words with typos are not found.
    pub typos_off: bool,
    /// Words that a query is not held to, unless it has no others.
    pub stop_words: BTreeMap<Locale, Vec<String>>,
    pub synonyms: BTreeMap<Locale, Vec<Synonyms>>,
}

/// Identifies the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchSettingsId(Uuid);

impl SearchSettingsId {
    /// Of the one set that there is.
    pub const ONLY: Self = Self(Uuid::from_u128(0x0190_0000_0000_7000_8000_5ea2_c400_0000));
}

impl std::fmt::Display for SearchSettingsId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Identity for SearchSettingsId {
    fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    fn to_uuid(self) -> Uuid {
        self.0
    }
}

impl Content for SearchSettings {
    type Id = SearchSettingsId;

    const KIND: &'static str = "search settings";

    fn key(&self) -> Option<&Key> {
        None
    }
}

pub type SearchSettingsState = State<SearchSettings>;
pub type SearchSettingsReader = dyn ResourceReader<SearchSettings>;

/// Changes the settings: `revise` what [`SearchSettingsId::ONLY`] names. They are never created or deleted.
pub type SearchSettingsService = Resources<SearchSettings>;

pub fn search_settings(writer: Writer, reader: Arc<SearchSettingsReader>) -> SearchSettingsService {
    Resources::new(writer, reader, Arc::new(Sound))
}

/// Lets only settings pass that have nothing wrong with them.
struct Sound;

#[async_trait]
impl Settle<SearchSettings, SearchSettings> for Sound {
    async fn settle(
        &self,
        draft: SearchSettings,
        _: Option<&SearchSettingsState>,
    ) -> Result<SearchSettings, CatalogError> {
        Ok(draft.faults().or(Some(draft))?)
    }
}

impl SearchSettings {
    pub const MAX_STOP_WORDS: usize = 1000;
    pub const MAX_GROUPS: usize = 5000;
    pub const MAX_GROUP: usize = 50;
    pub const MAX_WORD: usize = 100;

    /// Everything that is wrong with the settings; pointers are relative to them.
    pub fn faults(&self) -> Faults {
        let mut found = Found::default();
        found.within("stopWords", |found| {
            found.locales(self.stop_words.len());
            for (locale, words) in &self.stop_words {
                found.within(locale.as_str(), |found| {
                    found.at_most(words.len(), SearchSettings::MAX_STOP_WORDS, "words");
                    found.words(words);
                });
            }
        });
        found.within("synonyms", |found| {
            found.locales(self.synonyms.len());
            for (locale, groups) in &self.synonyms {
                found.within(locale.as_str(), |found| {
                    found.at_most(groups.len(), SearchSettings::MAX_GROUPS, "groups");
                    for (index, group) in groups.iter().enumerate().take(SearchSettings::MAX_GROUPS) {
                        found.within(&index.to_string(), |found| {
                            found.at_most(group.len(), SearchSettings::MAX_GROUP, "words");
                            if group.len() < 2 {
                                found.refuse("too_short", "must have at least 2 words");
                            }
                            found.words(group);
                        });
                    }
                });
            }
        });
        found.faults
    }
}

/// Gathers faults below a pointer.
#[derive(Default)]
struct Found {
    at: String,
    faults: Faults,
}

impl Found {
    fn refuse(&mut self, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(self.at.clone(), code, detail));
    }

    fn within(&mut self, step: &str, look: impl FnOnce(&mut Self)) {
        let below = pointer_to(&self.at, step);
        let at = std::mem::replace(&mut self.at, below);
        look(self);
        self.at = at;
    }

    fn at_most(&mut self, count: usize, max: usize, of: &str) {
        if count > max {
            self.refuse("too_long", format!("must have at most {max} {of}"));
        }
    }

    fn locales(&mut self, count: usize) {
        self.at_most(count, Localized::<1>::MAX_LOCALES, "locales");
    }

    /// Words that are told apart as people read them: in whatever case.
    fn words(&mut self, words: &[String]) {
        let mut seen = HashSet::new();
        for (index, word) in words.iter().enumerate() {
            let fault = if word.trim().is_empty() {
                Some(("required", "must not be empty"))
            } else if word.chars().any(char::is_control) {
                Some(("pattern", "must not contain control characters"))
            } else if word.chars().count() > SearchSettings::MAX_WORD {
                Some(("too_long", "must have at most 100 characters"))
            } else if !seen.insert(word.trim().to_lowercase()) {
                Some(("duplicate", "stands in the list twice"))
            } else {
                None
            };
            if let Some((code, detail)) = fault {
                self.within(&index.to_string(), |found| found.refuse(code, detail));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn found(content: &SearchSettings) -> Vec<String> {
        let line = |fault: Fault| format!("{} {}", fault.pointer, fault.code);
        content.faults().into_vec().into_iter().map(line).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let locale = Locale::parse("de").unwrap();
        let long = "x".repeat(101);
        let content = SearchSettings {
            typos_off: false,
            stop_words: BTreeMap::from([(locale.clone(), words(&["der", " ", "Der", &long, "a\0b"]))]),
            synonyms: BTreeMap::from([(
                locale.clone(),
                vec![
                    words(&["tasse", "becher"]),
                    words(&["allein"]),
                    words(&["a", "a"]),
                ],
            )]),
        };
        assert_eq!(
            found(&content),
            [
                "/stopWords/de/1 required",
                "/stopWords/de/2 duplicate",
                "/stopWords/de/3 too_long",
                "/stopWords/de/4 pattern",
                "/synonyms/de/1 too_short",
                "/synonyms/de/2/1 duplicate",
            ]
        );
        assert_eq!(found(&SearchSettings::default()), [""; 0]);
    }

    #[test]
    fn lists_are_bounded() {
        let locale = Locale::parse("de").unwrap();
        let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        let content = SearchSettings {
            typos_off: true,
            stop_words: BTreeMap::from([(locale.clone(), many(SearchSettings::MAX_STOP_WORDS + 1))]),
            synonyms: BTreeMap::from([(locale, vec![many(SearchSettings::MAX_GROUP + 1)])]),
        };
        assert_eq!(
            found(&content),
            ["/stopWords/de too_long", "/synonyms/de/0 too_long"]
        );
    }
}
