//! Where words begin and end.

use std::ops::Range;

use super::Analyzer;
use super::characters::{is_apostrophe, is_attached, is_spaceless, is_word};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Word,
    /// Two neighbours in a script without spaces.
    Pair,
    /// A character of such a script without neighbours. Who asks for it means everything that begins with it.
    Single,
    /// The last of several such characters alone, so that it is found by itself; all others begin a pair. Not part of what
    /// is asked for when it stands in a query.
    Tail,
}

/// Characters of words that stand together.
pub(super) struct Run<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// The runs of a text. What an apostrophe cuts off, as the `s` of `men's` or the `l` of `l'eau`, is none.
pub(super) fn of<'a>(text: &'a str, analyzer: &Analyzer) -> impl Iterator<Item = Run<'a>> {
    let elides = analyzer.elides;
    let mut characters = text.char_indices();
    // Where the run before an apostrophe that was just passed ended; the apostrophe begins there.
    let mut after_apostrophe = None;
    std::iter::from_fn(move || {
        loop {
            let (start, first) = characters.next()?;
            if !is_word(first) {
                if !(is_apostrophe(first) && after_apostrophe == Some(start)) {
                    after_apostrophe = None;
                }
                continue;
            }
            let is_cut_off = after_apostrophe.take().is_some();
            let mut following = None;
            let mut end = text.len();
            for (at, c) in characters.by_ref() {
                if !is_word(c) {
                    following = Some(c);
                    end = at;
                    break;
                }
            }
            let run = text.get(start..end)?;
            let before_apostrophe = following.is_some_and(is_apostrophe)
                && characters.clone().next().is_some_and(|(_, next)| is_word(next));
            if before_apostrophe {
                after_apostrophe = Some(end);
                if elides && is_elided(run) {
                    continue;
                }
            }
            if is_cut_off && matches!(run, "s" | "S") {
                continue;
            }
            return Some(Run { text: run, start });
        }
    })
}

fn is_elided(run: &str) -> bool {
    run.chars().nth(1).is_none() || run.eq_ignore_ascii_case("qu")
}

/// A part of a run, with the bytes of it.
pub(super) struct Part {
    pub range: Range<usize>,
    pub is_spaceless: bool,
}

/// Cuts a run where its script changes to one without spaces or back.
pub(super) fn parts(run: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (at, c) in run.char_indices() {
        let end = at + c.len_utf8();
        match parts.last_mut() {
            Some(part) if is_attached(c) || part.is_spaceless == is_spaceless(c) => part.range.end = end,
            _ => parts.push(Part {
                range: at..end,
                is_spaceless: is_spaceless(c),
            }),
        }
    }
    parts
}

/// The bytes of each character with what belongs to it.
pub(super) fn clusters(text: &str) -> Vec<Range<usize>> {
    let mut clusters: Vec<Range<usize>> = Vec::new();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match clusters.last_mut() {
            Some(cluster) if is_attached(c) => cluster.end = end,
            _ => clusters.push(at..end),
        }
    }
    clusters
}
