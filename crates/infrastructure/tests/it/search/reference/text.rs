//! What a text finds in a product, and how well.

use application::search::{Document, Layout, SearchText, TextClass};

use super::shared::{Form, Token, identifier, parse, tokens};

pub(super) use super::shared::fold;

/// A product's passages as words.
#[derive(Debug, Clone)]
pub(super) struct Words(Vec<(usize, TextClass, Vec<Token>)>);

impl Words {
    pub(super) fn of(document: &Document, layout: &Layout) -> Self {
        let passages = document.passages.iter().map(|passage| {
            let language = &layout.views[passage.view].language;
            (passage.view, passage.class, tokens(&passage.text, language))
        });
        Self(passages.collect())
    }

    fn view(&self, view: usize) -> impl Iterator<Item = (TextClass, &[Token])> {
        let passages = self.0.iter().filter(move |(stands_in, ..)| *stands_in == view);
        passages.map(|(_, class, words)| (*class, words.as_slice()))
    }
}

/// The words of a text, folded.
pub(super) fn words(text: &str, language: &str) -> Vec<String> {
    tokens(text, language).into_iter().map(|token| token.word).collect()
}

/// A text that is searched for.
pub(super) struct Asked {
    /// Each with all that it may be found by.
    units: Vec<Vec<Form>>,
    identifier: Option<String>,
    language: String,
}

impl Asked {
    pub(super) fn parse(text: &SearchText, view: &str, language: &str) -> Self {
        Self {
            units: parse(text, view, language),
            identifier: identifier(&text.text),
            language: language.to_owned(),
        }
    }

    /// Smaller is better; `None` when the product does not have the text.
    pub(super) fn relevance(&self, document: &Document, words: &Words, view: usize) -> Option<i64> {
        let is_named = |asked: &String| document.identifiers.iter().any(|id| identifier(id).as_ref() == Some(asked));
        if self.identifier.as_ref().is_some_and(is_named) {
            return Some(-1);
        }
        if self.units.is_empty() {
            return Some(0);
        }
        let mut costs = 0;
        for unit in &self.units {
            let found = words.view(view).filter_map(|(class, passage)| {
                let qualities = unit.iter().filter_map(|form| quality(form, passage, &self.language));
                Some(qualities.min()? * 4 + class_cost(class))
            });
            costs += found.min()?;
        }
        let names = words.view(view).filter(|(class, _)| *class == TextClass::Name);
        let words_of_name: usize = names.map(|(_, words)| words.len()).sum();
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
fn quality(form: &Form, passage: &[Token], language: &str) -> Option<i64> {
    match form {
        Form::Sequence { words, is_alternative } => {
            let stand = |at: &[Token]| at.iter().map(|token| &token.word).eq(words);
            let is_found = passage.windows(words.len()).any(stand);
            is_found.then_some(i64::from(*is_alternative))
        }
        Form::Word {
            word,
            typos,
            is_prefix,
            is_alternative,
        } => {
            let qualities = passage.iter().filter_map(|token| {
                if token.word == word.word {
                    return Some(0);
                }
                let is_stem = word.stem.is_some() && token.stem == word.stem;
                let begins = *is_prefix && token.word.starts_with(&word.word);
                if is_stem || begins || is_end_of_compound(&word.word, &token.word, language) {
                    return Some(1);
                }
                let distance = if *is_prefix {
                    distance_to_beginning(&word.word, &token.word)
                } else {
                    distance(&word.word, &token.word)
                };
                (distance <= *typos).then(|| 1 + i64::try_from(distance).unwrap())
            });
            qualities.min().map(|quality| quality.max(i64::from(*is_alternative)))
        }
    }
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
