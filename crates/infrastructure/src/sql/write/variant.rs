//! Variants in a commit, and the rules between them and their product.

use std::collections::{HashMap, HashSet};

use application::store::{Changes, ConflictRule, StoreError};
use domain::ProductId;
use domain::product::{VariantContent, VariantState};
use domain::{Change, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Batches, Id, Identified, ids};
use super::{Writer, insert, lives};
use crate::rows::{Instant, RowError, VariantDoc, typed};
use crate::sql::Failure;
use crate::sql::dialect::{Dialect, IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("product_id", Kind::Uuid),
    ("key", Kind::Text),
    ("sku", Kind::Text),
    ("gtin", Kind::Text),
    ("axes", Kind::Text),
    ("options", Kind::Text),
    ("position", Kind::Int),
    ("version", Kind::Int),
    ("data", Kind::Json),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("deleted_at", Kind::Time),
];

#[derive(Debug, Serialize)]
struct VariantRow {
    id: Uuid,
    product_id: Uuid,
    key: Option<String>,
    sku: String,
    gtin: Option<String>,
    axes: String,
    options: String,
    position: u32,
    version: i64,
    previous: Option<i64>,
    was_deleted_at: Option<Instant>,
    data: VariantDoc,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
}

impl Identified for VariantRow {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    rows: Batches<VariantRow>,
    /// Variants that another one of this commit takes a name from, which has to be free for a moment.
    parted: Batch<Id>,
    /// Stored products that are written or whose variants or prices are.
    products: Batch<Id>,
    /// Products that must be alive and are not written by this commit.
    needed: HashSet<Uuid>,
    /// A product that this commit leaves deleted with a variant alive.
    homeless: Option<Uuid>,
    /// Variants whose option names must fit.
    fitted: Batch<Id>,
    /// Products that get more variants.
    growing: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Result<Self, RowError> {
        let mut plan = Self::default();
        let products: HashMap<ProductId, (bool, Option<Timestamp>)> = changes
            .products
            .iter()
            .map(|c| (c.after.id, (c.before.is_none(), c.after.record.deleted_at)))
            .collect();
        let is_new = |id: &ProductId| products.get(id).is_some_and(|(new, _)| *new);
        let mut additions: HashMap<ProductId, usize> = HashMap::new();
        let mut fitted = vec![];
        for change in &changes.variants {
            let product = change.after.product;
            plan.rows.push(change, row(change)?);
            let (was_live, is_live) = lives(change);
            if !is_live {
                continue;
            }
            if !was_live {
                *additions.entry(product).or_default() += 1;
            }
            match products.get(&product) {
                None => {
                    plan.needed.insert(product.uuid());
                }
                Some((_, Some(_))) => plan.homeless = Some(product.uuid()),
                Some((_, None)) => {}
            }
            let names = |v: &VariantState| v.content.options.keys().cloned().collect::<Vec<_>>();
            if !was_live
                || change
                    .before
                    .as_ref()
                    .is_some_and(|b| names(b) != names(&change.after))
            {
                fitted.push(change.after.id.uuid());
            }
        }
        let written = changes.products.iter().map(|c| c.after.id);
        let written: HashSet<_> = written
            .chain(changes.variants.iter().map(|c| c.after.product))
            .chain(changes.prices.iter().map(|c| c.after.product))
            .collect();
        let stored = ids(written.into_iter().filter(|id| !is_new(id)).map(ProductId::uuid));
        // A single product is locked by its own update.
        if stored.iter().count() > 1 || !(changes.variants.is_empty() && changes.prices.is_empty()) {
            plan.products = stored;
        }
        // A product that begins with few variants cannot have too many.
        let few =
            |(id, count): &(&ProductId, &usize)| is_new(id) && **count <= VariantContent::MAX_PER_PRODUCT;
        plan.growing = ids(additions
            .iter()
            .filter(|entry| !few(entry))
            .map(|(id, _)| id.uuid()));
        plan.fitted = ids(fitted);
        plan.parted = ids(parted(&changes.variants));
        Ok(plan)
    }

