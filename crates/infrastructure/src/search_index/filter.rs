//! A filter made ready for a segment, evaluated for many products at once.

use std::sync::Arc;

use application::search::{Condition, Filter, Level};

use super::accept::Accept;
use super::columns::Column;
use super::prices::PriceContext;
use super::segment::Segment;

/// Products of a segment, and their variants.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) docs: Vec<u32>,
    /// Where the rows of each document begin in `rows`, and the end of the last one's.
    pub(super) starts: Vec<u32>,
    pub(super) rows: Vec<u32>,
    /// The document of each row.
    pub(super) owners: Vec<u32>,
}

impl Block {
    pub(super) fn new(docs: Vec<u32>) -> Self {
        Self {
            docs,
            starts: Vec::new(),
            rows: Vec::new(),
            owners: Vec::new(),
        }
    }

    pub(super) fn fill_rows(&mut self, segment: &Segment) {
        self.rows.clear();
        self.owners.clear();
        self.starts.clear();
        self.starts.reserve(self.docs.len() + 1);
        let mut end = 0;
        self.starts.push(end);
        for doc in &self.docs {
            let rows = segment.rows(*doc);
            end += rows.end - rows.start;
            self.starts.push(end);
            self.owners.extend(rows.clone().map(|_| *doc));
            self.rows.extend(rows);
        }
    }

    /// The places of each document's rows.
    pub(super) fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let ends = self.starts.iter().skip(1);
        self.starts
            .iter()
            .zip(ends)
            .map(|(from, until)| *from as usize..*until as usize)
    }
}

pub(super) struct Leaf {
    pub(super) column: Arc<Column>,
    pub(super) accept: Accept,
}

pub(super) enum Node {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Variant(Box<Self>),
    OfProduct(Leaf),
    OfVariant(Leaf),
}

impl Node {
    pub(super) fn of(
        filter: &Filter,
        segment: &Segment,
        prices: Option<&PriceContext>,
    ) -> tantivy::Result<Self> {
        let each = |filters: &[Filter]| {
            filters
                .iter()
                .map(|filter| Self::of(filter, segment, prices))
                .collect::<tantivy::Result<Vec<_>>>()
        };
        Ok(match filter {
            Filter::All(filters) => Self::All(each(filters)?),
            Filter::Any(filters) => Self::Any(each(filters)?),
            Filter::Not(filter) => Self::Not(Box::new(Self::of(filter, segment, prices)?)),
            Filter::Variant(filter) => Self::Variant(Box::new(Self::of(filter, segment, prices)?)),
            Filter::Is(Condition { column, test }) => {
                let level = column.level();
                let column = segment.column(column, prices)?;
                let accept = Accept::of(test, &column.dictionary)?;
                let leaf = Leaf { column, accept };
                match level {
                    Level::Product => Self::OfProduct(leaf),
                    Level::Variant => Self::OfVariant(leaf),
                }
            }
        })
    }

    pub(super) fn is_about_variants(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::is_about_variants),
            Self::Not(node) => node.is_about_variants(),
            Self::OfProduct(_) => false,
            Self::Variant(_) | Self::OfVariant(_) => true,
        }
    }

    /// 1 for each product that it holds for.
    pub(super) fn products(&self, block: &Block) -> Vec<u8> {
        match self {
            Self::All(nodes) => all(nodes, block.docs.len(), |node| node.products(block)),
            Self::Any(nodes) => any(nodes, block.docs.len(), |node| node.products(block)),
            Self::Not(node) => not(node.products(block)),
            Self::Variant(node) => any_of_rows(block, &node.variants(block)),
            Self::OfProduct(leaf) => leaf.test(&block.docs),
            Self::OfVariant(leaf) => any_of_rows(block, &leaf.test(&block.rows)),
        }
    }

    /// 1 for each variant that it holds for.
    pub(super) fn variants(&self, block: &Block) -> Vec<u8> {
        match self {
            Self::All(nodes) => all(nodes, block.rows.len(), |node| node.variants(block)),
            Self::Any(nodes) => any(nodes, block.rows.len(), |node| node.variants(block)),
            Self::Not(node) => not(node.variants(block)),
            Self::Variant(node) => node.variants(block),
            Self::OfProduct(leaf) => {
                let mut spread = Vec::with_capacity(block.rows.len());
                for (holds, rows) in leaf.test(&block.docs).into_iter().zip(block.ranges()) {
                    spread.resize(rows.end, holds);
                }
                spread
            }
            Self::OfVariant(leaf) => leaf.test(&block.rows),
        }
    }
}

impl Leaf {
    fn test(&self, rows: &[u32]) -> Vec<u8> {
        let mut out = Vec::with_capacity(rows.len());
        self.column.test(&self.accept, rows, &mut out);
        out
    }
}

fn all(nodes: &[Node], length: usize, evaluate: impl Fn(&Node) -> Vec<u8>) -> Vec<u8> {
    let mut holds = vec![1; length];
    for node in nodes {
        for (held, holds) in holds.iter_mut().zip(evaluate(node)) {
            *held &= holds;
        }
    }
    holds
}

fn any(nodes: &[Node], length: usize, evaluate: impl Fn(&Node) -> Vec<u8>) -> Vec<u8> {
    let mut holds = vec![0; length];
    for node in nodes {
        for (held, holds) in holds.iter_mut().zip(evaluate(node)) {
            *held |= holds;
        }
    }
    holds
}

fn not(mut holds: Vec<u8>) -> Vec<u8> {
    for held in &mut holds {
        *held ^= 1;
    }
    holds
}

fn any_of_rows(block: &Block, rows: &[u8]) -> Vec<u8> {
    block
        .ranges()
        .map(|range| rows.get(range).is_some_and(|rows| rows.contains(&1)).into())
        .collect()
}
