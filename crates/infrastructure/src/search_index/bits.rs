//! A set of small numbers, one bit each.

#[derive(Debug, Clone, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(super) fn none(length: u32) -> Self {
        Self {
            words: vec![0; (length as usize).div_ceil(64)],
        }
    }

    pub(super) fn all(length: u32) -> Self {
        let mut words = vec![u64::MAX; (length as usize).div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), length % 64) {
            *last = (1 << rest) - 1;
        }
        Self { words }
    }

    pub(super) fn insert(&mut self, at: u32) {
        if let Some(word) = self.words.get_mut((at / 64) as usize) {
            *word |= 1 << (at % 64);
        }
    }

    pub(super) fn contains(&self, at: u32) -> bool {
        self.words
            .get((at / 64) as usize)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Keeps what the other one has, too.
    pub(super) fn intersect(&mut self, other: &Self) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= theirs;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).step_by(64).zip(&self.words).flat_map(|(start, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros();
                    rest &= rest - 1;
                    start + bit
                })
            })
        })
    }

    /// The greatest first.
    pub(super) fn descending(&self) -> impl Iterator<Item = u32> + '_ {
        let starts = (0u32..).step_by(64);
        starts
            .zip(&self.words)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .flat_map(|(start, word)| {
                let mut rest = *word;
                std::iter::from_fn(move || {
                    let bit = rest.checked_ilog2()?;
                    rest ^= 1 << bit;
                    Some(start + bit)
                })
            })
    }
}
