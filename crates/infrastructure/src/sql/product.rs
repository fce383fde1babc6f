//! Reading products.

use application::page::{Page, PageRequest};
use application::product::{ProductFilter, ProductReader, ProductRef, ProductView};
use application::store::StoreError;
use async_trait::async_trait;
use domain::product::{ProductState, VariantState};
use domain::value::Key;
use domain::{CategoryId, ProductId};

use super::dialect::Kind;
use super::dialect::{IDS, KEYS};
use super::find::{Name, Tables, find};
use super::query::states;
use super::{Database, Dialect, Failure, Query, SqlCatalog};
use crate::rows::{CopiesDoc, RowError, VariantDoc};

const REFERENCES: &[(&str, Kind)] = &[
    ("n", Kind::Int),
    ("id", Kind::Uuid),
    ("key", Kind::Text),
    ("locale", Kind::Text),
    ("slug", Kind::Text),
];

const TABLES: Tables = Tables {
    own: "products",
    slugs: Some(("product_slugs", "product_id")),
};

/// The working copy of the product `t` with what is live, which is read only where it is something else.
// The limit keeps PostgreSQL from answering for all products at once, by a hash of everything that is staged.
const COPIES: &str = "'{\"working\":' || cast(t.data as text) || ',\"live\":' || coalesce( \
     (select cast(pp.data as text) from published_products pp where pp.id = t.id and t.staged), 'null') \
     || ',\"variants\":' || coalesce((select 'true' from variants sv where sv.product_id = t.id and sv.staged \
     and sv.deleted_at is null limit 1), 'false') || '}'";

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
            .one::<CopiesDoc, _>(find(&TABLES, COPIES, name(product), with_deleted))
            .await?)
    }

    async fn locate(&self, product: &ProductRef) -> Result<Option<ProductId>, StoreError> {
        let rows = self
            .database
            .fetch(find(&TABLES, "t.id", name(product), false))
            .await?;
        let id = rows.into_iter().next().map(|mut row| row.uuid()).transpose();
        Ok(id.map_err(Failure::from)?.map(ProductId::new))
    }

    async fn view(&self, id: ProductId) -> Result<Option<ProductView>, StoreError> {
        // One statement, so that all of it is of one instant.
        let text = format!(
            "select data, cast(revision as text) from ( \
                select 0 as kind, {COPIES} as data, t.id, 0 as position, \
                    coalesce((select max(c.position) from changes c where c.root = t.id), 0) as revision \
                from products t where t.id = $1 and t.deleted_at is null \
                union all \
                select 1, cast(v.data as text), v.id, v.position, 0 from variants v \
                where v.product_id = $1 and v.deleted_at is null) parts \
             order by kind, position, id",
        );
        let query = Query::new(text).with(id.uuid());
        let mut rows = self.database.fetch(query).await?.into_iter();
        // Variants do not outlive their product: the first row is the product's, or there is none.
        let Some(mut first) = rows.next() else {
            return Ok(None);
        };
        let view = || {
            Ok::<_, RowError>(ProductView {
                product: first.json::<CopiesDoc>()?.try_into()?,
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
            .page_of::<CopiesDoc, _>(COPIES, conditions(D::DIALECT, filter), page, place)
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

    async fn first_variants_of(
        &self,
        products: &[ProductId],
        limit: u32,
    ) -> Result<Vec<VariantState>, StoreError> {
        let text = format!(
            "with {}, numbered as ( \
                select v.id, row_number() over (partition by v.product_id order by v.position, v.id) as place \
                from r join variants v on v.product_id = r.id where v.deleted_at is null) \
             select cast(v.data as text) from numbered n join variants v on v.id = n.id where n.place <= $2 \
             order by v.product_id, v.position, v.id",
            D::DIALECT.batch(IDS)
        );
        let ids: Vec<_> = products
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let query = Query::new(text)
            .with(serde_json::Value::Array(ids).to_string())
            .with(i64::from(limit));
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
            "with {} select {COPIES} from products t where t.key in (select a from r) and t.deleted_at is null",
            D::DIALECT.batch(KEYS)
        );
        let query = Query::new(text).with(key_batch(keys));
        Ok(states::<CopiesDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn by_ids(&self, ids: &[ProductId]) -> Result<Vec<ProductState>, StoreError> {
        let text = format!(
            "with {} select {COPIES} from products t where t.id in (select id from r) and t.deleted_at is null",
            D::DIALECT.batch(IDS)
        );
        let ids: Vec<_> = ids
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let query = Query::new(text).with(serde_json::Value::Array(ids).to_string());
        Ok(states::<CopiesDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn among(&self, products: &[ProductRef]) -> Result<Vec<Option<ProductId>>, StoreError> {
        if products.is_empty() {
            return Ok(Vec::new());
        }
        let row = |(n, product): (usize, &ProductRef)| match product {
            ProductRef::Id(id) => serde_json::json!({"n": n, "id": id.uuid()}),
            ProductRef::Key(key) => serde_json::json!({"n": n, "key": key.as_str()}),
            ProductRef::Slug(locale, slug) => {
                serde_json::json!({"n": n, "locale": locale.as_str(), "slug": slug.as_str()})
            }
        };
        let rows: Vec<_> = products.iter().enumerate().map(row).collect();
        let text = format!(
            "with {} select cast(r.n as text), cast(t.id as text) from r join products t on t.id = r.id \
                where t.deleted_at is null \
             union all select cast(r.n as text), cast(t.id as text) from r join products t on t.key = r.key \
                where t.deleted_at is null \
             union all select cast(r.n as text), cast(s.product_id as text) from r \
                join product_slugs s on s.locale = r.locale and s.slug = r.slug where s.live",
            D::DIALECT.batch(REFERENCES)
        );
        let query = Query::new(text).with(serde_json::Value::Array(rows).to_string());
        let mut found = vec![None; products.len()];
        for mut row in self.database.fetch(query).await? {
            let (n, id) = (row.parse::<usize>(), row.uuid());
            if let Some(place) = found.get_mut(n.map_err(Failure::from)?) {
                *place = Some(ProductId::new(id.map_err(Failure::from)?));
            }
        }
        Ok(found)
    }

    async fn published_variants(&self, product: ProductId) -> Result<Vec<VariantState>, StoreError> {
        let text = "select cast(v.data as text) from published_variants v where v.product_id = $1 \
                    order by v.position, v.variant_id";
        let query = Query::new(text).with(product.uuid());
        Ok(states::<VariantDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn filed_in(&self, categories: &[CategoryId], limit: u32) -> Result<Vec<ProductState>, StoreError> {
        let text = format!(
            "with {} select {COPIES} from products t where t.deleted_at is null and t.id in ( \
                select pc.product_id from r join product_categories pc on pc.category_id = r.id) \
             order by t.id limit $2",
            D::DIALECT.batch(IDS)
        );
        let ids: Vec<_> = categories
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let query = Query::new(text)
            .with(serde_json::Value::Array(ids).to_string())
            .with(i64::from(limit));
        Ok(states::<CopiesDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
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
        product_type,
        has_unpublished_changes,
        updated_since,
        updated_before,
        created_since,
        created_before,
        key,
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
    if let Some(product_type) = product_type {
        query.push(" and t.product_type_id = ").bind(product_type.uuid());
    }
    match has_unpublished_changes {
        Some(true) => drop(query.push(" and t.pending = true")),
        Some(false) => drop(query.push(" and t.pending = false")),
        None => {}
    }
    if let Some(category) = category {
        in_category(dialect, &mut query, "product_categories", *category);
    }
    if let Some(since) = updated_since {
        query.push(" and t.updated_at >= ").bind(*since);
    }
    if let Some(before) = updated_before {
        query.push(" and t.updated_at < ").bind(*before);
    }
    if let Some(since) = created_since {
        query.push(" and t.created_at >= ").bind(*since);
    }
    if let Some(before) = created_before {
        query.push(" and t.created_at < ").bind(*before);
    }
    if let Some(key) = key {
        query.push(" and t.key = ").bind(key.as_str());
    }
    query
}

/// Narrows a list of products `t` to those that `table` has in the category or one below it.
pub(super) fn in_category(dialect: Dialect, query: &mut Query, table: &str, category: CategoryId) {
    // As an array the tree is walked once and first. As a join PostgreSQL's guess at its size makes it read all
    // products to sort them, where it could stop at the end of the page.
    let (open, close) = match dialect {
        Dialect::Postgres => ("= any(array(", "))"),
        Dialect::Sqlite => ("in (", ")"),
    };
    query
        .push(" and exists (select 1 from ")
        .push(table)
        .push(" pc where pc.product_id = t.id and pc.category_id ")
        .push(open)
        .push("with recursive sub(id) as (select c.id from categories c where c.id = ")
        .bind(category.uuid())
        .push(
            " union select c.id from categories c join sub on c.parent_id = sub.id where c.deleted_at is null) \
             select sub.id from sub",
        )
        .push(close)
        .push(")");
}
