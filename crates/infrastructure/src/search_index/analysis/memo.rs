//! What runs of characters become, remembered by each thread: texts say the same words over and over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use super::Analyzer;
use super::runs::{Kind, clusters, parts};

/// A word of a run.
#[derive(Debug)]
pub(super) struct Piece {
    pub word: Box<str>,
    pub stem: Option<Box<str>>,
    pub kind: Kind,
    /// Bytes in the run.
    pub range: Range<usize>,
}

type Known = HashMap<Box<str>, Box<[Piece]>>;

/// Runs remembered at most, by thread and language: about 4 MB.
const CAPACITY: usize = 1 << 15;
/// In bytes. Longer runs are rare and seldom come again.
const LONGEST: usize = 48;

thread_local! {
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

pub(super) struct Memo {
    analyzer: &'static Analyzer,
    known: Known,
}

/// Lends the thread's memory of a language. Taken out meanwhile, so that what is done with it may do the same.
pub(super) fn with<T>(analyzer: &'static Analyzer, task: impl FnOnce(&mut Memo) -> T) -> T {
    let known = KNOWN.with_borrow_mut(|all| {
        if all.len() <= analyzer.index {
            all.resize_with(analyzer.index + 1, Known::new);
        }
        all.get_mut(analyzer.index)
            .map(std::mem::take)
            .unwrap_or_default()
    });
    let mut memo = Memo { analyzer, known };
    let result = task(&mut memo);
    KNOWN.with_borrow_mut(|all| {
        if let Some(place) = all.get_mut(analyzer.index) {
            *place = memo.known;
        }
    });
    result
}

impl Memo {
    /// Hands over the words that a run is made of.
    pub(super) fn pieces(&mut self, run: &str, sink: impl FnMut(&Piece)) {
        if let Some(pieces) = self.known.get(run) {
            pieces.iter().for_each(sink);
            return;
        }
        let pieces = pieces(run, self.analyzer);
        pieces.iter().for_each(sink);
        // Words with digits are numbers of articles more often than not.
        if run.len() <= LONGEST && !run.bytes().any(|byte| byte.is_ascii_digit()) {
            if self.known.len() >= CAPACITY {
                self.known.clear();
            }
            self.known.insert(run.into(), pieces.into());
        }
    }
}

fn pieces(run: &str, analyzer: &Analyzer) -> Vec<Piece> {
    if run.is_ascii() {
        return word(run, 0..run.len(), analyzer).into_iter().collect();
    }
    let mut pieces = Vec::new();
    for part in parts(run) {
        let Some(text) = run.get(part.range.clone()) else {
            continue;
        };
        if part.is_spaceless {
            pairs(text, part.range.start, analyzer, &mut pieces);
        } else {
            pieces.extend(word(text, part.range, analyzer));
        }
    }
    pieces
}

fn word(text: &str, range: Range<usize>, analyzer: &Analyzer) -> Option<Piece> {
    let mut folded = analyzer.fold(text);
    // What is written as one character may be several words.
    if !folded.chars().all(char::is_alphanumeric) && !text.is_ascii() {
        folded.retain(super::characters::is_word);
    }
    if folded.is_empty() {
        return None;
    }
    let longest = folded.char_indices().nth(Analyzer::MAX_LETTERS);
    let stem = if let Some((end, _)) = longest {
        folded.truncate(end);
        None
    } else {
        analyzer.stem_of(text, &folded).map(String::into_boxed_str)
    };
    Some(Piece {
        word: folded.into_boxed_str(),
        stem,
        kind: Kind::Word,
        range,
    })
}

fn pairs(text: &str, start: usize, analyzer: &Analyzer, pieces: &mut Vec<Piece>) {
    let characters: Vec<(String, Range<usize>)> = clusters(text)
        .into_iter()
        .filter_map(|range| {
            let folded = analyzer.fold(text.get(range.clone())?);
            (!folded.is_empty()).then_some((folded, start + range.start..start + range.end))
        })
        .collect();
    let mut push = |word: &str, kind, range| {
        pieces.push(Piece {
            word: word.into(),
            stem: None,
            kind,
            range,
        });
    };
    for neighbours in characters.windows(2) {
        if let [(first, from), (second, to)] = neighbours {
            push(&format!("{first}{second}"), Kind::Pair, from.start..to.end);
        }
    }
    if let Some((last, range)) = characters.last() {
        let kind = if characters.len() == 1 {
            Kind::Single
        } else {
            Kind::Tail
        };
        push(last, kind, range.clone());
    }
}
