//! Counting values: by ordinal within a segment, and by value across segments.

use std::collections::HashMap;
use std::sync::Arc;

use application::search::{CategoryTree, Facet, FacetCounts, FacetKind, TermOrder, Value};
use domain::CategoryId;
use uuid::Uuid;

use super::columns::Column;
use super::fold;

/// How many products have something; one is noted as often as it likes, but in one go.
#[derive(Debug, Clone, Copy)]
struct Distinct {
    count: u32,
    last: u32,
}

impl Distinct {
    const NONE: Self = Self {
        count: 0,
        last: u32::MAX,
    };

    fn note(&mut self, doc: u32) {
        self.count += u32::from(self.last != doc);
        self.last = doc;
    }
}

/// A facet in a segment.
pub(super) struct Tally {
    pub(super) column: Arc<Column>,
    counted: Counted,
}

enum Counted {
    Terms(Vec<Distinct>),
    /// From the first ordinal up to before the second.
    Ranges(Vec<((u32, u32), Distinct)>),
    Stats {
        extremes: Option<(u32, u32)>,
        products: Distinct,
    },
    Tree {
        /// Of each ordinal, the category itself and those above it.
        paths: Vec<Vec<u32>>,
        categories: Vec<(CategoryId, Distinct)>,
    },
}

impl Tally {
    pub(super) fn new(facet: &Facet, column: Arc<Column>) -> tantivy::Result<Self> {
        let values = column.dictionary.len();
        let counted = match &facet.kind {
            FacetKind::Terms { .. } => Counted::Terms(vec![Distinct::NONE; values as usize]),
            FacetKind::Ranges(ranges) => {
                let ranges = ranges.iter().map(|(from, until)| {
                    let range = column.dictionary.range(from, until)?;
                    Ok((range, Distinct::NONE))
                });
                Counted::Ranges(ranges.collect::<tantivy::Result<_>>()?)
            }
            FacetKind::Stats => Counted::Stats {
                extremes: None,
                products: Distinct::NONE,
            },
            FacetKind::Tree(tree) => paths(tree, &column)?,
        };
        Ok(Self { column, counted })
    }

    /// Counts the rows, each with its document; those of one document come one after the other.
    pub(super) fn count(&mut self, rows: &[(u32, u32)]) {
        let rows = rows.iter().copied();
        let column = Arc::clone(&self.column);
        match &mut self.counted {
            Counted::Terms(counts) => column.visit(rows, |doc, ord| {
                if let Some(count) = counts.get_mut(ord as usize) {
                    count.note(doc);
                }
            }),
            Counted::Ranges(ranges) => column.visit(rows, |doc, ord| {
                for ((from, until), count) in ranges.iter_mut() {
                    if (*from..*until).contains(&ord) {
                        count.note(doc);
                    }
                }
            }),
            Counted::Stats { extremes, products } => column.visit(rows, |doc, ord| {
                products.note(doc);
                let (least, greatest) = extremes.unwrap_or((ord, ord));
                *extremes = Some((least.min(ord), greatest.max(ord)));
            }),
            Counted::Tree { paths, categories } => column.visit(rows, |doc, ord| {
                for place in paths.get(ord as usize).into_iter().flatten() {
                    if let Some((_, count)) = categories.get_mut(*place as usize) {
                        count.note(doc);
                    }
                }
            }),
        }
    }
}

fn paths(tree: &CategoryTree, column: &Column) -> tantivy::Result<Counted> {
    let all: Vec<u32> = (0..column.dictionary.len()).collect();
    let mut places: HashMap<CategoryId, u32> = HashMap::new();
    let mut categories = Vec::new();
    let mut paths = Vec::with_capacity(all.len());
    for value in column.dictionary.values(&all)? {
        let mut next = match &value {
            Value::Text(text) => Uuid::parse_str(text).ok().map(CategoryId::new),
            Value::Number(_) => None,
        };
        let mut path = Vec::new();
        while let Some((id, category)) = next.and_then(|id| Some((id, tree.get(&id)?))) {
            let place = *places.entry(id).or_insert_with(|| {
                categories.push((id, Distinct::NONE));
                u32::try_from(categories.len() - 1).unwrap_or(u32::MAX)
            });
            // A tree that is none must not keep anyone busy for ever.
            if path.contains(&place) {
                break;
            }
            path.push(place);
            next = category.parent;
        }
        paths.push(path);
    }
    Ok(Counted::Tree { paths, categories })
}

