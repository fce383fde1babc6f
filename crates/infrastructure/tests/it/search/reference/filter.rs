//! Whether a filter holds for a product, and what its selection is.

use application::search::{Bound, Column, Columns, Filter, Level, Test, Value};

use super::Row;

/// `variant` is the one that [`Filter::Variant`] is asking about, by its place.
pub(super) fn holds(row: &Row<'_>, filter: &Filter, variant: Option<usize>) -> bool {
    let variants = || 0..row.document.variants.len();
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| holds(row, filter, variant)),
        Filter::Any(filters) => filters.iter().any(|filter| holds(row, filter, variant)),
        Filter::Not(filter) => !holds(row, filter, variant),
        Filter::Variant(filter) => variants().any(|variant| holds(row, filter, Some(variant))),
        Filter::Is(condition) => {
            let passes = |variant| passes(&condition.test, &values(row, &condition.column, variant));
            match (condition.column.level(), variant) {
                (Level::Variant, None) => variants().any(|variant| passes(Some(variant))),
                _ => passes(variant),
            }
        }
    }
}

/// The values that a column has for the product when it is the product's, for the variant when it is the variants'.
pub(super) fn values(row: &Row<'_>, column: &Column, variant: Option<usize>) -> Vec<Value> {
    let stored = |columns: &Columns, name: &str| {
        let column = columns.iter().find(|(column, _)| column == name);
        column.map(|(_, values)| values.clone()).unwrap_or_default()
    };
    match (column, column.level(), variant) {
        (Column::Price, _, Some(variant)) => row.prices[variant].map(Value::Number).into_iter().collect(),
        (Column::Stored { name, .. }, Level::Product, _) => stored(&row.document.columns, name),
        (Column::Stored { name, .. }, Level::Variant, Some(variant)) => {
            stored(&row.document.variants[variant].columns, name)
        }
        (_, _, None) => Vec::new(),
    }
}

/// The values that a column has for the product or any variant of it.
pub(super) fn all_values(row: &Row<'_>, column: &Column) -> Vec<Value> {
    let variants = (0..row.document.variants.len()).map(Some);
    variants
        .chain([None])
        .flat_map(|variant| values(row, column, variant))
        .collect()
}

fn passes(test: &Test, values: &[Value]) -> bool {
    match test {
        Test::In(wanted) => values.iter().any(|value| wanted.contains(value)),
        Test::Range(from, to) => values.iter().any(|value| {
            let begins = match from {
                Bound::Unbounded => true,
                Bound::Included(from) => value >= from,
                Bound::Excluded(from) => value > from,
            };
            let ends = match to {
                Bound::Unbounded => true,
                Bound::Included(to) => value <= to,
                Bound::Excluded(to) => value < to,
            };
            begins && ends
        }),
        Test::Exists(wanted) => *wanted != values.is_empty(),
    }
}

pub(super) fn members(filter: &Filter) -> Vec<Filter> {
    match filter {
        Filter::All(members) => members.clone(),
        other => vec![other.clone()],
    }
}

/// The places of the variants for which the selection holds.
pub(super) fn holding_variants(row: &Row<'_>, filter: &Filter) -> Vec<usize> {
    let members = members(filter);
    let selection = members.iter().find_map(|member| match member {
        Filter::Variant(selection) => Some(selection),
        _ => None,
    });
    (0..row.document.variants.len())
        .filter(|variant| selection.is_none_or(|selection| holds(row, selection, Some(*variant))))
        .collect()
}
