//! Lists by keyset: a page continues after a position, so that page 10,000 costs what page 1 costs.

use uuid::Uuid;

use domain::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortField {
    /// By id, which is by the time of creation.
    Id,
    UpdatedAt,
    /// By the number that editors give to siblings; only for lists of siblings.
    Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub field: SortField,
    pub descending: bool,
}

/// The place of one item in a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Set when the list is sorted by it.
    pub updated_at: Option<Timestamp>,
    /// The number among siblings, set when the list is sorted by it.
    pub rank: Option<u32>,
    pub id: Uuid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    None,
    Estimate,
    Exact,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    pub sort: Sort,
    pub after: Option<Position>,
    /// 1 to 200.
    pub limit: u32,
    pub count: Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub items: u64,
    pub is_estimate: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page continues; `None` on the last.
    pub next: Option<Position>,
    pub total: Option<Total>,
}
