//! Catalogs and requests by a seed: few words, few values, few instants, so that everything meets everything.

mod catalog;
mod requests;
mod texts;
mod world;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub(crate) use world::{Kind, World, id, instant};

/// Makes the same of the same seed.
pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.0.random_range(0..100) < chance
    }

    pub(crate) fn number(&mut self, from: i64, to: i64) -> i64 {
        self.0.random_range(from..=to)
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Each with a chance, in their order.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T], percent: u32) -> Vec<T> {
        of.iter().filter(|_| self.percent(percent)).cloned().collect()
    }

    pub(crate) fn maybe<T>(&mut self, percent: u32, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(percent).then(|| make(self))
    }

    pub(crate) fn list<T>(&mut self, from: usize, to: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = from + self.below(to - from + 1);
        (0..length).map(|_| make(self)).collect()
    }
}
