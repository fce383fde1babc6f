//! Products in a commit: their rows, the tables that lists are filtered by, and what deletion does to variants.

use std::collections::{BTreeSet, HashSet};

use application::store::{Changes, ConflictRule, StoreError};
use domain::product::{Axis, ProductState};
use domain::{CategoryId, Change};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Batches, Id, Identified, ids};
use super::{Writer, insert, lives};
use crate::rows::{Instant, ProductDoc, RowError, typed};
use crate::sql::Failure;
use crate::sql::dialect::{Dialect, IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("key", Kind::Text),
    ("status", Kind::Text),
    ("version", Kind::Int),
    ("brand", Kind::Text),
    ("axes", Kind::Text),
    ("product_type_id", Kind::Uuid),
    ("data", Kind::Json),
    ("published_at", Kind::Time),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("deleted_at", Kind::Time),
];
const SLUG_COLUMNS: &[(&str, Kind)] = &[
    ("product_id", Kind::Uuid),
    ("locale", Kind::Text),
    ("slug", Kind::Text),
    ("live", Kind::Bool),
];
const TAG_COLUMNS: &[(&str, Kind)] = &[("tag", Kind::Text), ("product_id", Kind::Uuid)];
const CATEGORY_COLUMNS: &[(&str, Kind)] = &[("category_id", Kind::Uuid), ("product_id", Kind::Uuid)];
const CHANNEL_COLUMNS: &[(&str, Kind)] = &[
    ("product_id", Kind::Uuid),
    ("channel_id", Kind::Uuid),
    ("publish_at", Kind::Time),
    ("unpublish_at", Kind::Time),
];
const CASCADE_COLUMNS: &[(&str, Kind)] = &[("id", Kind::Uuid), ("at", Kind::Time)];

#[derive(Debug, Serialize)]
struct ProductRow {
    id: Uuid,
    key: Option<String>,
    status: &'static str,
    version: i64,
    previous: Option<i64>,
    brand: Option<String>,
    axes: String,
    product_type_id: Uuid,
    data: ProductDoc,
    published_at: Option<Instant>,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
}

impl Identified for ProductRow {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug, Serialize)]
struct SlugRow {
    product_id: Uuid,
    locale: String,
    slug: String,
    live: bool,
}

#[derive(Debug, Serialize)]
struct TagRow {
    tag: String,
    product_id: Uuid,
}

#[derive(Debug, Serialize)]
struct CategoryRefRow {
    category_id: Uuid,
    product_id: Uuid,
}

#[derive(Debug, Serialize)]
struct ListingRow {
    product_id: Uuid,
    channel_id: Uuid,
    publish_at: Option<Instant>,
    unpublish_at: Option<Instant>,
}

/// A product with the instant at which it is deleted, or was.
#[derive(Debug, Serialize)]
struct CascadeRow {
    id: Uuid,
    at: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    rows: Batches<ProductRow>,
    slugs_to_clear: Batch<Id>,
    slugs: Batch<SlugRow>,
    tags_to_clear: Batch<Id>,
    tags: Batch<TagRow>,
    categories_to_clear: Batch<Id>,
    categories: Batch<CategoryRefRow>,
    channels_to_clear: Batch<Id>,
    channels: Batch<ListingRow>,
    /// Categories that must be there at the commit.
    referred: Batch<Id>,
    /// Channels that must be there at the commit.
    listed_in: Batch<Id>,
    /// Products that must be there when they are first referred to.
    related: Batch<Id>,
    deleted: Batch<CascadeRow>,
    restored: Batch<CascadeRow>,
    /// Products that are stored already and get other axes.
    other_axes: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Result<Self, RowError> {
        let mut plan = Self::default();
        for change in &changes.products {
            plan.rows.push(change, row(change)?);
            plan.cascades(change);
        }
        plan.side_tables(&changes.products);
        let stored = || changes.products.iter().filter(|c| c.before.is_some());
        plan.other_axes = ids(stored().filter(|c| axes_differ(c)).map(|c| c.after.id.uuid()));
        let live_here: HashSet<CategoryId> = changes
            .categories
            .iter()
            .filter(|c| lives(c).1)
            .map(|c| c.after.id)
            .collect();
        let referring = changes
            .products
            .iter()
            .filter(|c| lives(c).1 && (!lives(c).0 || categories_differ(c)));
        let referred = referring.flat_map(|c| &c.after.content.categories);
        plan.referred = ids(referred.filter(|id| !live_here.contains(id)).map(|id| id.uuid()));
        plan.references(&changes.products);
        Ok(plan)
    }

