//! How texts become words that can be compared: of what is indexed, of what is asked, and of what is shown.

mod characters;
mod fold;
mod languages;
mod memo;
mod runs;

pub use languages::Analyzer;
pub use runs::Kind;

use std::ops::Range;

use runs::Run;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// Counts the words of the text from 0; a [`Kind::Tail`] has that of the pair before it.
    pub position: u32,
    /// Folded.
    pub word: &'a str,
    /// Folded; in languages with a stemmer only, and for no words with digits.
    pub stem: Option<&'a str>,
    pub kind: Kind,
    /// Bytes in the text. Those of words in scripts without spaces overlap.
    pub range: Range<usize>,
}

impl Analyzer {
    /// Longer words are cut to as many letters.
    pub const MAX_LETTERS: usize = 100;
    /// Words with fewer letters are taken for no compounds.
    pub const MIN_COMPOUND: usize = 7;
    const MIN_END: usize = 4;
    const MIN_BEFORE_END: usize = 3;

    /// Hands over the words of a text in their order.
    pub fn tokens(&'static self, text: &str, mut sink: impl FnMut(&Token<'_>)) {
        let mut position = 0_u32;
        memo::with(self, |memo| {
            for Run { text, start } in runs::of(text, self) {
                memo.pieces(text, |piece| {
                    let is_place = piece.kind != Kind::Tail;
                    sink(&Token {
                        position: if is_place {
                            position
                        } else {
                            position.saturating_sub(1)
                        },
                        word: &piece.word,
                        stem: piece.stem.as_deref(),
                        kind: piece.kind,
                        range: start + piece.range.start..start + piece.range.end,
                    });
                    position += u32::from(is_place);
                });
            }
        });
    }

    /// The text in the form in which texts are compared: without case, accents and other ways to write the same.
    pub fn fold(&self, text: &str) -> String {
        fold::fold(text, self)
    }

    /// The stem of a word, for languages with a stemmer and words without digits.
    pub fn stem(&self, word: &str) -> Option<String> {
        self.stem_of(word, &self.fold(word))
    }

    /// The stem of a word that is written so and folded so.
    fn stem_of(&self, word: &str, folded: &str) -> Option<String> {
        let stemmer = self.stemmer.map(frostem::Stemmer::new)?;
        if folded.chars().any(char::is_numeric) {
            return None;
        }
        Some(if self.stems_folded {
            stemmer.stem(folded).into_owned()
        } else {
            fold::fold(&stemmer.stem(&fold::lower(word, self)), self)
        })
    }

    /// Whether a word says already by itself that it has this stem, because every word like it has.
    pub(super) fn is_own_stem(&self, word: &str, stem: &str) -> bool {
        self.stems_folded && word == stem
    }

    /// Whether a folded word may be made of several, and is found by the last of them.
    pub fn is_compound(&self, word: &str) -> bool {
        self.has_compounds && word.chars().nth(Self::MIN_COMPOUND - 1).is_some()
    }

    /// Whether a folded word is searched for at the end of others.
    pub fn is_compound_end(&self, word: &str) -> bool {
        self.has_compounds && word.chars().nth(Self::MIN_END - 1).is_some()
    }

    /// Whether a compound ends in another word.
    pub fn ends_in(&self, word: &str, end: &str) -> bool {
        self.is_compound(word)
            && self.is_compound_end(end)
            && word
                .strip_suffix(end)
                .is_some_and(|before| before.chars().nth(Self::MIN_BEFORE_END - 1).is_some())
    }
}

#[cfg(test)]
mod tests;
