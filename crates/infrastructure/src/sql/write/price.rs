//! Prices in a commit, and the rule that no two of them say different things of the same instant.

use application::store::{Changes, ConflictRule, StoreError};
use domain::channel::ChannelContent;
use domain::pricing::{PriceContent, PriceListContent, PriceState, base_list};
use domain::{Change, Recorded};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Id, Identified, ids};
use super::{Writer, broken, lives, resource};
use crate::rows::{Instant, PriceDoc};
use crate::sql::Failure;
use crate::sql::dialect::{Dialect, IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("list_id", Kind::Uuid),
    ("variant_id", Kind::Uuid),
    ("currency", Kind::Text),
    ("min_quantity", Kind::Int),
    ("valid_from", Kind::Time),
    ("valid_until", Kind::Time),
    ("version", Kind::Int),
    ("data", Kind::Json),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("deleted_at", Kind::Time),
];

#[derive(Debug, Serialize)]
struct PriceRow {
    id: Uuid,
    list_id: Uuid,
    variant_id: Uuid,
    currency: &'static str,
    min_quantity: u32,
    valid_from: Option<Instant>,
    valid_until: Option<Instant>,
    version: i64,
    data: PriceDoc,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
}

impl Identified for PriceRow {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug)]
pub(super) struct Plan {
    rows: Batch<PriceRow>,
    written: Batch<Id>,
    /// Lists and variants that must be there for prices that are, lists for channels, and channels for lists.
    lists: Batch<Id>,
    variants: Batch<Id>,
    channels: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let prices = &changes.prices;
        let new_here = |list: &Uuid| {
            let created = changes.price_lists.iter().filter(|c| c.before.is_none());
            created.map(|c| c.after.id.uuid()).any(|id| id == *list)
        };
        let lists = changes.price_lists.iter().filter(|change| lives(change).1);
        let demanded = lists.flat_map(|list| &list.after.content.conditions.channels);
        let channels = changes.channels.iter().filter(|change| lives(change).1);
        let counting = channels.flat_map(|channel| &channel.after.content.price_lists);
        let live = || prices.iter().filter(|change| lives(change).1).map(|c| &c.after);
        Self {
            rows: prices.iter().map(row).collect(),
            written: ids(prices.iter().map(|c| c.after.id.uuid())),
            lists: ids(live()
                .map(|p| p.list.uuid())
                .filter(|list| !new_here(list))
                .chain(counting.map(|list| list.uuid()))),
            channels: ids(demanded.map(|channel| channel.uuid())),
            variants: ids(live().map(|p| p.variant.uuid())),
        }
    }

    /// Under the locks on the products, under which alone their variants come and go.
    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        tx.require("channels", &self.channels).await?;
        tx.require("price_lists", &self.lists).await?;
        let there = format!(
            "with {} select cast(v.id as text) from r join variants v on v.id = r.id where v.deleted_at is null",
            tx.dialect.batch(IDS)
        );
        if tx.fetch(&self.variants, there).await?.len() != self.variants.iter().count() {
            return Err(StoreError::ReferenceGone.into());
        }
        tx.update("price", &self.rows, upsert(tx.dialect)).await?;
        self.check_overlap(tx).await
    }

    /// PostgreSQL has an exclusion constraint for it; SQLite has one writer, which looks.
    async fn check_overlap(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        if tx.dialect == Dialect::Postgres {
            return Ok(());
        }
        let text = format!(
            "with {} select 1 from r join prices p on p.id = r.id join prices q on {} \
             where p.deleted_at is null limit 1",
            tx.dialect.batch(IDS),
            rivals("p", "q")
        );
        if tx.fetch(&self.written, text).await?.is_empty() {
            Ok(())
        } else {
            Err(Failure::Rule(ConflictRule::PriceOverlap))
        }
    }
}

