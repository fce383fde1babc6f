//! What is read of a product to be indexed: as little as documents are made of, since a whole catalog is read at once.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::product::ProductStatus;
use domain::product_type::AttributeValue;
use domain::value::Weight;
use domain::{CategoryId, ProductId, ProductTypeId, Timestamp, VariantId};

use super::document::{ListPrice, Listed};
use super::ports::Plane;
use crate::store::StoreError;

/// Texts by the tags of their locales.
pub type Texts = BTreeMap<String, String>;

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum CopyValue {
    One(AttributeValue),
    Set(Vec<AttributeValue>),
    /// By the tags of locales.
    Localized(BTreeMap<String, Self>),
}

/// Values by the keys of attributes, those left out that are JSON.
pub type CopyAttributes = Vec<(String, CopyValue)>;

/// One of a product's copies with those of its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductCopy {
    pub id: ProductId,
    pub product_type: ProductTypeId,
    pub status: ProductStatus,
    /// Whether something waits to be published; of no meaning in the store's plane.
    pub has_unpublished_changes: bool,
    pub key: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub published_at: Option<Timestamp>,
    pub name: Texts,
    pub description: Texts,
    pub brand: Option<String>,
    pub tags: Vec<String>,
    pub categories: Vec<CategoryId>,
    pub attributes: CopyAttributes,
    pub listed: Listed,
    /// By position, then id.
    pub variants: Vec<VariantCopy>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct VariantCopy {
    pub id: VariantId,
    pub key: Option<String>,
    pub sku: String,
    pub gtin: Option<String>,
    pub mpn: Option<String>,
    /// By axis.
    pub options: Texts,
    pub weight: Option<Weight>,
    pub attributes: CopyAttributes,
    /// Those for one piece: what the variant carries, by currency, then those in lists, by id.
    pub prices: Vec<ListPrice>,
}

/// Reads copies by the hundreds. In [`Plane::Management`] these are the working copies of products that are not deleted,
/// in [`Plane::Store`] the published ones of products that are not deleted, whenever and wherever they are listed.
///
/// Answers MUST reflect every commit that was acknowledged before the call, and each copy be of one instant with its
/// variants and prices. Each call MUST cost a fixed number of statements. Prices that ended by `since` are left out.
#[async_trait]
pub trait CopyReader: Send + Sync + 'static {
    /// The next copies in the order of ids, at most `limit`; fewer only when there are no more.
    async fn page(
        &self,
        plane: Plane,
        after: Option<ProductId>,
        limit: u32,
        since: Timestamp,
    ) -> Result<Vec<ProductCopy>, StoreError>;

    /// Those of these products that have one, in the order of ids.
    async fn copies(
        &self,
        plane: Plane,
        products: &[ProductId],
        since: Timestamp,
    ) -> Result<Vec<ProductCopy>, StoreError>;
}
