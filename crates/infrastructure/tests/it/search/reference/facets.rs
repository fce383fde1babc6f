//! Facets, by performing every click.

use std::collections::BTreeSet;

use application::search::{
    CategoryTree, Column, Condition, Facet, FacetCounts, FacetKind, Filter, Level, TermOrder, Test, Value,
};
use domain::CategoryId;

use super::Row;
use super::filter::{all_values, holds, members};
use super::text::fold;

pub(super) fn count(facet: &Facet, rows: &[Row<'_>], filter: &Filter) -> FacetCounts {
    let hits = |test: Test| {
        let clicked = click(filter, &facet.column, test, facet.disjunctive);
        rows.iter().filter(|row| holds(row, &clicked, None)).count() as u64
    };
    let hits_of_value = |value: &Value| hits(Test::In(vec![value.clone()]));
    let values: BTreeSet<Value> = rows
        .iter()
        .flat_map(|row| all_values(row, &facet.column))
        .collect();
    match &facet.kind {
        FacetKind::Terms { limit, order, search } => {
            let mut counts: Vec<(Value, u64)> = values
                .into_iter()
                .filter(|value| search.as_ref().is_none_or(|search| contains(value, search)))
                .map(|value| (hits_of_value(&value), value))
                .filter(|(count, _)| *count > 0)
                .map(|(count, value)| (value, count))
                .collect();
            if *order == TermOrder::Count {
                // Stable: values with as many stay in their order.
                counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            }
            let others = counts.len().saturating_sub(*limit) as u64;
            counts.truncate(*limit);
            FacetCounts::Terms {
                values: counts,
                others,
            }
        }
        FacetKind::Ranges(ranges) => FacetCounts::Ranges(
            ranges
                .iter()
                .map(|(from, to)| hits(Test::Range(from.clone(), to.clone())))
                .collect(),
        ),
        FacetKind::Stats => {
            let count = hits(Test::Exists(true));
            let values: Vec<Value> = if count == 0 {
                Vec::new()
            } else {
                values.into_iter().collect()
            };
            FacetCounts::Stats {
                min: values.iter().find(|value| hits_of_value(value) > 0).cloned(),
                max: values
                    .iter()
                    .rev()
                    .find(|value| hits_of_value(value) > 0)
                    .cloned(),
                count,
            }
        }
        FacetKind::Tree(tree) => FacetCounts::Tree(
            tree.keys()
                .map(|category| (*category, hits(Test::In(branch(tree, *category)))))
                .filter(|(_, count)| *count > 0)
                .collect(),
        ),
    }
}

/// The query's filter after a click.
pub(crate) fn click(filter: &Filter, column: &Column, test: Test, disjunctive: bool) -> Filter {
    let mut members = members(filter);
    let is_refinement =
        |filter: &Filter| matches!(filter, Filter::Is(condition) if condition.column == *column);
    if disjunctive {
        members.retain(|member| !is_refinement(member));
    }
    let place = members
        .iter()
        .position(|member| matches!(member, Filter::Variant(_)));
    let mut selection = place.map(|place| match &members[place] {
        Filter::Variant(selection) => super::filter::members(selection),
        _ => unreachable!(),
    });
    if let Some(selection) = &mut selection
        && disjunctive
    {
        selection.retain(|member| !is_refinement(member));
    }
    let condition = Filter::Is(Condition {
        column: column.clone(),
        test,
    });
    match column.level() {
        Level::Product => members.push(condition),
        Level::Variant => selection.get_or_insert_default().push(condition),
    }
    if let Some(selection) = selection {
        let selection = Filter::Variant(Box::new(Filter::All(selection)));
        match place {
            Some(place) => members[place] = selection,
            None => members.push(selection),
        }
    }
    Filter::All(members)
}

/// A category and all below it.
pub(crate) fn branch(tree: &CategoryTree, top: CategoryId) -> Vec<Value> {
    let is_below = |category: &CategoryId| {
        let mut at = Some(*category);
        while let Some(category) = at {
            if category == top {
                return true;
            }
            at = tree.get(&category).and_then(|category| category.parent);
        }
        false
    };
    tree.keys()
        .filter(|category| is_below(category))
        .map(|category| Value::Text(category.to_string()))
        .collect()
}

fn contains(value: &Value, search: &str) -> bool {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => fold(text),
    };
    text.contains(&fold(search))
}
