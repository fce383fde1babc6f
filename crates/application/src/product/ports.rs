//! How products and variants are found and read.

use async_trait::async_trait;
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::value::{Gtin, Key, Locale, Sku, Slug};
use domain::{CategoryId, ProductId, ProductTypeId, Timestamp, VariantId};

use crate::page::{Page, PageRequest};
use crate::store::StoreError;

/// The ways to name a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ProductRef {
    Id(ProductId),
    Key(Key),
    Slug(Locale, Slug),
}

/// The ways to name a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VariantRef {
    Id(VariantId),
    Key(Key),
    Sku(Sku),
    Gtin(Gtin),
}

/// A product with its variants in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductView {
    pub product: ProductState,
    pub variants: Vec<VariantState>,
    /// The log position of the newest change of the product or a variant of it; grows with every change.
    pub revision: i64,
}

/// Which products a list has. Conditions are joined by *and*.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    pub status: Option<ProductStatus>,
    /// In this category or one below it.
    pub category: Option<CategoryId>,
    pub brand: Option<String>,
    pub tag: Option<String>,
    pub product_type: Option<ProductTypeId>,
    /// As [`ProductState::has_unpublished_changes`] tells.
    pub has_unpublished_changes: Option<bool>,
    /// Inclusive.
    pub updated_since: Option<Timestamp>,
    /// Exclusive.
    pub updated_before: Option<Timestamp>,
    /// Inclusive.
    pub created_since: Option<Timestamp>,
    /// Exclusive.
    pub created_before: Option<Timestamp>,
    pub key: Option<Key>,
    /// Only deleted ones, where otherwise only those that are not.
    pub deleted: bool,
}

/// Reads products. Absence is `Ok(None)` or a missing element, never an error. Answers MUST reflect every commit
/// that was acknowledged before the call.
#[async_trait]
pub trait ProductReader: Send + Sync + 'static {
    /// The product by any name. Deleted ones are found only when `with_deleted`; a live one is preferred, then the
    /// one deleted last.
    async fn find(
        &self,
        product: &ProductRef,
        with_deleted: bool,
    ) -> Result<Option<ProductState>, StoreError>;

    /// The id alone, of a product that is not deleted.
    async fn locate(&self, product: &ProductRef) -> Result<Option<ProductId>, StoreError>;

    /// A product that is not deleted, with its variants that are not deleted, all of one instant.
    async fn view(&self, id: ProductId) -> Result<Option<ProductView>, StoreError>;

    async fn list(
        &self,
        filter: &ProductFilter,
        page: &PageRequest,
    ) -> Result<Page<ProductState>, StoreError>;

    /// The variants of these products, by product, then position, then id. Deleted ones are left out.
    async fn variants_of(&self, products: &[ProductId]) -> Result<Vec<VariantState>, StoreError>;

    /// The same, but at most `limit` of each product.
    async fn first_variants_of(
        &self,
        products: &[ProductId],
        limit: u32,
    ) -> Result<Vec<VariantState>, StoreError>;
    /// The ids of those of `ids` that exist and are not deleted, in any order.
    async fn existing(&self, ids: &[ProductId]) -> Result<Vec<ProductId>, StoreError>;

    /// Products by key that are not deleted, in any order.
    async fn by_keys(&self, keys: &[Key]) -> Result<Vec<ProductState>, StoreError>;

    /// Products by id that are not deleted, in any order.
    async fn by_ids(&self, ids: &[ProductId]) -> Result<Vec<ProductState>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.find(&ProductRef::Id(*id), false).await?);
        }
        Ok(found)
    }

    /// The id for each reference, `None` where it leads to no product that is not deleted; by one statement.
    async fn among(&self, products: &[ProductRef]) -> Result<Vec<Option<ProductId>>, StoreError>;

    /// The published copies of a product's variants, by position and then id.
    async fn published_variants(&self, product: ProductId) -> Result<Vec<VariantState>, StoreError>;

    /// The products that are in one of these categories itself and not deleted, by id, at most `limit`.
    async fn filed_in(&self, categories: &[CategoryId], limit: u32) -> Result<Vec<ProductState>, StoreError>;
}

/// Which variants of a product a list has. Conditions are joined by *and*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantFilter {
    pub product: ProductId,
    /// What the SKU begins with.
    pub sku_prefix: Option<String>,
    /// Inclusive.
    pub updated_since: Option<Timestamp>,
    /// Exclusive.
    pub updated_before: Option<Timestamp>,
    /// Only deleted ones, where otherwise only those that are not.
    pub deleted: bool,
}

impl VariantFilter {
    /// All variants of the product.
    pub const fn of(product: ProductId) -> Self {
        Self {
            product,
            sku_prefix: None,
            updated_since: None,
            updated_before: None,
            deleted: false,
        }
    }
}

/// Names of variants, of several kinds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariantNames {
    pub skus: Vec<Sku>,
    pub gtins: Vec<Gtin>,
    pub ids: Vec<VariantId>,
}

impl VariantNames {
    pub const fn is_empty(&self) -> bool {
        self.skus.is_empty() && self.gtins.is_empty() && self.ids.is_empty()
    }
}

/// Reads variants, under the terms of [`ProductReader`].
#[async_trait]
pub trait VariantReader: Send + Sync + 'static {
    async fn find(
        &self,
        variant: &VariantRef,
        with_deleted: bool,
    ) -> Result<Option<VariantState>, StoreError>;

    /// Variants of one product.
    async fn list(
        &self,
        filter: &VariantFilter,
        page: &PageRequest,
    ) -> Result<Page<VariantState>, StoreError>;

    /// The variants that any of the names leads to, each once, in any order. Deleted ones are left out. It MUST take
    /// one statement, however many names.
    async fn lookup(&self, names: &VariantNames) -> Result<Vec<VariantState>, StoreError>;
}
