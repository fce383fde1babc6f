//! Answers queries: each segment by itself, and then what they say put together.

use std::sync::Arc;

use application::search::{Column as Asked, Condition, Facet, Filter, Found, Hit, Level, Place, Query, Test};
use domain::VariantId;

use super::accept::Accept;
use super::bits::Bits;
use super::columns::Column;
use super::facets::Total;
use super::order::compare;
use super::prices::PriceContext;
use super::refine::Plan;
use super::scan::{Candidates, product, scan};
use super::segment::Segment;
use super::texts::{Texts, Wanted};
use super::view::View;

pub(super) fn search(view: &View, texts: &Texts, query: &Query) -> tantivy::Result<Found> {
    let prices = query.prices.as_ref().map(PriceContext::of);
    let text = query.text.as_ref();
    let wanted = text.and_then(|text| Wanted::of(text, &view.generation, texts));
    let mut hits = Vec::new();
    let mut total = 0;
    let mut facets: Vec<Total<'_>> = query.facets.iter().map(Total::of).collect();
    for segment in &view.segments {
        let visible = segment.visible(query.visit)?;
        let matched = wanted
            .as_ref()
            .map(|wanted| wanted.matches(segment))
            .transpose()?;
        let narrowed = match &matched {
            None => narrowed(segment, query, prices.as_ref())?,
            Some(_) => None,
        };
        let candidates = match (&matched, &narrowed) {
            (Some(matched), _) => Candidates::Matched(&matched.docs, &matched.relevance),
            (None, Some(docs)) => Candidates::Docs(docs),
            (None, None) => Candidates::All,
        };
        // One pass, unless there are more facets than a pass can tell apart.
        for first in (0..query.facets.len().max(1)).step_by(Plan::MOST) {
            let counted = query.facets.iter().skip(first).take(Plan::MOST);
            let counted: Vec<_> = counted.cloned().collect();
            let scanned = scan(segment, query, &counted, prices.as_ref(), (&visible, candidates))?;
            for (facet, tally) in facets.iter_mut().skip(first).zip(scanned.tallies) {
                facet.add(tally)?;
            }
            if first > 0 {
                continue;
            }
            total += scanned.total;
            for entry in scanned.best {
                let place = Place {
                    values: scanned.order.values(&entry)?,
                    id: product(entry.id()),
                };
                hits.push((place, segment, entry));
            }
        }
    }
    hits.sort_by(|(a, ..), (b, ..)| compare(&query.sort, a, b));
    let has_more = hits.len() > query.limit;
    hits.truncate(query.limit);
    let hits = hits.into_iter().map(|(place, segment, entry)| {
        let variant = match entry.row {
            Some(row) => segment.variant(entry.doc, row)?.map(VariantId::new),
            None => None,
        };
        let explanation = match &wanted {
            Some(wanted) if query.explain => wanted.explain(segment, entry.doc)?,
            _ => Vec::new(),
        };
        Ok(Hit {
            id: place.id,
            variant,
            place,
            explanation: query.explain.then_some(explanation),
        })
    });
    Ok(Found {
        hits: hits.collect::<tantivy::Result<_>>()?,
        total,
        has_more,
        facets: facets.into_iter().map(Total::finish).collect(),
    })
}

/// The products of the rarest value that all must have, in ascending order; `None` when that says little.
fn narrowed(
    segment: &Segment,
    query: &Query,
    prices: Option<&PriceContext>,
) -> tantivy::Result<Option<Vec<u32>>> {
    let plan = Plan::of(&query.filter, &[]);
    let unrefined = |condition: &Condition| {
        let is_counted = |facet: &Facet| facet.disjunctive && facet.column == condition.column;
        !query.facets.iter().any(is_counted)
    };
    let members = plan.members.iter().chain(plan.selection.iter().flatten());
    let mut fewest: Option<(usize, Vec<u32>, Arc<Column>, Level)> = None;
    for member in members {
        let Filter::Is(
            condition @ Condition {
                column,
                test: test @ Test::In(_),
            },
        ) = member.filter
        else {
            continue;
        };
        // Prices come and go: what is known of them by value is not worth knowing.
        if !unrefined(condition) || *column == Asked::Price {
            continue;
        }
        let level = column.level();
        let column = segment.column(column, prices)?;
        let Some(ords) = Accept::of(test, &column.dictionary)?.ords() else {
            continue;
        };
        let firsts = (level == Level::Variant).then(|| segment.firsts());
        let postings = column.postings(firsts, segment.docs());
        let count = ords.iter().map(|ord| postings.of(*ord).len()).sum();
        if fewest.as_ref().is_none_or(|(other, ..)| count < *other) {
            fewest = Some((count, ords, column, level));
        }
    }
    let Some((count, ords, column, level)) = fewest else {
        return Ok(None);
    };
    if count > segment.docs() as usize / 4 {
        return Ok(None);
    }
    let firsts = (level == Level::Variant).then(|| segment.firsts());
    let postings = column.postings(firsts, segment.docs());
    if let [ord] = ords.as_slice() {
        return Ok(Some(postings.of(*ord).to_vec()));
    }
    let mut docs = Bits::none(segment.docs());
    for doc in ords.iter().flat_map(|ord| postings.of(*ord)) {
        docs.insert(*doc);
    }
    Ok(Some(docs.iter().collect()))
}
