//! Rows for one statement.

use serde::Serialize;
use uuid::Uuid;

use crate::sql::Query;

/// Rows of one kind, for a statement that takes them all as one JSON parameter.
#[derive(Debug, Clone)]
pub(crate) struct Batch<T> {
    rows: Vec<T>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T: Serialize> Batch<T> {
    pub(crate) fn push(&mut self, row: T) {
        self.rows.push(row);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter()
    }

    pub(crate) fn query(&self, text: String) -> Result<Query, serde_json::Error> {
        Ok(Query::new(text).with(serde_json::to_string(&self.rows)?))
    }

    pub(crate) fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        self.rows.sort_by_key(key);
    }
}

impl<T> Extend<T> for Batch<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, rows: I) {
        self.rows.extend(rows);
    }
}

impl<T> FromIterator<T> for Batch<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        Self {
            rows: rows.into_iter().collect(),
        }
    }
}

/// A row that is only an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Id {
    pub(crate) id: Uuid,
}

/// Distinct ids in their order, the order in which all transactions lock rows.
pub(crate) fn ids(ids: impl IntoIterator<Item = Uuid>) -> Batch<Id> {
    let distinct: std::collections::BTreeSet<Uuid> = ids.into_iter().collect();
    distinct.into_iter().map(|id| Id { id }).collect()
}

/// A row that takes part in a version check.
pub(crate) trait Identified {
    fn id(&self) -> Uuid;
}

/// Inserts, and updates apart from those that delete: what is deleted gives its names free before others take them.
#[derive(Debug, Clone)]
pub(crate) struct Batches<T> {
    pub(crate) deletes: Batch<T>,
    pub(crate) updates: Batch<T>,
    pub(crate) inserts: Batch<T>,
}

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self {
            deletes: Batch::default(),
            updates: Batch::default(),
            inserts: Batch::default(),
        }
    }
}
