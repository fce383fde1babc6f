//! The same matching, in texts at hand.

use std::ops::Range;

use super::super::analysis::{Analyzer, Kind};
use super::expand::cost;
use super::words::{Candidate, TextMatcher, What};

/// A word of a text.
pub(in crate::search_index) struct Spot {
    pub word: String,
    pub stem: Option<String>,
    pub kind: Kind,
    pub range: Range<usize>,
}

impl Spot {
    pub(in crate::search_index) fn all(text: &str, analyzer: &'static Analyzer) -> Vec<Self> {
        let mut spots = Vec::new();
        analyzer.tokens(text, |token| {
            spots.push(Self {
                word: token.word.to_owned(),
                stem: token.stem.map(str::to_owned),
                kind: token.kind,
                range: token.range.clone(),
            });
        });
        spots
    }
}

impl TextMatcher {
    /// The ranges of what is found, in any order.
    pub(in crate::search_index) fn marked(&self, spots: &[Spot]) -> Vec<Range<usize>> {
        let mut marked = Vec::new();
        for candidate in self.units.iter().flatten() {
            self.each_match(candidate, spots, |_, found| {
                marked.extend(found.iter().map(|spot| spot.range.clone()));
            });
        }
        marked
    }

    /// What all units together cost in a name, `None` unless all are found.
    pub(in crate::search_index) fn cost(&self, spots: &[Spot]) -> Option<u32> {
        self.units
            .iter()
            .map(|unit| {
                let mut best = None;
                for candidate in unit {
                    self.each_match(candidate, spots, |quality, _| {
                        let cost = u32::from(cost(quality, 0));
                        best = Some(best.map_or(cost, |best: u32| best.min(cost)));
                    });
                }
                best
            })
            .sum()
    }

    fn each_match<'a>(
        &self,
        candidate: &Candidate,
        spots: &'a [Spot],
        mut sink: impl FnMut(u8, &[&'a Spot]),
    ) {
        match &candidate.what {
            What::Word(word) => {
                for spot in spots {
                    if let Some(quality) = word.quality(&spot.word, spot.stem.as_deref(), self.analyzer) {
                        sink(quality.max(candidate.floor), &[spot]);
                    }
                }
            }
            What::Sequence(words) => {
                let places: Vec<&Spot> = spots.iter().filter(|spot| spot.kind != Kind::Tail).collect();
                for window in places.windows(words.len()) {
                    if window.iter().zip(words).all(|(spot, word)| spot.word == *word) {
                        sink(candidate.floor, window);
                    }
                }
            }
        }
    }
}
