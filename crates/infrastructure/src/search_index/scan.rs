//! One pass over the candidates of a segment: which of them are hits, and for which facets they count.

use application::search::{Facet, Filter, Level, Query};
use domain::ProductId;
use uuid::Uuid;

use super::bits::Bits;
use super::facets::Tally;
use super::filter::{Block, Node};
use super::order::{Best, Entry, Order};
use super::prices::PriceContext;
use super::refine::{Plan, Refined};
use super::segment::Segment;

/// How many products are looked at at once: what is noted of them stays in the processor's cache.
const BLOCK: usize = 2048;

/// What a segment has to say to a query.
pub(super) struct Scanned {
    pub(super) total: u64,
    pub(super) best: Vec<Entry>,
    pub(super) order: Order,
    pub(super) tallies: Vec<Tally>,
}

/// A condition with the bit of the column it refines.
type Ready = (u64, Node);

struct Scan<'a> {
    segment: &'a Segment,
    /// What no facet takes away; cheap ones first.
    base: Vec<Node>,
    refinements: Vec<Ready>,
    selection: Option<Vec<Ready>>,
    facets: &'a [Facet],
    bits: Vec<u64>,
    tallies: Vec<Tally>,
    order: Order,
    best: Best,
    total: u64,
    keys: Vec<u64>,
}

