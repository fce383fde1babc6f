//! Reading variants.

use application::page::{Page, PageRequest};
use application::product::{VariantFilter, VariantNames, VariantReader, VariantRef};
use application::store::StoreError;
use async_trait::async_trait;
use domain::product::VariantState;

use super::dialect::Kind;
use super::find::{Name, Tables, find};
use super::query::states;
use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::VariantDoc;

const TABLES: Tables = Tables {
    own: "variants",
    slugs: None,
};

#[async_trait]
impl<D: Database> VariantReader for SqlCatalog<D> {
    async fn find(
        &self,
        variant: &VariantRef,
        with_deleted: bool,
    ) -> Result<Option<VariantState>, StoreError> {
        let name = match variant {
            VariantRef::Id(id) => Name::Id(id.uuid()),
            VariantRef::Key(key) => Name::Column("key", key.as_str()),
            VariantRef::Sku(sku) => Name::Column("sku", sku.as_str()),
            VariantRef::Gtin(gtin) => Name::Column("gtin", gtin.as_str()),
        };
        Ok(self
            .one::<VariantDoc, _>(find(&TABLES, "t.data", name, with_deleted))
            .await?)
    }

    async fn list(
        &self,
        filter: &VariantFilter,
        page: &PageRequest,
    ) -> Result<Page<VariantState>, StoreError> {
        let place = |v: &VariantState| (v.id.uuid(), v.record.updated_at, v.content.position);
        Ok(self
            .ranked_page::<VariantDoc, _>(conditions(filter), page, place)
            .await?)
    }

    async fn lookup(&self, names: &VariantNames) -> Result<Vec<VariantState>, StoreError> {
        let VariantNames { skus, gtins, ids } = names;
        let skus = skus.iter().map(|sku| serde_json::json!({"sku": sku.as_str()}));
        let gtins = gtins
            .iter()
            .map(|gtin| serde_json::json!({"gtin": gtin.as_str()}));
        let ids = ids.iter().map(|id| serde_json::json!({"id": id.uuid()}));
        let names: Vec<_> = skus.chain(gtins).chain(ids).collect();
        let text = format!(
            "with {} select cast(v.data as text) from variants v where v.deleted_at is null and v.id in ( \
                select t.id from r join variants t on t.sku = r.sku where t.deleted_at is null \
                union select t.id from r join variants t on t.gtin = r.gtin where t.deleted_at is null \
                union select r.id from r where r.id is not null)",
            D::DIALECT.batch(&[("sku", Kind::Text), ("gtin", Kind::Text), ("id", Kind::Uuid)])
        );
        let query = Query::new(text).with(serde_json::Value::Array(names).to_string());
        Ok(states::<VariantDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }
}

fn conditions(filter: &VariantFilter) -> Query {
    let VariantFilter {
        product,
        sku_prefix,
        updated_since,
        updated_before,
        deleted,
    } = filter;
    let mut query = Query::new("from variants t where t.deleted_at is ");
    query.push(if *deleted { "not null" } else { "null" });
    query.push(" and t.product_id = ").bind(product.uuid());
    if let Some(prefix) = sku_prefix {
        // Among the variants of one product, so that no index is needed.
        let characters = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        query.push(" and substr(t.sku, 1, cast(").bind(characters);
        query.push(" as integer)) = ").bind(prefix.as_str());
    }
    if let Some(since) = updated_since {
        query.push(" and t.updated_at >= ").bind(*since);
    }
    if let Some(before) = updated_before {
        query.push(" and t.updated_at < ").bind(*before);
    }
    query
}
