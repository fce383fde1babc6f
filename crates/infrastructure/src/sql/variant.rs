//! Reading variants.

use application::page::{Page, PageRequest};
use application::product::{VariantReader, VariantRef};
use application::store::StoreError;
use async_trait::async_trait;
use domain::ProductId;
use domain::product::VariantState;

use super::find::{Name, Tables, find};
use super::{Database, Query, SqlCatalog};
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
            .one::<VariantDoc, _>(find(&TABLES, "data", name, with_deleted))
            .await?)
    }

    async fn list(&self, product: ProductId, page: &PageRequest) -> Result<Page<VariantState>, StoreError> {
        let mut conditions = Query::new("from variants t where t.deleted_at is null and t.product_id = ");
        conditions.bind(product.uuid());
        let place = |v: &VariantState| (v.id.uuid(), v.record.updated_at, v.content.position);
        Ok(self.ranked_page::<VariantDoc, _>(conditions, page, place).await?)
    }
}