/// `facets`: those of the query that are to be counted, at most [`Plan::MOST`].
pub(super) fn scan(
    segment: &Segment,
    query: &Query,
    facets: &[Facet],
    prices: Option<&PriceContext>,
    (visible, candidates): (&Bits, Candidates<'_>),
) -> tantivy::Result<Scanned> {
    let plan = Plan::of(&query.filter, facets);
    let (base, refinements): (Vec<_>, Vec<_>) = plan.members.iter().partition(|member| member.bit == 0);
    let node = |filter: &Filter| Node::of(filter, segment, prices);
    let mut base = base
        .into_iter()
        .map(|member| node(member.filter))
        .collect::<tantivy::Result<Vec<_>>>()?;
    base.sort_by_key(Node::is_about_variants);
    let ready = |member: &Refined<'_>| Ok((member.bit, node(member.filter)?));
    let selection = plan
        .selection
        .as_ref()
        .map(|members| members.iter().map(ready).collect::<tantivy::Result<Vec<_>>>());
    let tallies = facets
        .iter()
        .map(|facet| Tally::new(facet, segment.column(&facet.column, prices)?));
    let mut scan = Scan {
        segment,
        base,
        refinements: refinements
            .into_iter()
            .map(ready)
            .collect::<tantivy::Result<_>>()?,
        selection: selection.transpose()?,
        facets,
        bits: plan.bits,
        tallies: tallies.collect::<tantivy::Result<_>>()?,
        order: Order::of(&query.sort, query.after.as_ref(), segment, prices)?,
        best: Best::new(query.limit + 1),
        total: 0,
        keys: Vec::new(),
    };
    match candidates {
        Candidates::All => {
            let mut docs = visible.descending();
            loop {
                let docs: Vec<u32> = docs.by_ref().take(BLOCK).collect();
                if docs.is_empty() {
                    break;
                }
                scan.block(docs, None);
            }
        }
        Candidates::Docs(docs) => {
            for docs in docs.rchunks(BLOCK) {
                let docs = docs.iter().rev().copied();
                scan.block(docs.filter(|doc| visible.contains(*doc)).collect(), None);
            }
        }
        Candidates::Matched(docs, relevance) => {
            for (docs, relevance) in docs.rchunks(BLOCK).zip(relevance.rchunks(BLOCK)) {
                let matched = docs.iter().copied().zip(relevance.iter().copied()).rev();
                let matched: Vec<_> = matched.filter(|(doc, _)| visible.contains(*doc)).collect();
                scan.block(matched.iter().map(|(doc, _)| *doc).collect(), Some(&matched));
            }
        }
    }
    Ok(Scanned {
        total: scan.total,
        best: scan.best.into_entries(),
        order: scan.order,
        tallies: scan.tallies,
    })
}

/// In ascending order. They are looked at from behind: ids that come later are mostly greater, and those are first where
/// all else is equal, so that the best are soon found.
#[derive(Clone, Copy)]
pub(super) enum Candidates<'a> {
    All,
    Docs(&'a [u32]),
    /// With their relevance.
    Matched(&'a [u32], &'a [i64]),
}

impl Scan<'_> {
    fn block(&mut self, docs: Vec<u32>, matched: Option<&[(u32, i64)]>) {
        let mut block = Block::new(docs);
        let mut has_rows = false;
        for node in &self.base {
            if node.is_about_variants() && !has_rows {
                block.fill_rows(self.segment);
                has_rows = true;
            }
            let holds = node.products(&block);
            let mut holds = holds.iter();
            if has_rows {
                // Rows are not moved about: what fails is dropped with what fails refinements.
                let kept = block.docs.iter().zip(holds.by_ref());
                let kept = kept
                    .filter(|(_, holds)| **holds == 1)
                    .map(|(doc, _)| *doc)
                    .collect();
                block = Block::new(kept);
                block.fill_rows(self.segment);
            } else {
                block.docs.retain(|_| holds.next() == Some(&1));
            }
            if block.docs.is_empty() {
                return;
            }
        }
        if !has_rows && self.needs_rows() {
            block.fill_rows(self.segment);
        }
        let failed = self.failed_by_products(&block);
        let rows = self.failed_by_variants(&block, &failed);
        self.collect_hits(&block, &failed, &rows, matched);
        self.count(&block, &failed, &rows);
    }

    fn needs_rows(&self) -> bool {
        let facets = self
            .facets
            .iter()
            .any(|facet| facet.column.level() == Level::Variant);
        facets
            || self.selection.is_some()
            || self.order.is_about_variants()
            || self.refinements.iter().any(|(_, node)| node.is_about_variants())
    }

    /// Of each product, the bits of the refinements that it fails.
    fn failed_by_products(&self, block: &Block) -> Vec<u64> {
        let mut failed = vec![0; block.docs.len()];
        for (bit, node) in &self.refinements {
            for (failed, holds) in failed.iter_mut().zip(node.products(block)) {
                *failed |= bit * u64::from(holds ^ 1);
            }
        }
        failed
    }

    /// Of each variant, the bits of the refinements that it or its product fails; all when it is out of the question.
    fn failed_by_variants(&self, block: &Block, products: &[u64]) -> Vec<u64> {
        let mut failed = Vec::with_capacity(block.rows.len());
        for (product, rows) in products.iter().zip(block.ranges()) {
            failed.resize(rows.end, *product);
        }
        for (bit, node) in self.selection.iter().flatten() {
            let bits = if *bit == 0 { u64::MAX } else { *bit };
            for (failed, holds) in failed.iter_mut().zip(node.variants(block)) {
                *failed |= bits * u64::from(holds ^ 1);
            }
        }
        failed
    }

    fn collect_hits(&mut self, block: &Block, failed: &[u64], rows: &[u64], matched: Option<&[(u32, i64)]>) {
        let mut matched = matched.map(<[_]>::iter);
        let mut ranges = block.ranges();
        let has_selection = self.selection.is_some();
        for (doc, failed) in block.docs.iter().zip(failed) {
            let range = ranges.next().unwrap_or_default();
            let own = rows.get(range.clone()).unwrap_or_default();
            if *failed != 0 || (has_selection && !own.contains(&0)) {
                continue;
            }
            self.total += 1;
            let relevance = matched
                .as_mut()
                .and_then(|matched| matched.find(|(other, _)| other == doc))
                .map_or(0, |(_, relevance)| *relevance);
            let places = block.rows.get(range).unwrap_or_default();
            let holding = places
                .iter()
                .zip(own)
                .filter(|(_, failed)| **failed == 0)
                .map(|(row, _)| *row);
            let mut keys = std::mem::take(&mut self.keys);
            self.order.keys(*doc, relevance, &holding, &mut keys);
            let id = self.segment.id(*doc);
            self.best.offer(&self.order, (&keys, id), *doc, relevance, || {
                if has_selection {
                    holding.clone().next()
                } else {
                    self.segment.rows(*doc).next()
                }
            });
            self.keys = keys;
        }
    }

    fn count(&mut self, block: &Block, failed: &[u64], rows: &[u64]) {
        let variants = near(block.rows.iter().zip(&block.owners).zip(rows));
        let products = match self.selection {
            None => near(block.docs.iter().zip(&block.docs).zip(failed)),
            Some(_) => Vec::new(),
        };
        // Most facets count the same.
        let mut counted: Vec<(u64, Level, Owned)> = Vec::new();
        for ((facet, tally), bit) in self.facets.iter().zip(&mut self.tallies).zip(&self.bits) {
            let level = facet.column.level();
            let known = counted
                .iter()
                .position(|(other, of, _)| (other, *of) == (bit, level));
            let at = known.unwrap_or_else(|| {
                let found = match level {
                    Level::Variant => kept(&variants, !bit),
                    Level::Product if self.selection.is_none() => kept(&products, !bit),
                    // Those of which a variant is counted.
                    Level::Product => {
                        let mut docs = kept(&variants, !bit);
                        docs.dedup_by_key(|(_, doc)| *doc);
                        for (row, doc) in &mut docs {
                            *row = *doc;
                        }
                        docs
                    }
                };
                counted.push((*bit, level, found));
                counted.len() - 1
            });
            if let Some((.., rows)) = counted.get(at) {
                tally.count(rows);
            }
        }
    }
}

/// Rows, each with its document.
type Owned = Vec<(u32, u32)>;

/// A row, its document, and the bits that it fails.
type Near = (u32, u32, u64);

/// Those that fail the refinements of one column at most. What is kept is hard to foresee, so that nothing is made to depend
/// on it.
fn near<'a>(rows: impl ExactSizeIterator<Item = ((&'a u32, &'a u32), &'a u64)>) -> Vec<Near> {
    let mut found = vec![(0, 0, 0); rows.len()];
    let mut length = 0;
    for ((row, doc), failed) in rows {
        if let Some(slot) = found.get_mut(length) {
            *slot = (*row, *doc, *failed);
        }
        length += usize::from(failed & failed.wrapping_sub(1) == 0);
    }
    found.truncate(length);
    found
}

/// Those that fail none of the bits.
fn kept(rows: &[Near], mask: u64) -> Owned {
    let mut found = vec![(0, 0); rows.len()];
    let mut length = 0;
    for (row, doc, failed) in rows {
        if let Some(slot) = found.get_mut(length) {
            *slot = (*row, *doc);
        }
        length += usize::from(failed & mask == 0);
    }
    found.truncate(length);
    found
}

pub(super) fn product(id: u128) -> ProductId {
    ProductId::new(Uuid::from_u128(id))
}
