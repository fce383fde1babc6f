//! What someone typed, understood: which words and phrases are searched for, and how far those found may be from them.

use application::search::SearchText;

use super::analysis::{Analyzer, Kind, Token};
use super::lexicon::Lexicon;

/// A text that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedText {
    /// All of them must be found. When there are none, everything is found.
    pub units: Vec<Unit>,
    /// The whole text as an identifier, of at least [`ParsedText::MIN_IDENTIFIER`] letters and digits.
    pub identifier: Option<String>,
}

/// One thing that is searched for. The best of its alternatives counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit {
    pub alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternative {
    /// Never empty. Of several, each must stand right after the one before in the same passage, just as it is.
    pub words: Vec<Word>,
    /// Its quality is this at least, as a synonym is never as good as the word itself.
    pub floor: u8,
}

/// A word, and what is taken for it where it is the only one of its alternative.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Word {
    /// Folded. Quality 0.
    pub word: String,
    /// Words with this stem have quality 1.
    pub stem: Option<String>,
    /// Words that begin with it have quality 1.
    pub is_prefix: bool,
    /// Compounds that end in it have quality 1.
    pub is_compound_end: bool,
    /// Words with one typo have quality 2, with two 3; 0 to 2 are allowed. With `is_prefix` the typos are those in the
    /// beginning of the word that has the fewest.
    pub typos: u8,
}

impl ParsedText {
    pub const MIN_IDENTIFIER: usize = 3;
    /// Typos in longer words are not looked for.
    pub const MAX_TYPO_LETTERS: usize = 40;

    /// Whether it asks for nothing.
    pub const fn is_empty(&self) -> bool {
        self.units.is_empty() && self.identifier.is_none()
    }
}

/// Letters and digits in upper case: what is left of an identifier when it is compared.
pub fn identifier(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

/// Understands a text by the words of a shop.
pub fn parse(text: &str, lexicon: &Lexicon) -> ParsedText {
    let mut units = Vec::new();
    let mut stop_words = Vec::new();
    let mut left = SearchText::MAX_WORDS;
    let ends_open = !text.ends_with(|c: char| c.is_whitespace() || is_quote(c));
    let segments = segments(text);
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate() {
        let mut words = words(segment.text, lexicon.analyzer());
        let is_whole = words.len() <= left;
        words.truncate(left);
        left -= words.len();
        if segment.is_phrase {
            units.extend(phrase(words));
            continue;
        }
        if index == last
            && ends_open
            && is_whole
            && let Some((word, _)) = words.last_mut()
        {
            word.is_prefix = true;
        }
        for (word, kind) in &mut words {
            word.is_prefix |= *kind == Kind::Single;
            word.is_compound_end = lexicon.analyzer().is_compound_end(&word.word);
            word.typos = if lexicon.typos_off() {
                0
            } else {
                typos(&word.word, *kind)
            };
        }
        plain(&words, lexicon, &mut units, &mut stop_words);
    }
    ParsedText {
        units: if units.is_empty() { stop_words } else { units },
        identifier: Some(identifier(text))
            .filter(|identifier| identifier.chars().nth(ParsedText::MIN_IDENTIFIER - 1).is_some()),
    }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201C}' | '\u{201D}' | '\u{201E}')
}

struct Segment<'a> {
    text: &'a str,
    is_phrase: bool,
}

/// Cuts a text at quotes. One right after a letter or digit opens no phrase: `27" monitor` is a measure.
fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut is_phrase = false;
    let mut before = ' ';
    let mut push = |range: std::ops::Range<usize>, is_phrase| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            segments.push(Segment { text, is_phrase });
        }
    };
    for (at, c) in text.char_indices() {
        if is_quote(c) && (is_phrase || !before.is_alphanumeric()) {
            push(start..at, is_phrase);
            is_phrase = !is_phrase;
            start = at + c.len_utf8();
        }
        before = c;
    }
    push(start..text.len(), is_phrase);
    segments
}

fn words(text: &str, analyzer: &'static Analyzer) -> Vec<(Word, Kind)> {
    let mut words = Vec::new();
    analyzer.tokens(text, |token| {
        if token.kind != Kind::Tail {
            words.push((Word::of(token), token.kind));
        }
    });
    words
}

/// One word after the other, as they are.
fn phrase(words: Vec<(Word, Kind)>) -> Option<Unit> {
    let words: Vec<Word> = words
        .into_iter()
        .map(|(word, _)| Word::exactly(word.word))
        .collect();
    (!words.is_empty()).then(|| Unit {
        alternatives: vec![Alternative { words, floor: 0 }],
    })
}

/// How many typos are overlooked in a word.
fn typos(word: &str, kind: Kind) -> u8 {
    if kind != Kind::Word || word.chars().any(char::is_numeric) {
        return 0;
    }
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        8..=ParsedText::MAX_TYPO_LETTERS => 2,
        _ => 0,
    }
}

fn plain(words: &[(Word, Kind)], lexicon: &Lexicon, units: &mut Vec<Unit>, stop_words: &mut Vec<Unit>) {
    let mut rest = words;
    while let [(first, _), following @ ..] = rest {
        if let Some(found) = lexicon.synonyms(rest) {
            let (sequence, after) = rest.split_at_checked(found.words).unwrap_or((rest, &[]));
            let original = match sequence {
                [(word, _)] => vec![word.clone()],
                several => several
                    .iter()
                    .map(|(word, _)| Word::exactly(word.word.clone()))
                    .collect(),
            };
            let mut alternatives = vec![Alternative {
                words: original,
                floor: 0,
            }];
            alternatives.extend(found.others);
            units.push(Unit { alternatives });
            rest = after;
        } else {
            let unit = Unit {
                alternatives: vec![Alternative {
                    words: vec![first.clone()],
                    floor: 0,
                }],
            };
            if lexicon.is_stop_word(&first.word) {
                stop_words.push(unit);
            } else {
                units.push(unit);
            }
            rest = following;
        }
    }
}

impl Word {
    /// Nothing but the word itself.
    pub(super) const fn exactly(word: String) -> Self {
        Self {
            word,
            stem: None,
            is_prefix: false,
            is_compound_end: false,
            typos: 0,
        }
    }

    fn of(token: &Token<'_>) -> Self {
        Self {
            stem: token.stem.map(str::to_owned),
            ..Self::exactly(token.word.to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
