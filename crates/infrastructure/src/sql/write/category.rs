//! Categories in a commit, and the rules over the whole tree.

use std::collections::HashSet;

use application::store::ConflictRule;
use domain::category::{CategoryState, MAX_DEPTH};
use domain::{CategoryId, Change};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Batches, Id, Identified, ids};
use super::{Writer, insert, lives, statement};
use crate::rows::{CategoryDoc, Instant};
use crate::sql::Failure;
use crate::sql::dialect::{Dialect, IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[
    ("id", Kind::Uuid),
    ("key", Kind::Text),
    ("parent_id", Kind::Uuid),
    ("position", Kind::Int),
    ("version", Kind::Int),
    ("data", Kind::Json),
    ("created_at", Kind::Time),
    ("updated_at", Kind::Time),
    ("deleted_at", Kind::Time),
];
const SLUG_COLUMNS: &[(&str, Kind)] = &[
    ("category_id", Kind::Uuid),
    ("locale", Kind::Text),
    ("slug", Kind::Text),
    ("live", Kind::Bool),
];

#[derive(Debug, Serialize)]
struct CategoryRow {
    id: Uuid,
    key: Option<String>,
    parent_id: Option<Uuid>,
    position: u32,
    version: i64,
    previous: Option<i64>,
    data: CategoryDoc,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
}

impl Identified for CategoryRow {
    fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Debug, Serialize)]
struct SlugRow {
    category_id: Uuid,
    locale: String,
    slug: String,
    live: bool,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    rows: Batches<CategoryRow>,
    slugs_to_clear: Batch<Id>,
    slugs: Batch<SlugRow>,
    /// Categories whose place in the tree is new, and the parents that must be there for them.
    placed: Batch<Id>,
    parents: Batch<Id>,
    deleted: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &[Change<CategoryState>]) -> Self {
        let mut plan = Self::default();
        let (mut cleared, mut placed, mut parents, mut deleted) = (vec![], vec![], vec![], vec![]);
        let live_here: HashSet<CategoryId> = changes
            .iter()
            .filter(|c| lives(c).1)
            .map(|c| c.after.id)
            .collect();
        for change in changes {
            let CategoryState { id, record, content } = &change.after;
            let (was_live, is_live) = lives(change);
            let before = change.before.as_ref();
            plan.rows.push(
                change,
                CategoryRow {
                    id: id.uuid(),
                    key: content.key.as_ref().map(ToString::to_string),
                    parent_id: content.parent.map(CategoryId::uuid),
                    position: content.position,
                    version: record.version,
                    previous: before.map(|b| b.record.version),
                    data: CategoryDoc::from(&change.after),
                    created_at: Instant(record.created_at),
                    updated_at: Instant(record.updated_at),
                    deleted_at: record.deleted_at.map(Instant),
                },
            );
            if was_live != is_live || before.is_none_or(|b| b.content.slug != content.slug) {
                cleared.extend(before.map(|b| b.id.uuid()));
                plan.slugs
                    .extend(content.slug.iter().map(|(locale, slug)| SlugRow {
                        category_id: id.uuid(),
                        locale: locale.as_str().to_owned(),
                        slug: slug.as_str().to_owned(),
                        live: is_live,
                    }));
            }
            let moved = !was_live || before.is_some_and(|b| b.content.parent != content.parent);
            if is_live
                && moved
                && let Some(parent) = content.parent
            {
                placed.push(id.uuid());
                parents.extend((!live_here.contains(&parent)).then_some(parent.uuid()));
            }
            deleted.extend((was_live && !is_live).then_some(id.uuid()));
        }
        plan.slugs.sort_by_key(|s| (s.locale.clone(), s.slug.clone()));
        plan.slugs_to_clear = ids(cleared);
        plan.placed = ids(placed);
        plan.parents = ids(parents);
        plan.deleted = ids(deleted);
        plan
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        if tx.dialect == Dialect::Postgres {
            self.lock(tx).await?;
        }
        tx.require("categories", &self.parents).await?;
        tx.update("category", &self.rows.deletes, update(tx)).await?;
        tx.update("category", &self.rows.updates, update(tx)).await?;
        tx.execute(&self.rows.inserts, insert(tx.dialect, "categories", COLUMNS))
            .await?;
        let clear = format!(
            "with {} delete from category_slugs where category_id in (select id from r)",
            tx.dialect.batch(IDS)
        );
        tx.execute(&self.slugs_to_clear, clear).await?;
        tx.execute(&self.slugs, insert(tx.dialect, "category_slugs", SLUG_COLUMNS))
            .await?;
        self.check_tree(tx).await
    }

    async fn lock(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        if !(self.placed.is_empty() && self.deleted.is_empty()) {
            // Two moves that are harmless alone may make a cycle together. The number is any that nobody else uses.
            tx.tx
                .fetch(statement("select cast(pg_advisory_xact_lock(7021553) as text)"))
                .await?;
        }
        // Stronger than the lock of an update, so that it excludes those who hold a reference by `for key share`.
        let text = format!(
            "with {} select cast(c.id as text) from categories c where c.id in (select id from r) \
             order by c.id for update of c",
            tx.dialect.batch(IDS)
        );
        tx.fetch(&self.deleted, text).await?;
        Ok(())
    }

    /// A cycle passes through a category that was placed anew, and so does every path that became too long.
    async fn check_tree(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let limit = MAX_DEPTH + 1;
        let text = format!(
            "with recursive {batch}, \
             up(start, parent, level) as ( \
                select c.id, c.parent_id, 1 from categories c join r on r.id = c.id \
                union all \
                select up.start, c.parent_id, up.level + 1 from up join categories c on c.id = up.parent \
                where up.level < {limit} and c.id <> up.start), \
             down(start, id, level) as ( \
                select r.id, r.id, 0 from r \
                union all \
                select down.start, c.id, down.level + 1 from down join categories c on c.parent_id = down.id \
                where c.deleted_at is null and down.level < {limit}) \
             select cast(above.start as text), cast(above.cycles as text) from \
                (select start, max(level) as height, max(case when parent = start then 1 else 0 end) as cycles \
                 from up group by start) above \
                join (select start, max(level) as height from down group by start) below \
                on below.start = above.start \
             where above.cycles = 1 or above.height + below.height > {MAX_DEPTH} \
             order by above.cycles desc limit 1",
            batch = tx.dialect.batch(IDS),
        );
        let Some(mut row) = tx.fetch(&self.placed, text).await?.into_iter().next() else {
            return Ok(());
        };
        let subject = row.uuid()?;
        let rule = if row.text()? == "1" {
            ConflictRule::CategoryCycle
        } else {
            ConflictRule::CategoryDepth
        };
        Err(super::broken(rule, Some(subject)))
    }

    pub(super) async fn check_unreferenced(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(r.id as text) from r where \
             exists (select 1 from categories c where c.parent_id = r.id and c.deleted_at is null) \
             or exists (select 1 from product_categories pc join products p on p.id = pc.product_id \
                where pc.category_id = r.id and p.deleted_at is null) limit 1",
            tx.dialect.batch(IDS)
        );
        tx.forbid(ConflictRule::Referenced, &self.deleted, text).await
    }
}

fn update(tx: &Writer<'_>) -> String {
    let columns = [COLUMNS, &[("previous", Kind::Int)]].concat();
    format!(
        "with {} update categories set key = r.key, parent_id = r.parent_id, position = r.position, \
         version = r.version, data = r.data, updated_at = r.updated_at, deleted_at = r.deleted_at \
         from r where categories.id = r.id and categories.version = r.previous returning cast(categories.id as text)",
        tx.dialect.batch(&columns)
    )
}
