//! What the reference and the engine have in common: how texts are read.

use application::search::SearchText;

/// A word of a text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) word: String,
    pub(super) stem: Option<String>,
}

/// Something by which a part of what was typed may be found.
#[derive(Debug, Clone)]
pub(super) enum Form {
    Word {
        word: Token,
        /// As many as are allowed.
        typos: usize,
        /// Whether words that begin with it are meant, too.
        is_prefix: bool,
        /// Whether a synonym says so, not who typed.
        is_alternative: bool,
    },
    /// Words one after the other.
    Sequence { words: Vec<String>, is_alternative: bool },
}

pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

pub(super) fn tokens(text: &str, _language: &str) -> Vec<Token> {
    text.split_whitespace()
        .map(|word| Token {
            word: fold(word),
            stem: None,
        })
        .collect()
}

pub(super) fn identifier(text: &str) -> Option<String> {
    let kept: String = text.to_uppercase().chars().filter(|c| c.is_alphanumeric()).collect();
    (kept.chars().count() >= 3).then_some(kept)
}

pub(super) fn parse(text: &SearchText, _view: &str, language: &str) -> Vec<Vec<Form>> {
    tokens(&text.text, language)
        .into_iter()
        .map(|word| {
            vec![Form::Word {
                word,
                typos: 0,
                is_prefix: false,
                is_alternative: false,
            }]
        })
        .collect()
}
