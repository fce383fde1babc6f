//! Which values of a column a test accepts, as ordinals of a segment's dictionary.

use application::search::Test;

use super::bits::Bits;
use super::dictionary::Dictionary;

#[derive(Debug)]
pub(super) enum Accept {
    /// From the first up to before the second.
    Range(u32, u32),
    Set(Bits),
    /// What has no value.
    Missing,
}

impl Accept {
    pub(super) fn of(test: &Test, dictionary: &Dictionary) -> tantivy::Result<Self> {
        Ok(match test {
            Test::Exists(true) => Self::Range(0, dictionary.len()),
            Test::Exists(false) => Self::Missing,
            Test::Range(from, until) => {
                let (from, until) = dictionary.range(from, until)?;
                Self::Range(from, until)
            }
            Test::In(values) => {
                let mut ords = Vec::with_capacity(values.len());
                for value in values {
                    let (ord, is_there) = dictionary.lower_bound(value)?;
                    ords.extend(is_there.then_some(ord));
                }
                Self::these(ords, dictionary.len())
            }
        })
    }

    pub(super) fn these(mut ords: Vec<u32>, values: u32) -> Self {
        ords.sort_unstable();
        ords.dedup();
        match (ords.first(), ords.last()) {
            (Some(first), Some(last)) if (last - first) as usize == ords.len() - 1 => {
                Self::Range(*first, last + 1)
            }
            (Some(_), _) => {
                let mut set = Bits::none(values + 1);
                for ord in ords {
                    set.insert(ord);
                }
                Self::Set(set)
            }
            (None, _) => Self::Range(0, 0),
        }
    }

    /// The accepted ordinals; `None` when what has no value is accepted.
    pub(super) fn ords(&self) -> Option<Vec<u32>> {
        match self {
            Self::Range(from, until) => Some((*from..*until).collect()),
            Self::Set(set) => Some(set.iter().collect()),
            Self::Missing => None,
        }
    }
}
