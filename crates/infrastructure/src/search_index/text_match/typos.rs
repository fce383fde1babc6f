//! Words that are almost another.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

/// Two neighbours that changed places are one typo.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> =
    LazyLock::new(|| [1, 2].map(|typos| LevenshteinAutomatonBuilder::new(typos, true)));

/// Finds words that differ from one by a few typos, or that begin with one that does.
pub(super) struct Typos {
    word: DFA,
    is_prefix: bool,
}

/// Where a word has led so far.
#[derive(Clone, Copy)]
pub(super) struct State {
    at: u32,
    /// The typos of the word; those of its best beginning, when that is enough.
    typos: Option<u8>,
}

impl Typos {
    /// `None` when no typos are allowed; more than 2 are taken for 2.
    pub(super) fn new(word: &str, allowed: u8, is_prefix: bool) -> Option<Self> {
        let [one, two] = &*BUILDERS;
        let builder = match allowed {
            0 => return None,
            1 => one,
            _ => two,
        };
        Some(Self {
            // Its automata for prefixes miss some, such as `c`, which is almost `abc`, before other letters.
            word: builder.build_dfa(word),
            is_prefix,
        })
    }

    /// How many typos a word has, `None` when they are too many.
    pub(super) fn of(&self, word: &[u8]) -> Option<u8> {
        let mut state = self.start();
        for byte in word {
            state = self.accept(&state, *byte);
            if !self.can_match(&state) {
                return None;
            }
        }
        state.typos
    }

    fn at(&self, at: u32, before: Option<u8>) -> State {
        let typos = match self.word.distance(at) {
            Distance::Exact(typos) => Some(before.map_or(typos, |before| before.min(typos))),
            Distance::AtLeast(_) => before,
        };
        State { at, typos }
    }
}

impl Automaton for Typos {
    type State = State;

    fn start(&self) -> State {
        self.at(self.word.initial_state(), None)
    }

    fn is_match(&self, state: &State) -> bool {
        state.typos.is_some()
    }

    fn can_match(&self, state: &State) -> bool {
        state.at != SINK_STATE || state.typos.is_some()
    }

    fn accept(&self, state: &State, byte: u8) -> State {
        let before = state.typos.filter(|_| self.is_prefix);
        self.at(self.word.transition(state.at, byte), before)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a panic is how a test fails"
    )]

    use proptest::prelude::*;

    use super::*;

    /// Optimal string alignment, of the beginning of `other` that has the fewest when `is_prefix`.
    pub(in super::super) fn plain(word: &str, other: &str, is_prefix: bool) -> usize {
        let word: Vec<char> = word.chars().collect();
        let other: Vec<char> = other.chars().collect();
        let mut rows = vec![vec![0; word.len() + 1]; other.len() + 1];
        for i in 0..=other.len() {
            for j in 0..=word.len() {
                if i == 0 || j == 0 {
                    rows[i][j] = i + j;
                    continue;
                }
                let changed = usize::from(other[i - 1] != word[j - 1]);
                let mut best = (rows[i - 1][j] + 1)
                    .min(rows[i][j - 1] + 1)
                    .min(rows[i - 1][j - 1] + changed);
                if i > 1 && j > 1 && other[i - 1] == word[j - 2] && other[i - 2] == word[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                rows[i][j] = best;
            }
        }
        if is_prefix {
            rows.iter().map(|row| row[word.len()]).min().unwrap()
        } else {
            rows[other.len()][word.len()]
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn typos_are_counted_as_by_hand(
            word in "[abcä靴]{1,9}",
            other in "[abcä靴]{0,11}",
            allowed in 1_u8..=2,
            is_prefix: bool,
        ) {
            let typos = Typos::new(&word, allowed, is_prefix).unwrap();
            let plain = plain(&word, &other, is_prefix);
            let expected = u8::try_from(plain).ok().filter(|&plain| plain <= allowed);
            prop_assert_eq!(typos.of(other.as_bytes()), expected);
        }
    }

    #[test]
    fn long_words_need_little_memory() {
        let word: String = ('a'..='z').chain('ä'..='ø').take(40).collect();
        assert!(Typos::new(&word, 2, true).unwrap().word.num_states() < 4000);
    }
}