    /// Commits to one product's variants take turns. That keeps its revision growing (a position in the log is taken
    /// under the lock), the number of its variants exact, and a deletion from missing a variant that is being added.
    pub(super) async fn lock_products(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let gone = |id| Failure::Store(StoreError::VersionConflict { kind: "product", id });
        if let Some(id) = self.homeless {
            return Err(gone(id));
        }
        let text = format!(
            "with {} select cast(p.id as text), case when p.deleted_at is null then '1' else '0' end \
             from products p where p.id in (select id from r) order by p.id{}",
            tx.dialect.batch(IDS),
            tx.dialect.locking(" for no key update of p"),
        );
        let mut live = HashSet::new();
        for mut row in tx.fetch(&self.products, text).await? {
            let id = row.uuid()?;
            if row.text()? == "1" {
                live.insert(id);
            }
        }
        self.needed
            .iter()
            .find(|id| !live.contains(*id))
            .map_or(Ok(()), |id| Err(gone(*id)))
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        tx.update("variant", &self.rows.deletes, update(tx.dialect))
            .await?;
        // Unique indexes look at each row as it is written.
        let part = format!(
            "with {} update variants set key = null, sku = cast(id as text), gtin = null, options = cast(id as text) \
             where id in (select id from r) and deleted_at is null",
            tx.dialect.batch(IDS)
        );
        tx.execute(&self.parted, part).await?;
        tx.update("variant", &self.rows.updates, update(tx.dialect))
            .await?;
        tx.execute(&self.rows.inserts, insert(tx.dialect, "variants", COLUMNS))
            .await?;
        let fit = format!(
            "with {} select cast(v.id as text) from r join variants v on v.id = r.id \
             join products p on p.id = v.product_id where v.deleted_at is null and v.axes <> p.axes limit 1",
            tx.dialect.batch(IDS)
        );
        tx.forbid(ConflictRule::OptionAxes, &self.fitted, fit).await?;
        let count = format!(
            "with {} select cast(v.product_id as text) from variants v \
             where v.product_id in (select id from r) and v.deleted_at is null \
             group by v.product_id having count(*) > {} limit 1",
            tx.dialect.batch(IDS),
            VariantContent::MAX_PER_PRODUCT
        );
        tx.forbid(ConflictRule::VariantLimit, &self.growing, count).await
    }
}

/// Those of the changed variants whose former name another one is to have.
fn parted(changes: &[Change<VariantState>]) -> Vec<Uuid> {
    let stays = |change: &&Change<VariantState>| lives(change) == (true, true);
    let mut wanted: HashMap<Name, Uuid> = HashMap::new();
    for change in changes.iter().filter(stays) {
        let id = change.after.id.uuid();
        wanted.extend(names(&change.after).into_iter().map(|name| (name, id)));
    }
    let loses = |change: &&Change<VariantState>| {
        let before = change.before.as_ref().map(names).unwrap_or_default();
        let id = change.after.id.uuid();
        before
            .iter()
            .any(|name| wanted.get(name).is_some_and(|other| *other != id))
    };
    let losing = changes.iter().filter(stays).filter(loses);
    losing.map(|change| change.after.id.uuid()).collect()
}

/// A name that only one variant has: of which kind, and what it is.
type Name = (&'static str, String);

fn names(state: &VariantState) -> Vec<Name> {
    let VariantContent { key, sku, gtin, .. } = &state.content;
    let options: Vec<_> = state
        .content
        .options
        .iter()
        .map(|(axis, value)| (axis.as_str(), value.as_str()))
        .collect();
    let mut names = vec![
        ("sku", sku.to_string()),
        ("options", format!("{} {options:?}", state.product)),
    ];
    names.extend(key.iter().map(|key| ("key", key.to_string())));
    names.extend(gtin.iter().map(|gtin| ("gtin", gtin.as_str().to_owned())));
    names
}

fn row(change: &Change<VariantState>) -> Result<VariantRow, RowError> {
    let VariantState {
        id,
        product,
        record,
        content,
    } = &change.after;
    typed(&content.attributes)?;
    Ok(VariantRow {
        id: id.uuid(),
        product_id: product.uuid(),
        key: content.key.as_ref().map(ToString::to_string),
        sku: content.sku.to_string(),
        gtin: content.gtin.as_ref().map(|g| g.as_str().to_owned()),
        axes: super::product::axes(content.options.keys())?,
        options: options(content)?,
        position: content.position,
        version: record.version,
        previous: change.before.as_ref().map(|b| b.record.version),
        was_deleted_at: change
            .before
            .as_ref()
            .and_then(|b| b.record.deleted_at)
            .map(Instant),
        data: VariantDoc::from(&change.after),
        created_at: Instant(record.created_at),
        updated_at: Instant(record.updated_at),
        deleted_at: record.deleted_at.map(Instant),
    })
}

/// The options as a JSON object in the order of their names: equal options, equal text.
pub(crate) fn options(content: &VariantContent) -> Result<String, RowError> {
    let plain: std::collections::BTreeMap<&str, &str> = content
        .options
        .iter()
        .map(|(axis, value)| (axis.as_str(), value.as_str()))
        .collect();
    Ok(serde_json::to_string(&plain)?)
}

/// Deletion of the product leaves a variant's version as it is, so the instant of deletion is compared too.
fn update(dialect: Dialect) -> String {
    let columns = [
        COLUMNS,
        &[("previous", Kind::Int), ("was_deleted_at", Kind::Time)],
    ]
    .concat();
    format!(
        "with {} update variants set key = r.key, sku = r.sku, gtin = r.gtin, axes = r.axes, options = r.options, \
         position = r.position, version = r.version, data = r.data, updated_at = r.updated_at, \
         deleted_at = r.deleted_at, staged = not exists (select 1 from published_variants c \
            where c.variant_id = r.id and {published} = {working}) \
         from r where variants.id = r.id and variants.version = r.previous \
         and variants.deleted_at is not distinct from r.was_deleted_at returning cast(variants.id as text)",
        dialect.batch(&columns),
        published = dialect.content("c.data"),
        working = dialect.content("r.data"),
    )
}
