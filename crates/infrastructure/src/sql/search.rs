//! Reading copies of products by the hundreds, to index them: one statement for a page.

use std::collections::HashMap;

use application::search::{CopyReader, ListPrice, Plane, ProductCopy, VariantCopy};
use application::store::StoreError;
use async_trait::async_trait;
use domain::{ProductId, Timestamp, VariantId};
use serde_json::json;

use super::dialect::IDS;
use super::{Database, Dialect, Failure, Query, Row, SqlCatalog};
use crate::rows::{PriceRow, ProductRow, RowError, VariantRow};

/// The rows of a common table `page` of products, of their variants, and of the prices of these.
fn parts(dialect: Dialect, plane: Plane, query: &mut Query, since: Timestamp) {
    let (variants, id, alive) = match plane {
        Plane::Management => ("variants", "id", " and v.deleted_at is null"),
        Plane::Store => ("published_variants", "variant_id", ""),
    };
    // As an array it is the index that is asked; see the store's reads.
    let (open, close) = match dialect {
        Dialect::Postgres => ("= any(array(", "))"),
        Dialect::Sqlite => ("in (", ")"),
    };
    query.push(&format!(
        ", of_page as materialized (select v.{id} as id, v.data from {variants} v \
         where v.product_id {open}select id from page{close}{alive}) \
         select '0', cast(p.data as text), p.pending from page p \
         union all select '1', cast(v.data as text), null from of_page v \
         union all select '2', cast(t.data as text), null from prices t \
         where t.variant_id {open}select id from of_page{close} and t.deleted_at is null and t.min_quantity = 1 \
         and (t.valid_until is null or t.valid_until > "
    ));
    query.bind(since).push(")");
}

/// The table of products, and which of them have copies.
const fn table(plane: Plane) -> (&'static str, &'static str) {
    match plane {
        Plane::Management => (
            "case when t.pending then 'true' else 'false' end as pending",
            "products t",
        ),
        Plane::Store => ("'false' as pending", "published_products t"),
    }
}

const fn alive(plane: Plane) -> &'static str {
    match plane {
        Plane::Management => "t.deleted_at is null",
        Plane::Store => "t.live",
    }
}

#[async_trait]
impl<D: Database> CopyReader for SqlCatalog<D> {
    async fn page(
        &self,
        plane: Plane,
        after: Option<ProductId>,
        limit: u32,
        since: Timestamp,
    ) -> Result<Vec<ProductCopy>, StoreError> {
        let (pending, table) = table(plane);
        let alive = alive(plane);
        let mut query = Query::new(format!(
            "with page as (select t.id, t.data, {pending} from {table} where {alive}"
        ));
        if let Some(after) = after {
            query.push(" and t.id > ").bind(after.uuid());
        }
        query
            .push(" order by t.id limit ")
            .bind(i64::from(limit))
            .push(")");
        parts(D::DIALECT, plane, &mut query, since);
        self.read(query).await
    }

    async fn copies(
        &self,
        plane: Plane,
        products: &[ProductId],
        since: Timestamp,
    ) -> Result<Vec<ProductCopy>, StoreError> {
        let (pending, table) = table(plane);
        let ids: Vec<_> = products.iter().map(|id| json!({"id": id.uuid()})).collect();
        let mut query = Query::new(format!(
            "with {}, page as (select t.id, t.data, {pending} from r join {table} on t.id = r.id where {})",
            D::DIALECT.batch(IDS),
            alive(plane),
        ))
        .with(serde_json::Value::Array(ids).to_string());
        parts(D::DIALECT, plane, &mut query, since);
        self.read(query).await
    }
}

impl<D: Database> SqlCatalog<D> {
    async fn read(&self, query: Query) -> Result<Vec<ProductCopy>, StoreError> {
        let rows = self.database.fetch(query).await?;
        // Parsing hundreds of documents is nothing that others should wait behind.
        let assembled = tokio::task::spawn_blocking(move || assemble(rows)).await;
        let assembled = assembled.map_err(|error| StoreError::Internal(Box::new(error)))?;
        Ok(assembled.map_err(Failure::from)?)
    }
}

fn assemble(rows: Vec<Row>) -> Result<Vec<ProductCopy>, RowError> {
    let mut products = Vec::new();
    let mut variants: HashMap<ProductId, Vec<(u32, VariantCopy)>> = HashMap::new();
    let mut owners: HashMap<VariantId, Vec<ListPrice>> = HashMap::new();
    for mut row in rows {
        match row.text()?.as_str() {
            "0" => {
                let product: ProductRow = row.json()?;
                products.push(product.into_copy(row.parse()?)?);
            }
            "1" => {
                let (product, position, variant) = row.json::<VariantRow>()?.into_copy()?;
                variants.entry(product).or_default().push((position, variant));
            }
            _ => {
                let (variant, price) = row.json::<PriceRow>()?.into_price()?;
                owners.entry(variant).or_default().push(price);
            }
        }
    }
    products.sort_unstable_by_key(|copy: &ProductCopy| copy.id);
    for product in &mut products {
        let mut own = variants.remove(&product.id).unwrap_or_default();
        own.sort_unstable_by_key(|(position, variant)| (*position, variant.id));
        let priced = own.into_iter().map(|(_, mut variant)| {
            let mut prices = owners.remove(&variant.id).unwrap_or_default();
            prices.sort_unstable_by_key(|price| price.id);
            variant.prices.extend(prices);
            variant
        });
        product.variants = priced.collect();
    }
    Ok(products)
}
