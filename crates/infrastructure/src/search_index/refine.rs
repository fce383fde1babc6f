//! What of a filter a click on a facet would take away.
//!
//! Each column that is refined and has a disjunctive facet gets a bit. While products are looked at, each notes the bits of
//! the refinements that it fails: one that fails none is a hit, and one that fails those of a single column counts for the
//! facets of that column still. So all facets are counted in one pass.

use application::search::{Column, Facet, Filter};

pub(super) struct Refined<'a> {
    /// 0 for what no facet takes away.
    pub(super) bit: u64,
    pub(super) filter: &'a Filter,
}

pub(super) struct Plan<'a> {
    pub(super) members: Vec<Refined<'a>>,
    pub(super) selection: Option<Vec<Refined<'a>>>,
    /// Of each facet.
    pub(super) bits: Vec<u64>,
}

impl<'a> Plan<'a> {
    /// As many facets have a bit of their own.
    pub(super) const MOST: usize = 60;

    /// `facets`: at most [`Self::MOST`].
    pub(super) fn of(filter: &'a Filter, facets: &'a [Facet]) -> Self {
        let members = members(filter);
        let place = members
            .iter()
            .position(|member| matches!(member, Filter::Variant(_)));
        let selection = place.and_then(|place| match members.get(place) {
            Some(Filter::Variant(inner)) => Some(self::members(inner)),
            _ => None,
        });
        let mut columns: Vec<&Column> = Vec::new();
        let bits = facets
            .iter()
            .map(|facet| {
                let refines = |member: &Filter| matches!(member, Filter::Is(is) if is.column == facet.column);
                let is_refined = members.iter().chain(selection.unwrap_or_default()).any(refines);
                if !facet.disjunctive || !is_refined {
                    return 0;
                }
                let known = columns.iter().position(|column| **column == facet.column);
                let place = known.unwrap_or_else(|| {
                    columns.push(&facet.column);
                    columns.len() - 1
                });
                1 << place
            })
            .collect();
        let refined = |filter: &'a Filter| {
            let place = match filter {
                Filter::Is(is) => columns.iter().position(|column| **column == is.column),
                _ => None,
            };
            Refined {
                bit: place.map_or(0, |place| 1 << place),
                filter,
            }
        };
        let others = members.iter().enumerate().filter(|(at, _)| Some(*at) != place);
        Self {
            members: others.map(|(_, member)| refined(member)).collect(),
            selection: selection.map(|members| members.iter().map(refined).collect()),
            bits,
        }
    }
}

fn members(filter: &Filter) -> &[Filter] {
    match filter {
        Filter::All(members) => members,
        other => std::slice::from_ref(other),
    }
}