/// A facet in all segments.
pub(super) enum Total<'a> {
    Terms {
        facet: &'a FacetKind,
        values: HashMap<Value, u64>,
    },
    Ranges(Vec<u64>),
    Stats {
        extremes: Option<(Value, Value)>,
        count: u64,
    },
    Tree(HashMap<CategoryId, u64>),
}

impl<'a> Total<'a> {
    pub(super) fn of(facet: &'a Facet) -> Self {
        match &facet.kind {
            kind @ FacetKind::Terms { .. } => Self::Terms {
                facet: kind,
                values: HashMap::new(),
            },
            FacetKind::Ranges(ranges) => Self::Ranges(vec![0; ranges.len()]),
            FacetKind::Stats => Self::Stats {
                extremes: None,
                count: 0,
            },
            FacetKind::Tree(_) => Self::Tree(HashMap::new()),
        }
    }

    pub(super) fn add(&mut self, tally: Tally) -> tantivy::Result<()> {
        let dictionary = &tally.column.dictionary;
        match (self, tally.counted) {
            (Self::Terms { values, .. }, Counted::Terms(counts)) => {
                let counted = (0u32..).zip(&counts).filter(|(_, count)| count.count > 0);
                let (ords, counts): (Vec<u32>, Vec<u32>) =
                    counted.map(|(ord, count)| (ord, count.count)).unzip();
                for (value, count) in dictionary.values(&ords)?.into_iter().zip(counts) {
                    *values.entry(value).or_default() += u64::from(count);
                }
            }
            (Self::Ranges(totals), Counted::Ranges(ranges)) => {
                for (total, (_, count)) in totals.iter_mut().zip(ranges) {
                    *total += u64::from(count.count);
                }
            }
            (
                Self::Stats { extremes, count },
                Counted::Stats {
                    extremes: Some((least, greatest)),
                    products,
                },
            ) => {
                *count += u64::from(products.count);
                if let (Some(least), Some(greatest)) = (dictionary.value(least)?, dictionary.value(greatest)?)
                {
                    *extremes = Some(match extremes.take() {
                        None => (least, greatest),
                        Some((min, max)) => (min.min(least), max.max(greatest)),
                    });
                }
            }
            (Self::Tree(totals), Counted::Tree { categories, .. }) => {
                for (id, count) in categories.into_iter().filter(|(_, count)| count.count > 0) {
                    *totals.entry(id).or_default() += u64::from(count.count);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(self) -> FacetCounts {
        match self {
            Self::Terms {
                facet: FacetKind::Terms { limit, order, search },
                values,
            } => terms(values, *limit, *order, search.as_deref()),
            Self::Terms { values, .. } => terms(values, usize::MAX, TermOrder::Value, None),
            Self::Ranges(counts) => FacetCounts::Ranges(counts),
            Self::Stats { extremes, count } => {
                let (min, max) = extremes.unzip();
                FacetCounts::Stats { min, max, count }
            }
            Self::Tree(counts) => FacetCounts::Tree(counts.into_iter().collect()),
        }
    }
}

fn terms(values: HashMap<Value, u64>, limit: usize, order: TermOrder, search: Option<&str>) -> FacetCounts {
    let wanted = search.map(fold).unwrap_or_default();
    let mut values: Vec<_> = values
        .into_iter()
        .filter(|(value, _)| {
            wanted.is_empty()
                || match value {
                    Value::Text(text) => fold(text).contains(&wanted),
                    Value::Number(number) => number.to_string().contains(&wanted),
                }
        })
        .collect();
    match order {
        TermOrder::Count => values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0))),
        TermOrder::Value => values.sort_unstable_by(|a, b| a.0.cmp(&b.0)),
    }
    let others = values.len().saturating_sub(limit);
    values.truncate(limit);
    FacetCounts::Terms {
        values,
        others: others as u64,
    }
}
