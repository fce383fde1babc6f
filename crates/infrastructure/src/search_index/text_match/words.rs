//! Words of a query, made ready for being compared with many others.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::super::analysis::Analyzer;
use super::super::text_fields::{REVERSED, TAIL};
use super::super::text_query::{Alternative, ParsedText, Unit, Word};
use super::typos::Typos;

/// A query that is ready for being compared.
pub struct TextMatcher {
    pub(super) analyzer: &'static Analyzer,
    pub(super) units: Vec<Vec<Candidate>>,
    /// What each of them was made of.
    pub(super) keys: Vec<Arc<Unit>>,
    pub(super) identifier: Option<String>,
}

/// An alternative of a unit.
pub(super) struct Candidate {
    pub floor: u8,
    pub what: What,
}

pub(super) enum What {
    Word(WordMatcher),
    /// At least two words, one after the other.
    Sequence(Vec<String>),
}

pub(super) struct WordMatcher {
    pub word: String,
    /// What it is as the end of a run, where it is one character.
    pub tail: Option<String>,
    pub stem: Option<String>,
    /// Whether the stem is a word that has itself for a stem.
    pub stem_is_word: bool,
    pub is_prefix: bool,
    /// What the reversed compounds begin with that end in the word.
    pub reversed_end: Option<String>,
    pub typos: Option<Typos>,
}

pub(super) const SAME: u8 = 0;
pub(super) const RELATED: u8 = 1;

impl TextMatcher {
    pub fn new(text: &ParsedText, analyzer: &'static Analyzer) -> Self {
        Self {
            analyzer,
            units: text
                .units
                .iter()
                .map(|unit| {
                    let candidates = unit.alternatives.iter();
                    candidates
                        .map(|alternative| Candidate::new(alternative, analyzer))
                        .collect()
                })
                .collect(),
            keys: text.units.iter().cloned().map(Arc::new).collect(),
            identifier: text.identifier.clone(),
        }
    }

    pub(in crate::search_index) const fn analyzer(&self) -> &'static Analyzer {
        self.analyzer
    }
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(&word.word),
            Self::Sequence(words) => f.write_str(&words.join(" ")),
        }
    }
}

impl Candidate {
    fn new(alternative: &Alternative, analyzer: &'static Analyzer) -> Self {
        let what = match alternative.words.as_slice() {
            [word] => What::Word(WordMatcher::new(word, analyzer)),
            words => What::Sequence(words.iter().map(|word| word.word.clone()).collect()),
        };
        Self {
            floor: alternative.floor,
            what,
        }
    }
}

impl WordMatcher {
    fn new(word: &Word, analyzer: &'static Analyzer) -> Self {
        Self {
            word: word.word.clone(),
            tail: (word.word.chars().nth(1).is_none()).then(|| format!("{TAIL}{}", word.word)),
            stem: word.stem.clone(),
            stem_is_word: word.stem.as_deref().is_some_and(|stem| {
                analyzer
                    .stem(stem)
                    .is_some_and(|again| analyzer.is_own_stem(stem, &again))
            }),
            is_prefix: word.is_prefix,
            reversed_end: word.is_compound_end.then(|| {
                let mut reversed = String::from(REVERSED);
                reversed.extend(word.word.chars().rev());
                reversed
            }),
            typos: Typos::new(&word.word, word.typos, word.is_prefix),
        }
    }

    /// How well another word matches, `None` when it does not.
    pub(super) fn quality(&self, word: &str, stem: Option<&str>, analyzer: &Analyzer) -> Option<u8> {
        if word == self.word {
            return Some(SAME);
        }
        if self.is_prefix && word.starts_with(&self.word)
            || self.stem.is_some() && stem == self.stem.as_deref()
            || self.reversed_end.is_some() && analyzer.ends_in(word, &self.word)
        {
            return Some(RELATED);
        }
        self.typos
            .as_ref()?
            .of(word.as_bytes())
            .map(|typos| RELATED + typos)
    }
}

/// For people.
pub(super) const fn describe(quality: u8) -> &'static str {
    match quality {
        SAME => "as it is",
        RELATED => "in another form",
        2 => "with one typo",
        _ => "with two typos",
    }
}
