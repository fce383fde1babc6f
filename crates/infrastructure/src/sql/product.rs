//! Reading products.

use application::page::{Page, PageRequest};
use application::product::{ProductFilter, ProductReader, ProductRef, ProductView};
use application::store::StoreError;
use async_trait::async_trait;
use domain::ProductId;
use domain::product::{ProductState, VariantState};
use domain::value::Key;

use super::dialect::{IDS, KEYS};
use super::find::{Name, Tables, find};
use super::query::states;
use super::{Database, Dialect, Failure, Query, SqlCatalog};
use crate::rows::{ProductDoc, RowError, VariantDoc};

const TABLES: Tables = Tables {
    own: "products",
    slugs: Some(("product_slugs", "product_id")),
};

fn name(product: &ProductRef) -> Name<'_> {
    match product {
        ProductRef::Id(id) => Name::Id(id.uuid()),
        ProductRef::Key(key) => Name::Column("key", key.as_str()),
        ProductRef::Slug(locale, slug) => Name::Slug(locale, slug),
    }
}

#[async_trait]
impl<D: Database> ProductReader for SqlCatalog<D> {
    async fn find(
        &self,
        product: &ProductRef,
        with_deleted: bool,
    ) -> Result<Option<ProductState>, StoreError> {
        Ok(self
            .one::<ProductDoc, _>(find(&TABLES, "data", name(product), with_deleted))
            .await?)
    }

    async fn locate(&self, product: &ProductRef) -> Result<Option<ProductId>, StoreError> {
        let rows = self
            .database
            .fetch(find(&TABLES, "id", name(product), false))
            .await?;
        let id = rows.into_iter().next().map(|mut row| row.uuid()).transpose();
        Ok(id.map_err(Failure::from)?.map(ProductId::new))
    }

    async fn view(&self, id: ProductId) -> Result<Option<ProductView>, StoreError> {
        // One statement, so that all of it is of one instant.
        let query = Query::new(
            "select cast(data as text), cast(revision as text) from ( \
                select 0 as kind, p.data, p.id, 0 as position, \
                    coalesce((select max(c.position) from changes c where c.root = p.id), 0) as revision \
                from products p where p.id = $1 and p.deleted_at is null \
                union all \
                select 1, v.data, v.id, v.position, 0 from variants v \
                where v.product_id = $1 and v.deleted_at is null) parts \
             order by kind, position, id",
        );
        let mut rows = self.database.fetch(query.with(id.uuid())).await?.into_iter();
        // Variants do not outlive their product: the first row is the product's, or there is none.
        let Some(mut first) = rows.next() else {
            return Ok(None);
        };
        let view = || {
            Ok::<_, RowError>(ProductView {
                product: first.json::<ProductDoc>()?.try_into()?,
                revision: first.parse()?,
                variants: states::<VariantDoc, _>(rows.collect())?,
            })
        };
        Ok(Some(view().map_err(Failure::from)?))
    }

    async fn list(
        &self,
        filter: &ProductFilter,
        page: &PageRequest,
    ) -> Result<Page<ProductState>, StoreError> {
        let place = |p: &ProductState| (p.id.uuid(), p.record.updated_at);
        Ok(self
            .page::<ProductDoc, _>(conditions(D::DIALECT, filter), page, place)
            .await?)
    }

    async fn variants_of(&self, products: &[ProductId]) -> Result<Vec<VariantState>, StoreError> {
        let text = format!(
            "with {} select cast(v.data as text) from variants v where v.product_id in (select id from r) \
             and v.deleted_at is null order by v.product_id, v.position, v.id",
            D::DIALECT.batch(IDS)
        );
        let ids: Vec<_> = products
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let query = Query::new(text).with(serde_json::Value::Array(ids).to_string());
        Ok(states::<VariantDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn existing(&self, ids: &[ProductId]) -> Result<Vec<ProductId>, StoreError> {
        let text = format!(
            "with {} select cast(p.id as text) from products p where p.id in (select id from r) \
             and p.deleted_at is null",
            D::DIALECT.batch(IDS)
        );
        let ids: Vec<_> = ids
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let query = Query::new(text).with(serde_json::Value::Array(ids).to_string());
        let rows = self.database.fetch(query).await?;
        let found: Result<Vec<_>, _> = rows
            .into_iter()
            .map(|mut row| row.uuid().map(ProductId::new))
            .collect();
        Ok(found.map_err(Failure::from)?)
    }

    async fn by_keys(&self, keys: &[Key]) -> Result<Vec<ProductState>, StoreError> {
        let text = format!(
            "with {} select cast(p.data as text) from products p where p.key in (select a from r) \
             and p.deleted_at is null",
            D::DIALECT.batch(KEYS)
        );
        let query = Query::new(text).with(key_batch(keys));
        Ok(states::<ProductDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }
}

/// Keys as the parameter of a batch.
pub(super) fn key_batch(keys: &[Key]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| serde_json::json!({"a": key.as_str()}))
        .collect();
    serde_json::Value::Array(keys).to_string()
}

fn conditions(dialect: Dialect, filter: &ProductFilter) -> Query {
    let ProductFilter {
        status,
        category,
        brand,
        tag,
        updated_since,
        updated_before,
        deleted,
    } = filter;
    let mut query = Query::new("from products t where t.deleted_at is ");
    query.push(if *deleted { "not null" } else { "null" });
    if let Some(status) = status {
        query.push(" and t.status = ").bind(status.as_str());
    }
    if let Some(brand) = brand {
        query.push(" and t.brand = ").bind(brand.as_str());
    }
    if let Some(tag) = tag {
        query.push(" and t.id in (select g.product_id from product_tags g where g.tag = ");
        query.bind(tag.as_str()).push(")");
    }
    if let Some(category) = category {
        // As an array the tree is walked once and first. As a join PostgreSQL's guess at its size makes it read all
        // products to sort them, where it could stop at the end of the page.
        let (open, close) = match dialect {
            Dialect::Postgres => ("= any(array(", "))"),
            Dialect::Sqlite => ("in (", ")"),
        };
        query.push(
            " and exists (select 1 from product_categories pc where pc.product_id = t.id and pc.category_id ",
        );
        query.push(open);
        query.push("with recursive sub(id) as (select c.id from categories c where c.id = ");
        query.bind(category.uuid());
        query.push(
            " union select c.id from categories c join sub on c.parent_id = sub.id where c.deleted_at is null) \
             select sub.id from sub",
        );
        query.push(close).push(")");
    }
    if let Some(since) = updated_since {
        query.push(" and t.updated_at >= ").bind(*since);
    }
    if let Some(before) = updated_before {
        query.push(" and t.updated_at < ").bind(*before);
    }
    query
}