    fn references(&mut self, changes: &[Change<ProductState>]) {
        let (mut listed_in, mut related) = (vec![], vec![]);
        for change in changes.iter().filter(|c| lives(c).1) {
            let before = change
                .before
                .as_ref()
                .filter(|_| lives(change).0)
                .map(|b| &b.content);
            let after = &change.after.content;
            if before.is_none_or(|b| b.channels != after.channels) {
                listed_in.extend(after.channels.iter().map(|listing| listing.channel.uuid()));
            }
            // One that was deleted since it was referred to stays as it is, and is not shown.
            let known: HashSet<_> = change.before.iter().flat_map(|b| &b.content.relations).collect();
            let new = after
                .relations
                .iter()
                .filter(|relation| !known.contains(relation));
            related.extend(new.map(|relation| relation.product.uuid()));
        }
        self.listed_in = ids(listed_in);
        self.related = ids(related);
    }

    fn cascades(&mut self, change: &Change<ProductState>) {
        let id = change.after.id.uuid();
        let before = change.before.as_ref().and_then(|b| b.record.deleted_at);
        match (change.before.is_some(), before, change.after.record.deleted_at) {
            (true, None, Some(at)) => self.deleted.push(CascadeRow { id, at: Instant(at) }),
            (true, Some(at), None) => self.restored.push(CascadeRow { id, at: Instant(at) }),
            _ => {}
        }
    }

    fn side_tables(&mut self, changes: &[Change<ProductState>]) {
        let (mut slugs, mut tags, mut categories, mut channels) = (vec![], vec![], vec![], vec![]);
        for change in changes {
            let before = change.before.as_ref().map(|b| &b.content);
            let (after, id) = (&change.after.content, change.after.id.uuid());
            let stored = before.map(|_| id);
            let (was_live, live) = lives(change);
            if was_live != live || before.is_none_or(|b| b.slug != after.slug) {
                slugs.extend(stored);
                self.slugs.extend(after.slug.iter().map(|(locale, slug)| SlugRow {
                    product_id: id,
                    locale: locale.as_str().to_owned(),
                    slug: slug.as_str().to_owned(),
                    live,
                }));
            }
            if before.is_none_or(|b| b.tags != after.tags) {
                tags.extend(stored);
                let distinct: BTreeSet<_> = after.tags.iter().collect();
                self.tags.extend(distinct.into_iter().map(|tag| TagRow {
                    tag: tag.to_string(),
                    product_id: id,
                }));
            }
            if categories_differ(change) {
                categories.extend(stored);
                let distinct: BTreeSet<_> = after.categories.iter().collect();
                self.categories
                    .extend(distinct.into_iter().map(|category| CategoryRefRow {
                        category_id: category.uuid(),
                        product_id: id,
                    }));
            }
        }
        for change in changes {
            let (after, id) = (&change.after.content.channels, change.after.id.uuid());
            if change
                .before
                .as_ref()
                .is_some_and(|b| b.content.channels == *after)
            {
                continue;
            }
            channels.extend(change.before.as_ref().map(|_| id));
            self.channels.extend(after.iter().map(|listing| ListingRow {
                product_id: id,
                channel_id: listing.channel.uuid(),
                publish_at: listing.window.publish_at().map(Instant),
                unpublish_at: listing.window.unpublish_at().map(Instant),
            }));
        }
        self.channels_to_clear = ids(channels);
        // Writers that want the same slugs meet in one order.
        self.slugs.sort_by_key(|s| (s.locale.clone(), s.slug.clone()));
        self.slugs_to_clear = ids(slugs);
        self.tags_to_clear = ids(tags);
        self.categories_to_clear = ids(categories);
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let dialect = tx.dialect;
        tx.update("product", &self.rows.deletes, update(dialect)).await?;
        tx.update("product", &self.rows.updates, update(dialect)).await?;
        tx.execute(&self.rows.inserts, insert(dialect, "products", COLUMNS))
            .await?;
        tx.execute(&self.slugs_to_clear, clear(dialect, "product_slugs"))
            .await?;
        tx.execute(&self.slugs, insert(dialect, "product_slugs", SLUG_COLUMNS))
            .await?;
        tx.execute(&self.tags_to_clear, clear(dialect, "product_tags"))
            .await?;
        tx.execute(&self.tags, insert(dialect, "product_tags", TAG_COLUMNS))
            .await?;
        tx.require("categories", &self.referred).await?;
        tx.execute(&self.categories_to_clear, clear(dialect, "product_categories"))
            .await?;
        tx.execute(
            &self.categories,
            insert(dialect, "product_categories", CATEGORY_COLUMNS),
        )
        .await?;
        tx.require("channels", &self.listed_in).await?;
        tx.execute(&self.channels_to_clear, clear(dialect, "product_channels"))
            .await?;
        tx.execute(
            &self.channels,
            insert(dialect, "product_channels", CHANNEL_COLUMNS),
        )
        .await?;
        self.require_related(tx).await
    }

