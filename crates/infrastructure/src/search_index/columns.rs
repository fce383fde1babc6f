//! A column of a segment as plain arrays: for each row, which is a product or a variant, the ordinals of its values.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::accept::Accept;
use super::analysis::Analyzer;
use super::dictionary::Dictionary;
use super::postings::Postings;
use super::suggest::Beginnings;

/// Ordinals in as few bytes as they need. One that is as great as the dictionary stands for no value.
pub(super) enum Ords {
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Long(Vec<u32>),
}

pub(super) trait Ord32: Copy {
    fn ord(self) -> u32;
}

impl Ord32 for u8 {
    fn ord(self) -> u32 {
        u32::from(self)
    }
}

impl Ord32 for u16 {
    fn ord(self) -> u32 {
        u32::from(self)
    }
}

impl Ord32 for u32 {
    fn ord(self) -> u32 {
        self
    }
}

macro_rules! with_ords {
    ($ords:expr, $name:ident => $body:expr) => {
        match $ords {
            Ords::Byte($name) => $body,
            Ords::Short($name) => $body,
            Ords::Long($name) => $body,
        }
    };
}

pub(super) struct Column {
    pub(super) dictionary: Dictionary,
    /// Where the values of each row begin, and the end of the last one's; `None` when no row has several, and each has its
    /// place.
    starts: Option<Vec<u32>>,
    ords: Ords,
    postings: OnceLock<Postings>,
    /// By language.
    beginnings: Mutex<Vec<(&'static str, Arc<Beginnings>)>>,
}

impl Column {
    /// From the values of all rows one after the other, and how many each row has.
    pub(super) fn assemble(dictionary: Dictionary, values: &[u32], counts: &[u32]) -> Self {
        let none = dictionary.len();
        let is_single = counts.iter().all(|count| *count <= 1);
        let mut left = values.iter().copied();
        let (starts, ords) = if is_single {
            let each = counts.iter().map(|count| match count {
                0 => none,
                _ => left.next().unwrap_or(none),
            });
            (None, Ords::of(each, none))
        } else {
            let mut starts = Vec::with_capacity(counts.len() + 1);
            let mut end = 0;
            starts.push(end);
            for count in counts {
                end += count;
                starts.push(end);
            }
            (Some(starts), Ords::of(left, none))
        };
        Self {
            dictionary,
            starts,
            ords,
            postings: OnceLock::new(),
            beginnings: Mutex::default(),
        }
    }

    /// Of numbers, which become ordinals.
    pub(super) fn of_numbers(numbers: &[i64], counts: &[u32]) -> Self {
        let mut distinct = numbers.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let place = |number: &i64| {
            let at = distinct.partition_point(|own| own < number);
            u32::try_from(at).unwrap_or(u32::MAX)
        };
        let least = distinct.first().copied().unwrap_or_default();
        let offset = |number: i64| {
            number
                .checked_sub(least)
                .and_then(|far| usize::try_from(far).ok())
        };
        let span = distinct.last().and_then(|last| offset(*last));
        let ords: Vec<u32> = match span.filter(|span| *span < numbers.len().max(1 << 16) * 2) {
            // Looking places up is quicker than looking for them.
            Some(span) => {
                let mut places = vec![0; span + 1];
                for (place, number) in (0u32..).zip(&distinct) {
                    if let Some(slot) = offset(*number).and_then(|at| places.get_mut(at)) {
                        *slot = place;
                    }
                }
                let looked_up = |number: &i64| offset(*number).and_then(|at| places.get(at).copied());
                numbers.iter().map(|n| looked_up(n).unwrap_or_default()).collect()
            }
            None => numbers.iter().map(place).collect(),
        };
        Self::assemble(Dictionary::Numbers(distinct), &ords, counts)
    }

    pub(super) fn empty() -> Self {
        Self::assemble(Dictionary::Numbers(Vec::new()), &[], &[])
    }

