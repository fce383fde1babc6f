//! What the reference and the engine have in common: how texts are read.

use application::search::TextView;
use infrastructure::search_index::analysis::{Analyzer, Kind};

/// A word of a text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) position: u32,
    pub(super) word: String,
    pub(super) stem: Option<String>,
    /// Whether a character stands for itself that is part of a word already.
    pub(super) is_tail: bool,
}

/// Folded in no language.
pub(super) fn fold(text: &str) -> String {
    Analyzer::of("und").fold(text)
}

pub(super) fn tokens(text: &str, view: &TextView) -> Vec<Token> {
    let mut tokens = Vec::new();
    Analyzer::of(&view.language).tokens(text, |token| {
        tokens.push(Token {
            position: token.position,
            word: token.word.to_owned(),
            stem: token.stem.map(str::to_owned),
            is_tail: token.kind == Kind::Tail,
        });
    });
    tokens
}