    /// Without a lock: a product that is deleted at the same time might as well be deleted a moment later.
    async fn require_related(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(p.id as text) from products p where p.id in (select id from r) \
             and p.deleted_at is null",
            tx.dialect.batch(IDS)
        );
        let found = tx.fetch(&self.related, text).await?.len();
        if found == self.related.iter().count() {
            Ok(())
        } else {
            Err(StoreError::ReferenceGone.into())
        }
    }

    /// Variants go with their product and come back with it. Their versions stay: what they say is the same, and the
    /// log has it under the product's event.
    pub(super) async fn cascade(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let (batch, set) = (tx.dialect.batch(CASCADE_COLUMNS), |value| match tx.dialect {
            Dialect::Postgres => format!("jsonb_set(variants.data, '{{deletedAt}}', {value})"),
            Dialect::Sqlite => format!("json_set(variants.data, '$.deletedAt', {value})"),
        });
        let (deleted, alive) = match tx.dialect {
            Dialect::Postgres => (
                set("to_jsonb(to_char(r.at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))"),
                set("'null'"),
            ),
            Dialect::Sqlite => (set("r.at"), set("null")),
        };
        let delete = format!(
            "with {batch} update variants set deleted_at = r.at, data = {deleted} \
             from r where variants.product_id = r.id and variants.deleted_at is null"
        );
        let restore = format!(
            "with {batch} update variants set deleted_at = null, data = {alive} \
             from r where variants.product_id = r.id and variants.deleted_at = r.at"
        );
        tx.execute(&self.deleted, delete).await?;
        tx.execute(&self.restored, restore).await
    }

    /// The schema holds this too; asking first tells which product it is.
    pub(super) async fn check_axes(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(p.id as text) from r join products p on p.id = r.id \
             join variants v on v.product_id = p.id and v.deleted_at is null and v.axes <> p.axes limit 1",
            tx.dialect.batch(IDS)
        );
        tx.forbid(ConflictRule::OptionAxes, &self.other_axes, text).await
    }
}

fn row(change: &Change<ProductState>) -> Result<ProductRow, RowError> {
    let ProductState {
        id,
        record,
        status,
        published_at,
        content,
        staged: _,
    } = &change.after;
    typed(&content.attributes)?;
    Ok(ProductRow {
        id: id.uuid(),
        key: content.key.as_ref().map(ToString::to_string),
        status: status.as_str(),
        version: record.version,
        previous: change.before.as_ref().map(|b| b.record.version),
        brand: content.brand.as_ref().map(ToString::to_string),
        axes: axes(&content.option_axes)?,
        product_type_id: content.product_type.uuid(),
        data: ProductDoc::from(&change.after),
        published_at: published_at.map(Instant),
        created_at: Instant(record.created_at),
        updated_at: Instant(record.updated_at),
        deleted_at: record.deleted_at.map(Instant),
    })
}

/// Names of axes in a form that is the same whatever their order.
pub(super) fn axes<'a>(axes: impl IntoIterator<Item = &'a Axis>) -> Result<String, RowError> {
    let sorted: BTreeSet<&str> = axes.into_iter().map(Axis::as_str).collect();
    Ok(serde_json::to_string(&sorted)?)
}

fn axes_differ(change: &Change<ProductState>) -> bool {
    let set = |state: &ProductState| {
        state
            .content
            .option_axes
            .iter()
            .cloned()
            .collect::<BTreeSet<Axis>>()
    };
    change
        .before
        .as_ref()
        .is_some_and(|b| set(b) != set(&change.after))
}

fn categories_differ(change: &Change<ProductState>) -> bool {
    let after = &change.after.content.categories;
    change
        .before
        .as_ref()
        .is_none_or(|b| b.content.categories != *after)
}

fn clear(dialect: Dialect, table: &str) -> String {
    format!(
        "with {} delete from {table} where product_id in (select id from r)",
        dialect.batch(IDS)
    )
}

fn update(dialect: Dialect) -> String {
    let columns = [COLUMNS, &[("previous", Kind::Int)]].concat();
    let staged = format!(
        "not exists (select 1 from published_products c where c.id = r.id and {} = {})",
        dialect.content("c.data"),
        dialect.content("r.data"),
    );
    format!(
        "with {} update products set key = r.key, status = r.status, version = r.version, brand = r.brand, \
         axes = r.axes, product_type_id = r.product_type_id, data = r.data, published_at = r.published_at, \
         updated_at = r.updated_at, deleted_at = r.deleted_at, staged = {staged}, \
         pending = r.status <> 'published' or {staged} or exists (select 1 from variants v \
            where v.product_id = r.id and v.staged and v.deleted_at is null) \
         from r where products.id = r.id and products.version = r.previous returning cast(products.id as text)",
        dialect.batch(&columns),
    )
}
