//! The best hits of a segment, by keys that compare like what is sorted by.
//!
//! A key is 64 bits: ordinals of the segment's dictionary, doubled, so that a cursor's value that the segment does not have
//! fits between two of them; descending ones are turned around. What has no value has the greatest key either way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use application::search::{Level, Place, Sort, SortKey, Value};

use super::columns::Column;
use super::prices::PriceContext;
use super::segment::Segment;

const NONE: u64 = u64::MAX;

enum By {
    Relevance,
    OfProduct(Arc<Column>),
    OfVariant(Arc<Column>),
}

struct Key {
    by: By,
    descending: bool,
}

pub(super) struct Order {
    keys: Vec<Key>,
    after: Option<(Vec<u64>, Reverse<u128>)>,
}

/// A hit in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    keys: Vec<u64>,
    id: Reverse<u128>,
    pub(super) doc: u32,
    /// The variant that holds for the selection.
    pub(super) row: Option<u32>,
    pub(super) relevance: i64,
}

impl Entry {
    pub(super) const fn id(&self) -> u128 {
        self.id.0
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.keys, self.id).cmp(&(&other.keys, other.id))
    }
}

impl Order {
    pub(super) fn of(
        sort: &[Sort],
        after: Option<&Place>,
        segment: &Segment,
        prices: Option<&PriceContext>,
    ) -> tantivy::Result<Self> {
        let keys = sort
            .iter()
            .map(|sort| {
                let by = match &sort.key {
                    SortKey::Relevance => By::Relevance,
                    SortKey::Text(name) => By::OfProduct(segment.sort_texts(name)?),
                    SortKey::Column(column) => match column.level() {
                        Level::Product => By::OfProduct(segment.column(column, prices)?),
                        Level::Variant => By::OfVariant(segment.column(column, prices)?),
                    },
                };
                Ok(Key {
                    by,
                    descending: sort.descending,
                })
            })
            .collect::<tantivy::Result<Vec<_>>>()?;
        let after = after.map(|place| {
            let values = place
                .values
                .iter()
                .map(Option::as_ref)
                .chain(std::iter::repeat(None));
            let values = keys.iter().zip(values).map(|(key, value)| key.place(value));
            let id = Reverse(place.id.uuid().as_u128());
            values
                .collect::<tantivy::Result<Vec<_>>>()
                .map(|values| (values, id))
        });
        Ok(Self {
            keys,
            after: after.transpose()?,
        })
    }

    pub(super) fn is_about_variants(&self) -> bool {
        self.keys.iter().any(|key| matches!(key.by, By::OfVariant(_)))
    }

    /// Puts the keys of a hit in place of what `keys` has. `rows`: the variants that hold for the selection.
    pub(super) fn keys(
        &self,
        doc: u32,
        relevance: i64,
        rows: &(impl Iterator<Item = u32> + Clone),
        keys: &mut Vec<u64>,
    ) {
        keys.clear();
        keys.extend(self.keys.iter().map(|key| match &key.by {
            By::Relevance => key.number(relevance),
            By::OfProduct(column) => key.ord(column.extremes(doc)),
            By::OfVariant(column) => {
                let found = rows.clone().filter_map(|row| column.extremes(row));
                key.ord(found.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
            }
        }));
    }

    /// What a hit is sorted by.
    pub(super) fn values(&self, entry: &Entry) -> tantivy::Result<Vec<Option<Value>>> {
        self.keys
            .iter()
            .zip(&entry.keys)
            .map(|(key, value)| match &key.by {
                By::Relevance => Ok(Some(Value::Number(entry.relevance))),
                By::OfProduct(column) | By::OfVariant(column) => match key.ordinal(*value) {
                    None => Ok(None),
                    Some(ord) => column.dictionary.value(ord),
                },
            })
            .collect()
    }
}

impl Key {
    fn turn(&self, key: u64) -> u64 {
        if self.descending { NONE - 1 - key } else { key }
    }

    fn number(&self, number: i64) -> u64 {
        // Below half of all, so that it is none of the greatest either way.
        self.turn(number.saturating_add(1 << 62).max(0).cast_unsigned())
    }

    fn ord(&self, extremes: Option<(u32, u32)>) -> u64 {
        match extremes {
            None => NONE,
            Some((_, greatest)) if self.descending => self.turn(u64::from(greatest) * 2 + 1),
            Some((least, _)) => self.turn(u64::from(least) * 2 + 1),
        }
    }

    fn ordinal(&self, key: u64) -> Option<u32> {
        (key != NONE).then(|| u32::try_from(self.turn(key) / 2).ok())?
    }

    fn place(&self, value: Option<&Value>) -> tantivy::Result<u64> {
        let Some(value) = value else {
            return Ok(NONE);
        };
        Ok(match (&self.by, value) {
            (By::Relevance, Value::Number(number)) => self.number(*number),
            (By::Relevance, Value::Text(_)) => NONE,
            (By::OfProduct(column) | By::OfVariant(column), value) => {
                let (ord, is_there) = column.dictionary.lower_bound(value)?;
                self.turn(u64::from(ord) * 2 + u64::from(is_there))
            }
        })
    }
}

/// The first of many.
pub(super) struct Best {
    keep: usize,
    heap: BinaryHeap<Entry>,
}

impl Best {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep,
            heap: BinaryHeap::with_capacity(keep.min(1024) + 1),
        }
    }

    pub(super) fn offer(
        &mut self,
        order: &Order,
        (keys, id): (&[u64], u128),
        doc: u32,
        relevance: i64,
        row: impl FnOnce() -> Option<u32>,
    ) {
        let own = (keys, Reverse(id));
        let is_before = |(keys, id): &(Vec<u64>, Reverse<u128>)| own <= (keys.as_slice(), *id);
        if order.after.as_ref().is_some_and(is_before) {
            return;
        }
        if self.heap.len() < self.keep {
            self.heap.push(Entry {
                keys: keys.to_vec(),
                id: Reverse(id),
                doc,
                row: row(),
                relevance,
            });
        } else if let Some(mut last) = self.heap.peek_mut()
            && own < (last.keys.as_slice(), last.id)
        {
            last.keys.clear();
            last.keys.extend_from_slice(keys);
            last.id = Reverse(id);
            last.doc = doc;
            last.row = row();
            last.relevance = relevance;
        }
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.heap.into_sorted_vec()
    }
}

/// Compares what hits of different segments are sorted by.
pub(super) fn compare(sort: &[Sort], a: &Place, b: &Place) -> std::cmp::Ordering {
    let values = a.values.iter().zip(&b.values).zip(sort);
    values
        .map(|((a, b), sort)| match (a, b) {
            (Some(a), Some(b)) if sort.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        })
        .find(|order| order.is_ne())
        .unwrap_or_else(|| b.id.cmp(&a.id))
}
