//! Reading categories.

use std::collections::HashMap;

use application::category::{CategoryFilter, CategoryReader, CategoryRef, CategoryView};
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
use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::CategoryDoc;

const TABLES: Tables = Tables {
    own: "categories",
    slugs: Some(("category_slugs", "category_id")),
};

impl<D: Database> SqlCatalog<D> {
    async fn with_paths(&self, categories: Vec<CategoryState>) -> Result<Vec<CategoryView>, Failure> {
        let nested: Vec<_> = categories
            .iter()
            .filter(|c| c.content.parent.is_some())
            .map(|c| c.id)
            .collect();
        let mut paths: HashMap<CategoryId, Vec<CategoryId>> = HashMap::new();
        if !nested.is_empty() {
            // The bound keeps a damaged tree from making this run forever; a sound one is not that deep.
            let text = format!(
                "with recursive {}, up(start, id, level) as ( \
                    select c.id, c.parent_id, 1 from categories c join r on r.id = c.id \
                    union all \
                    select up.start, c.parent_id, up.level + 1 from up join categories c on c.id = up.id \
                    where c.parent_id is not null and up.level < 32) \
                 select cast(start as text), cast(id as text) from up order by start, level desc",
                D::DIALECT.batch(IDS)
            );
            for mut row in self
                .database
                .fetch(Query::new(text).with(id_batch(&nested)))
                .await?
            {
                let (start, id) = (CategoryId::new(row.uuid()?), CategoryId::new(row.uuid()?));
                paths.entry(start).or_default().push(id);
            }
        }
        let view = |category: CategoryState| CategoryView {
            path: paths.remove(&category.id).unwrap_or_default(),
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
        let name = match category {
            CategoryRef::Id(id) => Name::Id(id.uuid()),
            CategoryRef::Key(key) => Name::Column("key", key.as_str()),
            CategoryRef::Slug(locale, slug) => Name::Slug(locale, slug),
        };
        let found = self
            .one::<CategoryDoc, _>(find(&TABLES, "t.data", name, with_deleted))
            .await?;
        Ok(self.with_paths(found.into_iter().collect()).await?.pop())
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
        let place = |c: &CategoryState| (c.id.uuid(), c.record.updated_at);
        let Page { items, next, total } = self.page::<CategoryDoc, _>(conditions, page, place).await?;
        let items = self.with_paths(items).await?;
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
