//! Reading categories.

use std::collections::HashMap;

use application::category::{
    Audience, CategoryFilter, CategoryReader, CategoryRef, CategoryView, TreeNode, TreeRequest,
};
use application::page::{Page, PageRequest};
use application::store::StoreError;
use async_trait::async_trait;
use domain::CategoryId;
use domain::category::CategoryState;
use domain::value::Key;

use super::dialect::{IDS, KEYS};
use super::find::{Name, Tables, find};
use super::product::key_batch;
use super::query::states;
use super::storefront::visible;
use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::{CategoryDoc, RowError};

/// More levels than a sound tree has, so that a damaged one does not make a statement run forever.
const DEEPEST: u32 = 32;

const TABLES: Tables = Tables {
    own: "categories",
    slugs: Some(("category_slugs", "category_id")),
};

fn name(category: &CategoryRef) -> Name<'_> {
    match category {
        CategoryRef::Id(id) => Name::Id(id.uuid()),
        CategoryRef::Key(key) => Name::Column("key", key.as_str()),
        CategoryRef::Slug(locale, slug) => Name::Slug(locale, slug),
    }
}

impl<D: Database> SqlCatalog<D> {
    /// The ids from the root down to the parent of each category; a root has none.
    async fn paths(&self, ids: &[CategoryId]) -> Result<HashMap<CategoryId, Vec<CategoryId>>, Failure> {
        let mut paths: HashMap<CategoryId, Vec<CategoryId>> = HashMap::new();
        if ids.is_empty() {
            return Ok(paths);
        }
        // The bound keeps a damaged tree from making this run forever; a sound one is not that deep.
        let text = format!(
            "with recursive {}, up(start, id, level) as ( \
                select c.id, c.parent_id, 1 from categories c join r on r.id = c.id where c.parent_id is not null \
                union all \
                select up.start, c.parent_id, up.level + 1 from up join categories c on c.id = up.id \
                where c.parent_id is not null and up.level < 32) \
             select cast(start as text), cast(id as text) from up order by start, level desc",
            D::DIALECT.batch(IDS)
        );
        for mut row in self.database.fetch(Query::new(text).with(id_batch(ids))).await? {
            let (start, id) = (CategoryId::new(row.uuid()?), CategoryId::new(row.uuid()?));
            paths.entry(start).or_default().push(id);
        }
        Ok(paths)
    }

    async fn counts(
        &self,
        categories: &[CategoryId],
        audience: Audience,
    ) -> Result<HashMap<CategoryId, u64>, Failure> {
        if categories.is_empty() {
            return Ok(HashMap::new());
        }
        // Distinct first and counted then: PostgreSQL sorts for a distinct count, and hashes for this.
        let (filed, products) = match audience {
            Audience::Management => ("product_categories", "products"),
            Audience::Store(_) => ("published_product_categories", "published_products"),
        };
        let mut query = Query::new(format!(
            "with recursive {}, down(top, id) as ( \
                select r.id, r.id from r \
                union \
                select down.top, c.id from down join categories c on c.parent_id = down.id \
                where c.deleted_at is null) \
             select cast(top as text), cast(count(*) as text) from ( \
                select distinct down.top, pc.product_id from down \
                join {filed} pc on pc.category_id = down.id \
                join {products} t on t.id = pc.product_id where ",
            D::DIALECT.batch(IDS),
        ))
        .with(id_batch(categories));
        match audience {
            Audience::Management => {
                query.push("t.deleted_at is null");
            }
            Audience::Store(visit) => visible(&mut query, &visit),
        }
        query.push(") filed group by top");
        let rows = self.database.fetch(query).await?;
        let counts: Result<_, RowError> = rows
            .into_iter()
            .map(|mut row| Ok((CategoryId::new(row.uuid()?), row.parse()?)))
            .collect();
        Ok(counts?)
    }

    async fn views(&self, categories: Vec<CategoryState>) -> Result<Vec<CategoryView>, Failure> {
        let ids: Vec<_> = categories.iter().map(|c| c.id).collect();
        let nested: Vec<_> = categories
            .iter()
            .filter(|c| c.content.parent.is_some())
            .map(|c| c.id)
            .collect();
        let mut paths = self.paths(&nested).await?;
        let counts = self.counts(&ids, Audience::Management).await?;
        let view = |category: CategoryState| CategoryView {
            path: paths.remove(&category.id).unwrap_or_default(),
            product_count: counts.get(&category.id).copied().unwrap_or_default(),
            category,
        };
        Ok(categories.into_iter().map(view).collect())
    }
}

#[async_trait]
impl<D: Database> CategoryReader for SqlCatalog<D> {
    async fn find(
        &self,
        category: &CategoryRef,
        with_deleted: bool,
    ) -> Result<Option<CategoryView>, StoreError> {
        let found = self
            .one::<CategoryDoc, _>(find(&TABLES, "t.data", name(category), with_deleted))
            .await?;
        Ok(self.views(found.into_iter().collect()).await?.pop())
    }

    async fn locate(&self, category: &CategoryRef) -> Result<Option<Vec<CategoryId>>, StoreError> {
        let rows = self
            .database
            .fetch(find(&TABLES, "t.id", name(category), false))
            .await?;
        let id = rows.into_iter().next().map(|mut row| row.uuid()).transpose();
        let Some(id) = id.map_err(Failure::from)?.map(CategoryId::new) else {
            return Ok(None);
        };
        let mut path = self.paths(&[id]).await?.remove(&id).unwrap_or_default();
        path.push(id);
        Ok(Some(path))
    }

