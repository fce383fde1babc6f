//! What each variant of a segment costs someone: a column that is computed once for all who read prices alike, and holds
//! until time changes one of them.
//!
//! Invariant: of the offers that hold the one counts that `domain::pricing::resolve` names: lists stand as they do there,
//! and among the offers of one rank the one that began last, then the earlier one in the document.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use application::search::PriceView;
use domain::PriceListId;
use domain::pricing::ListRank;
use tantivy::SegmentReader;
use tantivy::columnar::StrColumn;
use uuid::Uuid;

use super::columns::Column;
use super::schema::{micros_from, micros_until};

/// How many ways to read prices are kept of each segment.
const KEPT: usize = 8;

/// How someone reads prices: of the lists that hold for them, where each stands and when it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PriceContext {
    currency: &'static str,
    lists: HashMap<PriceListId, Standing>,
    /// In microseconds.
    at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    rank: ListRank,
    from: i64,
    until: i64,
}

impl PriceContext {
    pub(super) fn of(view: &PriceView) -> Self {
        let lists = view.lists.iter().filter_map(|list| {
            let standing = Standing {
                rank: view.circumstances.list_rank(list)?,
                from: micros_from(list.content.validity.from()),
                until: micros_until(list.content.validity.until()),
            };
            Some((list.id, standing))
        });
        Self {
            currency: view.currency.code(),
            lists: lists.collect(),
            at: view.circumstances.at.timestamp_micros(),
        }
    }
}

/// What decides the prices of a segment: for each kind of offer that there is, where it stands, if it counts.
type Decisive = Vec<Option<(u32, i64, i64)>>;

struct Computed {
    context: PriceContext,
    decisive: Decisive,
    /// It holds from the first instant up to before the second.
    holds: (i64, i64),
    column: Arc<Column>,
}

/// The kinds of offers of a segment: in a currency, from a list, and whether the variant carries it itself.
type Kinds = Vec<(String, bool, Option<PriceListId>)>;

#[derive(Default)]
pub(super) struct Prices {
    kinds: std::sync::OnceLock<Kinds>,
    /// The one that was asked for last comes last.
    computed: Mutex<Vec<Computed>>,
}

impl Prices {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Computed>> {
        self.computed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn contexts(&self) -> Vec<PriceContext> {
        self.lock()
            .iter()
            .map(|computed| computed.context.clone())
            .collect()
    }

    pub(super) fn column(
        &self,
        reader: &SegmentReader,
        firsts: &[u32],
        context: &PriceContext,
    ) -> tantivy::Result<Arc<Column>> {
        let Some(kinds) = reader.fast_fields().str("offer.kind")? else {
            return Ok(Arc::new(Column::empty()));
        };
        let decisive = self.decisive(&kinds, context)?;
        let fits = |computed: &Computed| {
            (computed.holds.0..computed.holds.1).contains(&context.at) && computed.decisive == decisive
        };
        {
            let mut computed = self.lock();
            if let Some(at) = computed.iter().position(fits) {
                let mut found = computed.remove(at);
                found.context.at = context.at;
                let column = Arc::clone(&found.column);
                computed.push(found);
                return Ok(column);
            }
        }
        let (column, holds) = compute(reader, &kinds, firsts, &decisive, context.at)?;
        let column = Arc::new(column);
        let mut computed = self.lock();
        computed.retain(|other| other.decisive != decisive);
        if computed.len() >= KEPT {
            computed.remove(0);
        }
        computed.push(Computed {
            context: context.clone(),
            decisive,
            holds,
            column: Arc::clone(&column),
        });
        Ok(column)
    }

