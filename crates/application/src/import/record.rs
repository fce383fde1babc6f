//! What a file says, parsed but not yet held against the catalog.

use domain::product::{ProductStatus, VariantContent};
use domain::product_type::ProductTypeContent;
use domain::value::Key;

use super::ImportFault;
use crate::category::CategoryDraft;
use crate::channel::ChannelDraft;
use crate::pricing::{PriceDraft, PriceListDraft};
use crate::product::ProductDraft;

/// One record of a file, or what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRecord {
    /// Counted from 1, the line on which the record begins.
    pub line: u64,
    pub content: Result<Record, Vec<ImportFault>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    Category(Box<ImportCategory>),
    Product(Box<ImportProduct>),
    Variants(Box<MoreVariants>),
    Whole(Box<ImportWhole>),
    /// Written over the price of the same list, variant, currency, quantity and start.
    Price(Box<PriceDraft>),
}

/// A resource that is stored as a whole, by its key.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportWhole {
    ProductType(ProductTypeContent),
    Channel(ChannelDraft),
    PriceList(PriceListDraft),
}

/// A category by its key. A parent comes before its children in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportCategory {
    pub draft: CategoryDraft,
    /// Created when there is none, else left as it is. Such a category is not counted: no record of the file is it.
    pub only_if_missing: bool,
}

/// A product by its key, with variants by their SKU or else their key. Variants that are not named stay as they are.
///
/// The key may also be the id of a product that has no key, which is how exports name those.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportProduct {
    pub draft: ProductDraft,
    /// Where the product is to stand; `None` leaves it where it is, and a new one a draft.
    pub status: Option<ProductStatus>,
    pub variants: Vec<ImportVariant>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ImportVariant {
    pub line: u64,
    pub content: VariantContent,
}

/// More variants of a product that came earlier in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct MoreVariants {
    pub product: Key,
    /// What the file said of the product there: the variants of one that is published go live with it.
    pub status: Option<ProductStatus>,
    pub variants: Vec<ImportVariant>,
}

/// What an import may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ImportMode {
    /// Create what is missing, update what is there.
    #[default]
    Upsert,
    /// A record whose key exists fails with `duplicate_key`.
    Create,
    /// A record whose key does not exist fails with `resource_not_found`.
    Update,
}

impl ImportMode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Create => "create",
            Self::Update => "update",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Upsert, Self::Create, Self::Update]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// Why a file as a whole cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);