    async fn list(
        &self,
        filter: &CategoryFilter,
        page: &PageRequest,
    ) -> Result<Page<CategoryView>, StoreError> {
        let CategoryFilter { parent, deleted } = filter;
        let mut conditions = Query::new("from categories t where t.deleted_at is ");
        conditions.push(if *deleted { "not null" } else { "null" });
        if let Some(parent) = parent {
            conditions.push(" and t.parent_id = ").bind(parent.uuid());
        }
        let place = |c: &CategoryState| (c.id.uuid(), c.record.updated_at, c.content.position);
        let Page { items, next, total } = self
            .ranked_page::<CategoryDoc, _>(conditions, page, place)
            .await?;
        let items = self.views(items).await?;
        Ok(Page { items, next, total })
    }

    async fn tree(&self) -> Result<Vec<CategoryState>, StoreError> {
        let query = Query::new(
            "with recursive tree(id, level) as ( \
                select c.id, 1 from categories c where c.parent_id is null and c.deleted_at is null \
                union all \
                select c.id, tree.level + 1 from tree join categories c on c.parent_id = tree.id \
                where c.deleted_at is null) \
             select cast(c.data as text) from tree join categories c on c.id = tree.id \
             order by tree.level, c.position, c.id",
        );
        Ok(states::<CategoryDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn subtree(&self, request: &TreeRequest) -> Result<Vec<TreeNode>, StoreError> {
        let TreeRequest { root, depth, limit } = request;
        let mut query =
            Query::new("with recursive tree(id, level) as (select c.id, 1 from categories c where c.");
        match root {
            Some(root) => query.push("id = ").bind(root.uuid()),
            None => query.push("parent_id is null"),
        };
        query.push(
            " and c.deleted_at is null union all \
             select c.id, tree.level + 1 from tree join categories c on c.parent_id = tree.id \
             where c.deleted_at is null and tree.level < ",
        );
        query.bind(i64::from(depth.unwrap_or(DEEPEST))).push(
            ") select cast(c.data as text), cast(tree.level as text), case when exists ( \
                select 1 from categories k where k.parent_id = c.id and k.deleted_at is null) then '1' else '0' end \
             from tree join categories c on c.id = tree.id order by tree.level, c.position, c.id limit ",
        );
        query.bind(i64::from(*limit));
        let rows = self.database.fetch(query).await?;
        let node = |mut row: super::Row| {
            Ok(TreeNode {
                category: row.json::<CategoryDoc>()?.try_into()?,
                level: row.parse()?,
                has_children: row.text()? == "1",
            })
        };
        let nodes: Result<_, RowError> = rows.into_iter().map(node).collect();
        Ok(nodes.map_err(Failure::from)?)
    }

    async fn children(&self, parent: Option<CategoryId>) -> Result<Vec<CategoryState>, StoreError> {
        let mut query = Query::new("select cast(c.data as text) from categories c where c.parent_id ");
        match parent {
            Some(parent) => query.push("= ").bind(parent.uuid()),
            None => query.push("is null"),
        };
        query.push(" and c.deleted_at is null order by c.position, c.id");
        Ok(states::<CategoryDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn product_counts(
        &self,
        categories: &[CategoryId],
        audience: Audience,
    ) -> Result<HashMap<CategoryId, u64>, StoreError> {
        Ok(self.counts(categories, audience).await?)
    }

    async fn by_ids(&self, ids: &[CategoryId]) -> Result<Vec<CategoryState>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "with {} select cast(c.data as text) from categories c where c.id in (select id from r) \
             and c.deleted_at is null",
            D::DIALECT.batch(IDS)
        );
        let rows = self.database.fetch(Query::new(text).with(id_batch(ids))).await?;
        Ok(states::<CategoryDoc, _>(rows).map_err(Failure::from)?)
    }

    async fn existing(&self, ids: &[CategoryId]) -> Result<Vec<CategoryId>, StoreError> {
        let text = format!(
            "with {} select cast(c.id as text) from categories c where c.id in (select id from r) \
             and c.deleted_at is null",
            D::DIALECT.batch(IDS)
        );
        let rows = self.database.fetch(Query::new(text).with(id_batch(ids))).await?;
        let found: Result<Vec<_>, _> = rows
            .into_iter()
            .map(|mut row| row.uuid().map(CategoryId::new))
            .collect();
        Ok(found.map_err(Failure::from)?)
    }

    async fn by_keys(&self, keys: &[Key]) -> Result<Vec<CategoryState>, StoreError> {
        let text = format!(
            "with {} select cast(c.data as text) from categories c where c.key in (select a from r) \
             and c.deleted_at is null",
            D::DIALECT.batch(KEYS)
        );
        let rows = self
            .database
            .fetch(Query::new(text).with(key_batch(keys)))
            .await?;
        Ok(states::<CategoryDoc, _>(rows).map_err(Failure::from)?)
    }
}

fn id_batch(ids: &[CategoryId]) -> String {
    let ids: Vec<_> = ids
        .iter()
        .map(|id| serde_json::json!({"id": id.uuid()}))
        .collect();
    serde_json::Value::Array(ids).to_string()
}