    fn decisive(&self, kinds: &StrColumn, context: &PriceContext) -> tantivy::Result<Decisive> {
        let kinds = if let Some(kinds) = self.kinds.get() {
            kinds
        } else {
            let read = kinds_of(kinds)?;
            self.kinds.get_or_init(|| read)
        };
        let standings: Vec<_> = kinds
            .iter()
            .map(|(currency, is_own_entry, list)| {
                let standing = context.lists.get(&(*list)?)?;
                (currency == context.currency).then_some((standing, *is_own_entry))
            })
            .collect();
        // What stands in a list goes before what the variant carries itself.
        let rank = |(standing, is_own_entry): (&Standing, bool)| (standing.rank, is_own_entry);
        let mut ranks: Vec<_> = standings.iter().flatten().map(|kind| rank(*kind)).collect();
        ranks.sort_unstable();
        ranks.dedup();
        Ok(standings
            .iter()
            .map(|kind| {
                let place = ranks.binary_search(&rank((*kind)?)).ok()?;
                let (standing, _) = (*kind)?;
                Some((u32::try_from(place).ok()?, standing.from, standing.until))
            })
            .collect())
    }
}

fn kinds_of(kinds: &StrColumn) -> tantivy::Result<Kinds> {
    let mut found = Vec::with_capacity(kinds.num_terms());
    let mut kind = String::new();
    for ord in 0..kinds.num_terms() as u64 {
        kinds.ord_to_str(ord, &mut kind)?;
        let (currency, rest) = kind.split_at_checked(3).unwrap_or_default();
        let (carrier, list) = rest.split_at_checked(1).unwrap_or_default();
        let list = Uuid::parse_str(list).ok().map(PriceListId::new);
        found.push((currency.to_owned(), carrier == "p", list));
    }
    Ok(found)
}

fn compute(
    reader: &SegmentReader,
    kinds: &StrColumn,
    firsts: &[u32],
    decisive: &Decisive,
    at: i64,
) -> tantivy::Result<(Column, (i64, i64))> {
    let fields = reader.fast_fields();
    let read = |name: &str| fields.column_opt::<i64>(name);
    let (counts, minor) = (read("offer.count")?, read("offer.minor")?);
    let (from, until) = (read("offer.from")?, read("offer.until")?);
    let (Some(counts), Some(minor)) = (counts, minor) else {
        return Ok((Column::empty(), (i64::MIN, i64::MAX)));
    };
    let variants = firsts.last().copied().unwrap_or_default();
    let mut amounts = Vec::with_capacity(variants as usize);
    let mut has_amount = vec![0u32; variants as usize];
    let mut holds = (i64::MIN, i64::MAX);
    let mut note = |instant: i64| {
        if instant <= at {
            holds.0 = holds.0.max(instant);
        } else {
            holds.1 = holds.1.min(instant);
        }
    };
    // The bounds of lists are few, those of offers many: the former are noted once.
    for instant in decisive
        .iter()
        .flatten()
        .flat_map(|(_, from, until)| [*from, *until])
        .collect::<HashSet<_>>()
    {
        note(instant);
    }
    for (doc, pair) in (0..reader.max_doc()).zip(firsts.windows(2)) {
        let mut offer = minor.index.value_row_ids(doc).start;
        let times = from.as_ref().zip(until.as_ref()).map(|(from, until)| {
            let range = from.index.value_row_ids(doc);
            (from, until, range)
        });
        let mut times = times.filter(|(_, _, range)| !range.is_empty());
        let first = pair.first().copied().unwrap_or_default();
        for (row, count) in (first..).zip(counts.values_for_doc(doc)) {
            let mut best: Option<((u32, i64), i64)> = None;
            for _ in 0..count {
                let kind = usize::try_from(kinds.ords().values.get_val(offer)).unwrap_or(usize::MAX);
                let (begins, ends) = match &mut times {
                    Some((from, until, range)) => range.next().map_or((i64::MIN, i64::MAX), |at| {
                        (from.values.get_val(at), until.values.get_val(at))
                    }),
                    None => (i64::MIN, i64::MAX),
                };
                if let Some((rank, list_begins, list_ends)) = decisive.get(kind).copied().flatten() {
                    note(begins);
                    note(ends);
                    let now = begins.max(list_begins)..ends.min(list_ends);
                    if now.contains(&at) && best.is_none_or(|(other, _)| (rank, begins) > other) {
                        best = Some(((rank, begins), minor.values.get_val(offer)));
                    }
                }
                offer += 1;
            }
            if let (Some((_, amount)), Some(slot)) = (best, has_amount.get_mut(row as usize)) {
                amounts.push(amount);
                *slot = 1;
            }
        }
    }
    Ok((Column::of_numbers(&amounts, &has_amount), holds))
}
