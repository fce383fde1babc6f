//! What a shop decides about its search.

use std::collections::BTreeMap;

use domain::value::Locale;

/// Words that mean the same. Each may be several words.
pub type Synonyms = Vec<String>;

/// By locale; those of a language hold for all its regions too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchSettings {
    /// Counts the changes.
    pub version: i64,
    /// Whether words with typos are found.
    pub typos_off: bool,
    /// Words that a query is not held to, unless it has no others.
    pub stop_words: BTreeMap<Locale, Vec<String>>,
    pub synonyms: BTreeMap<Locale, Vec<Synonyms>>,
}

/// What is wrong with settings; pointers are relative to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFault {
    pub pointer: Vec<String>,
    pub code: &'static str,
    pub detail: String,
}

impl SearchSettings {
    pub const MAX_STOP_WORDS: usize = 1000;
    pub const MAX_GROUPS: usize = 5000;
    pub const MAX_GROUP: usize = 50;
    pub const MAX_WORD: usize = 100;
}
