//! The distinct values of a column in a segment, in their order: what the column has are their ordinals.

use std::sync::OnceLock;

use application::search::{Bound, Value};
use tantivy::columnar::{StrColumn, TermOrdHit};

/// Texts of a dictionary of at most this many are kept decoded.
const SMALL: u32 = 1 << 16;

pub(super) enum Dictionary {
    Numbers(Vec<i64>),
    Texts {
        stored: StrColumn,
        decoded: OnceLock<Vec<String>>,
    },
}

impl Dictionary {
    pub(super) fn texts(stored: StrColumn) -> Self {
        Self::Texts {
            stored,
            decoded: OnceLock::new(),
        }
    }

    pub(super) fn len(&self) -> u32 {
        let length = match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts { stored, .. } => stored.num_terms(),
        };
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    fn decoded(&self) -> tantivy::Result<Option<&[String]>> {
        let Self::Texts { stored, decoded } = self else {
            return Ok(None);
        };
        if self.len() > SMALL {
            return Ok(None);
        }
        if let Some(texts) = decoded.get() {
            return Ok(Some(texts));
        }
        let mut texts = Vec::with_capacity(stored.num_terms());
        let ords: Vec<u64> = (0..u64::from(self.len())).collect();
        stored.dictionary().sorted_ords_to_term_cb(&ords, |bytes| {
            texts.push(String::from_utf8_lossy(bytes).into_owned());
        })?;
        Ok(Some(decoded.get_or_init(|| texts)))
    }

    /// The first ordinal whose value is not less than this one, and whether it is equal.
    pub(super) fn lower_bound(&self, value: &Value) -> tantivy::Result<(u32, bool)> {
        Ok(match (self, value) {
            (Self::Numbers(numbers), Value::Number(number)) => {
                let at = numbers.partition_point(|own| own < number);
                (ordinal(at), numbers.get(at) == Some(number))
            }
            (Self::Texts { stored, .. }, Value::Text(text)) => {
                if let Some(texts) = self.decoded()? {
                    let at = texts.partition_point(|own| own < text);
                    return Ok((ordinal(at), texts.get(at) == Some(text)));
                }
                let last = u64::from(self.len());
                match stored.dictionary().term_ord_or_next(text)? {
                    TermOrdHit::Exact(at) => (u32::try_from(at).unwrap_or(u32::MAX), true),
                    TermOrdHit::Next(at) => (u32::try_from(at.min(last)).unwrap_or(u32::MAX), false),
                }
            }
            // Numbers come before texts.
            (Self::Numbers(_), Value::Text(_)) => (self.len(), false),
            (Self::Texts { .. }, Value::Number(_)) => (0, false),
        })
    }

    /// The ordinals from the first of these up to before the second have values between the bounds.
    pub(super) fn range(&self, from: &Bound, until: &Bound) -> tantivy::Result<(u32, u32)> {
        let start = match from {
            Bound::Unbounded => 0,
            Bound::Included(value) => self.lower_bound(value)?.0,
            Bound::Excluded(value) => {
                let (at, is_equal) = self.lower_bound(value)?;
                at + u32::from(is_equal)
            }
        };
        let end = match until {
            Bound::Unbounded => self.len(),
            Bound::Included(value) => {
                let (at, is_equal) = self.lower_bound(value)?;
                at + u32::from(is_equal)
            }
            Bound::Excluded(value) => self.lower_bound(value)?.0,
        };
        Ok((start, end.max(start)))
    }

    pub(super) fn value(&self, ord: u32) -> tantivy::Result<Option<Value>> {
        match self {
            Self::Numbers(numbers) => Ok(numbers.get(ord as usize).copied().map(Value::Number)),
            Self::Texts { stored, .. } => {
                if let Some(texts) = self.decoded()? {
                    return Ok(texts.get(ord as usize).cloned().map(Value::Text));
                }
                let mut text = String::new();
                let is_there = ord < self.len() && stored.ord_to_str(u64::from(ord), &mut text)?;
                Ok(is_there.then_some(Value::Text(text)))
            }
        }
    }

    /// The values of ascending ordinals.
    pub(super) fn values(&self, ords: &[u32]) -> tantivy::Result<Vec<Value>> {
        if let (Self::Texts { stored, .. }, None) = (self, self.decoded()?) {
            let mut texts = Vec::with_capacity(ords.len());
            let ords: Vec<u64> = ords.iter().map(|ord| u64::from(*ord)).collect();
            stored.dictionary().sorted_ords_to_term_cb(&ords, |bytes| {
                texts.push(Value::Text(String::from_utf8_lossy(bytes).into_owned()));
            })?;
            return Ok(texts);
        }
        ords.iter()
            .filter_map(|ord| self.value(*ord).transpose())
            .collect()
    }
}

fn ordinal(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
