//! What a text finds in a product, and how well.

use application::search::{Document, Layout, SearchText, TextClass, TextView};
use infrastructure::search_index::lexicon::Lexicon;
use infrastructure::search_index::text_query::{self, Alternative, ParsedText, Word};

use super::shared::{Token, tokens};

pub(super) use super::shared::fold;

/// A product's passages as words.
#[derive(Debug, Clone)]
pub(super) struct Words(Vec<(usize, TextClass, Vec<Token>)>);

impl Words {
    pub(super) fn of(document: &Document, layout: &Layout) -> Self {
        let passages = document.passages.iter().map(|passage| {
            let words = tokens(&passage.text, &layout.views[passage.view]);
            (passage.view, passage.class, words)
        });
        Self(passages.collect())
    }

    fn view(&self, view: usize) -> impl Iterator<Item = (TextClass, &[Token])> {
        let passages = self.0.iter().filter(move |(stands_in, ..)| *stands_in == view);
        passages.map(|(_, class, words)| (*class, words.as_slice()))
    }
}

/// The words of a text, folded.
pub(super) fn words(text: &str, view: &TextView) -> Vec<String> {
    tokens(text, view).into_iter().map(|token| token.word).collect()
}

/// The words of what someone typed, folded.
pub(super) fn asked_words(text: &str, view: &TextView) -> Vec<String> {
    let words = tokens(text, view).into_iter().filter(|token| !token.is_tail);
    words
        .map(|token| token.word)
        .take(SearchText::MAX_WORDS)
        .collect()
}

/// A text that is searched for.
pub(super) struct Asked<'a> {
    parsed: ParsedText,
    /// Its place and language.
    view: usize,
    language: &'a str,
}

impl<'a> Asked<'a> {
    pub(super) fn parse(text: &SearchText, layout: &'a Layout) -> Self {
        let view = &layout.views[text.view];
        Self {
            parsed: text_query::parse(&text.text, &Lexicon::new(&text.settings, view)),
            view: text.view,
            language: &view.language,
        }
    }

    /// Smaller is better; `None` when the product does not have the text.
    pub(super) fn relevance(&self, document: &Document, words: &Words) -> Option<i64> {
        if let Some(asked) = &self.parsed.identifier
            && document
                .identifiers
                .iter()
                .any(|identifier| text_query::identifier(identifier) == *asked)
        {
            return Some(-1);
        }
        if self.parsed.units.is_empty() {
            return Some(0);
        }
        let mut costs = 0;
        for unit in &self.parsed.units {
            let found = words.view(self.view).filter_map(|(class, passage)| {
                let qualities = unit.alternatives.iter().filter_map(|alternative| {
                    let quality = quality(alternative, passage, self.language)?;
                    Some(quality.max(i64::from(alternative.floor)))
                });
                Some(qualities.min()? * 4 + class_cost(class))
            });
            costs += found.min()?;
        }
        let names = words
            .view(self.view)
            .filter(|(class, _)| *class == TextClass::Name);
        let words_of_name = names
            .flat_map(|(_, words)| words)
            .filter(|token| !token.is_tail)
            .count();
        Some(costs * 16 + i64::try_from(words_of_name.min(15)).unwrap())
    }
}

const fn class_cost(class: TextClass) -> i64 {
    match class {
        TextClass::Name => 0,
        TextClass::Keyword => 1,
        TextClass::Attribute => 2,
        TextClass::Body => 3,
    }
}

/// How well a passage has it: 0 is best.
fn quality(asked: &Alternative, passage: &[Token], language: &str) -> Option<i64> {
    match asked.words.as_slice() {
        [word] => passage
            .iter()
            .filter_map(|token| quality_of_word(word, token, language))
            .min(),
        words => {
            let begins_at = |first: u32| {
                words.iter().zip(first..).all(|(word, position)| {
                    passage
                        .iter()
                        .any(|token| token.position == position && token.word == word.word)
                })
            };
            passage.iter().any(|token| begins_at(token.position)).then_some(0)
        }
    }
}

fn quality_of_word(asked: &Word, token: &Token, language: &str) -> Option<i64> {
    if token.word == asked.word {
        return Some(0);
    }
    let is_stem = asked.stem.is_some() && token.stem == asked.stem;
    let begins = asked.is_prefix && token.word.starts_with(&asked.word);
    let ends = asked.is_compound_end && is_end_of_compound(&asked.word, &token.word, language);
    if is_stem || begins || ends {
        return Some(1);
    }
    let typos = if asked.is_prefix {
        distance_to_beginning(&asked.word, &token.word)
    } else {
        distance(&asked.word, &token.word)
    };
    (typos <= usize::from(asked.typos)).then(|| 1 + i64::try_from(typos).unwrap())
}

/// As `stuhl` is of `gartenstuhl`.
fn is_end_of_compound(asked: &str, word: &str, language: &str) -> bool {
    let letters = |text: &str| text.chars().count();
    ["de", "nl", "sv", "da", "nb", "nn", "no", "fi"].contains(&language)
        && letters(word) >= 7
        && letters(asked) >= 4
        && word
            .strip_suffix(asked)
            .is_some_and(|before| letters(before) >= 3)
}

/// How many letters are missing, too many, others, or swapped with their neighbour; none is touched twice.
fn distance(a: &str, b: &str) -> usize {
    *table(a, b).last().unwrap().last().unwrap()
}

/// The least distance to any beginning of the word.
fn distance_to_beginning(asked: &str, word: &str) -> usize {
    *table(asked, word).last().unwrap().iter().min().unwrap()
}

/// The distance between the first so many letters of both, by how many.
fn table(a: &str, b: &str) -> Vec<Vec<usize>> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut least = (table[i - 1][j] + 1)
                    .min(table[i][j - 1] + 1)
                    .min(table[i - 1][j - 1] + same);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table
}

#[test]
fn a_swap_is_one_typo_and_no_letter_is_touched_twice() {
    assert_eq!(distance("kettle", "ketlte"), 1);
    assert_eq!(distance("ca", "abc"), 3);
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance_to_beginning("ketl", "kettle"), 1);
    assert_eq!(distance_to_beginning("abc", "abcdef"), 0);
}