/// Whether a stored price `q` excludes `p`.
fn rivals(p: &str, q: &str) -> String {
    format!(
        "{q}.variant_id = {p}.variant_id and {q}.currency = {p}.currency and {q}.list_id = {p}.list_id \
         and {q}.min_quantity = {p}.min_quantity and {q}.id <> {p}.id and {q}.deleted_at is null \
         and ({p}.valid_from is null or {q}.valid_until is null or {p}.valid_from < {q}.valid_until) \
         and ({q}.valid_from is null or {p}.valid_until is null or {q}.valid_from < {p}.valid_until)"
    )
}

/// The written prices as a batch, and a statement that finds, for one of them, the stored price that stands in its
/// way.
pub(crate) fn rival(dialect: Dialect, prices: &[Change<PriceState>]) -> (String, String) {
    let rows = prices.iter().filter(|change| lives(change).1).map(row);
    let text = format!(
        "with {} select cast(r.id as text), cast(q.id as text) from r join prices q on {} \
         where q.id not in (select id from r) limit 1",
        dialect.batch(COLUMNS),
        rivals("r", "q")
    );
    let rows: Vec<_> = rows.collect();
    (serde_json::to_string(&rows).unwrap_or_default(), text)
}

fn row(change: &Change<PriceState>) -> PriceRow {
    let PriceState {
        id,
        list,
        variant,
        product: _,
        record,
        content,
    } = &change.after;
    let PriceContent {
        price,
        min_quantity,
        validity,
    } = content;
    PriceRow {
        id: id.uuid(),
        list_id: list.uuid(),
        variant_id: variant.uuid(),
        currency: price.amount().currency().code(),
        min_quantity: min_quantity.get(),
        valid_from: validity.from().map(Instant),
        valid_until: validity.until().map(Instant),
        version: record.version,
        data: PriceDoc::from(&change.after),
        created_at: Instant(record.created_at),
        updated_at: Instant(record.updated_at),
        deleted_at: change.after.record().deleted_at.map(Instant),
    }
}

/// New and changed ones at once, so that the intervals of many may change places. A version is always one more than the
/// one before; what is not at that one stays and is missing from the answer.
fn upsert(dialect: Dialect) -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    format!(
        "with {} insert into prices ({names}) select {names} from r where true \
         on conflict (id) do update set currency = excluded.currency, min_quantity = excluded.min_quantity, \
         valid_from = excluded.valid_from, valid_until = excluded.valid_until, version = excluded.version, \
         data = excluded.data, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at \
         where prices.version = excluded.version - 1 returning cast(id as text)",
        dialect.batch(COLUMNS)
    )
}

/// A list that still has prices, or counts in a channel, is not deleted, nor ever the one that variants' own prices
/// stand in.
pub(super) async fn check_lists(
    lists: &resource::Plan<PriceListContent>,
    tx: &mut Writer<'_>,
) -> Result<(), Failure> {
    let base = base_list().uuid();
    if lists.deleted.iter().any(|list| list.id == base) {
        return Err(broken(ConflictRule::PriceListInUse, Some(base)));
    }
    let text = format!(
        "with {} select cast(r.id as text) from r where exists \
         (select 1 from prices t where t.list_id = r.id and t.deleted_at is null) \
         or exists (select 1 from channels t where t.deleted_at is null and {}) limit 1",
        tx.dialect.batch(IDS),
        tx.dialect.lists("t.data", "priceLists", "r.id")
    );
    tx.forbid(ConflictRule::PriceListInUse, &lists.deleted, text)
        .await
}

/// A channel that a list is made for is not deleted.
pub(super) async fn check_channels(
    channels: &resource::Plan<ChannelContent>,
    tx: &mut Writer<'_>,
) -> Result<(), Failure> {
    let text = format!(
        "with {} select cast(r.id as text) from r where exists \
         (select 1 from price_lists t where t.deleted_at is null and {}) limit 1",
        tx.dialect.batch(IDS),
        tx.dialect.lists("t.data", "channels", "r.id")
    );
    tx.forbid(ConflictRule::ChannelInUse, &channels.deleted, text)
        .await
}
