//! Words that are almost another.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy_fst::Automaton;

/// Two neighbours that changed places are one typo.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> =
    LazyLock::new(|| [1, 2].map(|typos| LevenshteinAutomatonBuilder::new(typos, true)));

/// Finds words that differ from one by a few typos.
pub(super) struct Typos(DFA);

impl Typos {
    /// `None` when no typos are allowed; more than 2 are taken for 2.
    pub(super) fn new(word: &str, allowed: u8, is_prefix: bool) -> Option<Self> {
        let [one, two] = &*BUILDERS;
        let builder = match allowed {
            0 => return None,
            1 => one,
            _ => two,
        };
        Some(Self(if is_prefix {
            builder.build_prefix_dfa(word)
        } else {
            builder.build_dfa(word)
        }))
    }

    /// How many typos a word has, `None` when they are too many.
    pub(super) fn of(&self, word: &[u8]) -> Option<u8> {
        match self.0.eval(word) {
            Distance::Exact(typos) => Some(typos),
            Distance::AtLeast(_) => None,
        }
    }
}

impl Automaton for &Typos {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

#[cfg(test)]
pub(super) mod tests {
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
        assert!(Typos::new(&word, 2, true).unwrap().0.num_states() < 4000);
    }
}