    /// The least and the greatest ordinal of a row.
    pub(super) fn extremes(&self, row: u32) -> Option<(u32, u32)> {
        let mut found: Option<(u32, u32)> = None;
        self.visit(std::iter::once((row, 0)), |_, ord| {
            let (least, greatest) = found.unwrap_or((ord, ord));
            found = Some((least.min(ord), greatest.max(ord)));
        });
        found
    }

    /// Each value of the rows, with what belongs to the row.
    pub(super) fn visit(&self, rows: impl Iterator<Item = (u32, u32)>, mut visitor: impl FnMut(u32, u32)) {
        let none = self.dictionary.len();
        with_ords!(&self.ords, ords => match &self.starts {
            None => for (row, owner) in rows {
                let ord = ords.get(row as usize).map_or(none, |ord| ord.ord());
                if ord != none {
                    visitor(owner, ord);
                }
            },
            Some(starts) => for (row, owner) in rows {
                for ord in slice(starts, ords, row) {
                    visitor(owner, ord.ord());
                }
            },
        });
    }

    /// Whether each of the rows has an accepted value.
    pub(super) fn test(&self, accept: &Accept, rows: &[u32], out: &mut Vec<u8>) {
        let none = self.dictionary.len();
        with_ords!(&self.ords, ords => match &self.starts {
            None => {
                let ord = |row: &u32| ords.get(*row as usize).map_or(none, |ord| ord.ord());
                match accept {
                    Accept::Range(from, until) => {
                        let width = until - from;
                        out.extend(rows.iter().map(|row| u8::from(ord(row).wrapping_sub(*from) < width)));
                    }
                    Accept::Set(set) => out.extend(rows.iter().map(|row| u8::from(set.contains(ord(row))))),
                    Accept::Missing => out.extend(rows.iter().map(|row| u8::from(ord(row) == none))),
                }
            }
            Some(starts) => {
                let holds = |row: &u32| {
                    let mut values = slice(starts, ords, *row).iter().map(|ord| ord.ord());
                    match accept {
                        Accept::Range(from, until) => values.any(|ord| (*from..*until).contains(&ord)),
                        Accept::Set(set) => values.any(|ord| set.contains(ord)),
                        Accept::Missing => values.next().is_none(),
                    }
                };
                out.extend(rows.iter().map(|row| u8::from(holds(row))));
            }
        });
    }

    /// The words of the values.
    pub(super) fn beginnings(&self, analyzer: &'static Analyzer) -> tantivy::Result<Arc<Beginnings>> {
        let mut kept = self.beginnings.lock().unwrap_or_else(PoisonError::into_inner);
        let language = analyzer.language();
        if let Some((_, known)) = kept.iter().find(|(of, _)| *of == language) {
            return Ok(Arc::clone(known));
        }
        let ords: Vec<u32> = (0..self.dictionary.len()).collect();
        let made = Arc::new(Beginnings::of(&self.dictionary.values(&ords)?, analyzer));
        kept.push((language, Arc::clone(&made)));
        Ok(made)
    }

    /// `firsts`: the first row of each product, and the end of the last one's.
    pub(super) fn postings(&self, firsts: Option<&[u32]>, docs: u32) -> &Postings {
        self.postings
            .get_or_init(|| Postings::of_column(self, firsts, docs))
    }
}

impl Ords {
    #[expect(clippy::cast_possible_truncation, reason = "none is as great as any")]
    fn of(ords: impl Iterator<Item = u32>, none: u32) -> Self {
        match none {
            0..=0xFF => Self::Byte(ords.map(|ord| ord as u8).collect()),
            0x100..=0xFFFF => Self::Short(ords.map(|ord| ord as u16).collect()),
            _ => Self::Long(ords.collect()),
        }
    }
}

fn slice<'a, T>(starts: &[u32], values: &'a [T], row: u32) -> &'a [T] {
    let at = row as usize;
    let range = starts.get(at).zip(starts.get(at + 1));
    range
        .and_then(|(from, until)| values.get(*from as usize..*until as usize))
        .unwrap_or_default()
}
