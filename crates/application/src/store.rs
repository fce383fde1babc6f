//! The port that all writes go through, and what a store can answer.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::category::CategoryState;
use domain::channel::ChannelState;
use domain::media::MediaState;
use domain::pricing::{PriceListState, PriceState};
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::product_type::ProductTypeState;
use domain::value::{Digest, Locale, Slug};
use domain::{Change, MediaId, ProductId, ProductTypeId, Version};
use uuid::Uuid;

use crate::changelog::LogPosition;
use crate::search::SearchSettingsState;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The resource changed since it was loaded, or is gone.
    #[error("the {kind} {id} was changed by someone else")]
    VersionConflict { kind: &'static str, id: Uuid },
    /// A rule that the database holds forbids the write.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A resource that a written one refers to does not exist any more.
    #[error("a resource that is referred to does not exist")]
    ReferenceGone,
    /// Another request with the same idempotency key was quicker; its receipt may be read when it is done.
    #[error("another request with this idempotency key is running or done")]
    IdempotencyKeyTaken,
    /// The database cannot answer now; the same call may succeed later. A commit whose answer was lost may have taken
    /// effect: repeating it with the same idempotency key is safe.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect of ours or of the stored data.
    #[error("the database failed")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The error of an answer that many were waiting for.
    pub(crate) fn shared(error: Arc<Self>) -> Self {
        match Arc::try_unwrap(error) {
            Ok(alone) => alone,
            Err(error) if matches!(*error, Self::Unavailable(_)) => Self::Unavailable(Box::new(error)),
            Err(error) => Self::Internal(Box::new(error)),
        }
    }
}

/// What came of a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// Of the last of its changes in the log; `None` when nothing was kept.
    pub position: Option<LogPosition>,
}

/// What a write would break, in words of the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .rule.detail())]
pub struct Conflict {
    pub rule: ConflictRule,
    /// The resource of this write that stands in the way, when the store can tell.
    pub subject: Option<Uuid>,
    /// The stored resource that was there first, when the store can tell.
    pub existing: Option<Uuid>,
    /// The attribute of the subject whose value is not its own.
    pub attribute: Option<String>,
    /// What is stored and would not fit any more.
    pub affected: Option<Affected>,
}

impl Conflict {
    pub const fn of(rule: ConflictRule) -> Self {
        Self {
            rule,
            subject: None,
            existing: None,
            attribute: None,
            affected: None,
        }
    }
}

/// Stored products that a change would make unfit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    pub count: u64,
    /// Some of them.
    pub sample: Vec<Uuid>,
}

impl Affected {
    /// The most ids of a sample.
    pub const SAMPLE: usize = 10;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictRule {
    ProductKey,
    ProductSlug,
    VariantKey,
    Sku,
    Gtin,
    Options,
    CategoryKey,
    CategorySlug,
    ChannelKey,
    ProductTypeKey,
    /// A product type still has products.
    TypeInUse,
    /// Stored products, or variants, would not fit their product type.
    TypeMisfit,
    /// Another product or variant of the type has the value of a unique attribute.
    UniqueAttribute,
    PriceListKey,
    /// Two prices of one list, variant, currency and quantity would hold at the same time.
    PriceOverlap,
    /// A price list still has prices, counts in a channel, or is the one that variants' own prices stand in.
    PriceListInUse,
    /// A price list is made for the channel.
    ChannelInUse,
    /// A category would be its own ancestor.
    CategoryCycle,
    /// The tree would be deeper than [`domain::category::MAX_DEPTH`].
    CategoryDepth,
    /// A category still has products or children, or a channel products.
    Referenced,
    /// A category has more products or subcategories than one commit is to change.
    TooManyReferences,
    /// A product's option axes and its variants' options would disagree.
    OptionAxes,
    /// A product would have more than [`domain::product::VariantContent::MAX_PER_PRODUCT`] variants.
    VariantLimit,
    /// A file with the same bytes is there already.
    MediaBytes,
    /// A resource still shows the file.
    MediaReferenced,
    /// Other products still name the product that is to be erased.
    ProductReferenced,
    /// Shoppers still see products in the category.
    StillShown,
}

impl ConflictRule {
    pub const fn code(self) -> &'static str {
        match self {
            Self::ProductKey
            | Self::VariantKey
            | Self::CategoryKey
            | Self::ChannelKey
            | Self::ProductTypeKey
            | Self::PriceListKey => "duplicate_key",
            Self::PriceOverlap => "price_overlap",
            Self::ProductSlug | Self::CategorySlug => "duplicate_slug",
            Self::Sku => "duplicate_sku",
            Self::Gtin => "duplicate_gtin",
            Self::Options => "duplicate_options",
            Self::CategoryCycle => "category_cycle",
            Self::Referenced
            | Self::TooManyReferences
            | Self::MediaReferenced
            | Self::ProductReferenced
            | Self::StillShown
            | Self::PriceListInUse
            | Self::ChannelInUse
            | Self::TypeInUse => "referenced",
            Self::CategoryDepth
            | Self::OptionAxes
            | Self::VariantLimit
            | Self::MediaBytes
            | Self::TypeMisfit
            | Self::UniqueAttribute => "state_conflict",
        }
    }

    /// The code among the faults of an input, where the rule is broken by what a client wrote.
    pub const fn item_code(self) -> &'static str {
        match self {
            Self::UniqueAttribute => "unique_attribute",
            other => other.code(),
        }
    }

    /// The field of the resource that the rule is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::ProductKey
            | Self::VariantKey
            | Self::CategoryKey
            | Self::ChannelKey
            | Self::ProductTypeKey
            | Self::PriceListKey => "key",
            Self::PriceOverlap => "validFrom",
            Self::UniqueAttribute => "attributes",
            Self::ProductSlug | Self::CategorySlug => "slug",
            Self::Sku => "sku",
            Self::Gtin => "gtin",
            Self::Options => "options",
            Self::CategoryCycle | Self::CategoryDepth => "parent",
            Self::OptionAxes => "optionAxes",
            Self::Referenced
            | Self::PriceListInUse
            | Self::ChannelInUse
            | Self::TooManyReferences
            | Self::VariantLimit
            | Self::MediaBytes
            | Self::MediaReferenced
            | Self::ProductReferenced
            | Self::StillShown
            | Self::TypeInUse
            | Self::TypeMisfit => "",
        }
    }

    pub const fn detail(self) -> &'static str {
        match self {
            Self::ProductKey => "another product has this key",
            Self::ProductSlug => "another product has this slug in the same locale",
            Self::VariantKey => "another variant has this key",
            Self::Sku => "another variant has this SKU",
            Self::Gtin => "another variant has this GTIN",
            Self::Options => "another variant of the product has the same options",
            Self::CategoryKey => "another category has this key",
            Self::ChannelKey => "another channel has this key",
            Self::PriceListKey => "another price list has this key",
            Self::PriceOverlap => {
                "another price of the same list, variant, currency and quantity holds at the same time"
            }
            Self::PriceListInUse => {
                "the price list still has prices, counts in a channel, or is the base list"
            }
            Self::ChannelInUse => "a price list has the channel among its conditions",
            Self::CategorySlug => "another category has this slug in the same locale",
            Self::ProductTypeKey => "another product type has this key",
            Self::TypeInUse => "the product type still has products",
            Self::TypeMisfit => "stored products would not fit the product type",
            Self::UniqueAttribute => "another one of the product type has this value",
            Self::CategoryCycle => "the category would be its own ancestor",
            Self::CategoryDepth => "the category tree is at most 12 levels deep",
            Self::Referenced => "other resources still refer to it",
            Self::TooManyReferences => {
                "the category has more than 5,000 products or subcategories: move them away in parts first"
            }
            Self::OptionAxes => "the product has variants whose options do not fit the new axes",
            Self::VariantLimit => "a product has at most 2,000 variants",
            Self::MediaBytes => "the same file was uploaded at the same time",
            Self::MediaReferenced => "products, variants or categories still show the file",
            Self::ProductReferenced => {
                "other products name it in their relations or attributes: take it out there first"
            }
            Self::StillShown => {
                "shoppers still see products in the category: publish these first, as they are without it"
            }
        }
    }
}

/// Who writes, on which request, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteContext {
    /// The subject of the caller's token, or the command that runs.
    pub actor: String,
    pub request_id: String,
    /// Make every check, keep nothing.
    pub dry_run: bool,
    pub idempotency: Option<IdempotencyClaim>,
}

/// A client's wish that a request takes effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The client's key; unique per actor.
    pub key: String,
    /// A digest of the request, by which another request under the same key is recognised.
    pub fingerprint: Vec<u8>,
}

/// The answer to a write, in the form in which it can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub status: u16,
    pub etag: Option<String>,
    pub location: Option<String>,
    pub body: Bytes,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
    /// Where in the change log the write stands, once it is committed; not stored.
    pub position: Option<LogPosition>,
}

impl Receipt {
    /// For writes that nobody is answered.
    pub const fn none() -> Self {
        Self {
            status: 204,
            etag: None,
            location: None,
            body: Bytes::new(),
            replayed: false,
            position: None,
        }
    }
}

/// A set of changes that take effect together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub categories: Vec<Change<CategoryState>>,
    pub products: Vec<Change<ProductState>>,
    pub variants: Vec<Change<VariantState>>,
    pub media: Vec<Change<MediaState>>,
    pub channels: Vec<Change<ChannelState>>,
    pub price_lists: Vec<Change<PriceListState>>,
    pub prices: Vec<Change<PriceState>>,
    pub product_types: Vec<Change<ProductTypeState>>,
    pub search_settings: Vec<Change<SearchSettingsState>>,
    pub basis: Basis,
}

/// What was checked before the commit, and must still hold within it.
#[derive(Debug, Clone, Default)]
pub struct Basis {
    /// The types that products and variants were held against.
    pub types: Vec<Arc<ProductTypeState>>,
    /// The products of variants that are written without them.
    pub products: Vec<Footing>,
    /// Products to be held against their type once more with all of their variants, as they are after the changes.
    pub whole: Vec<ProductId>,
}

/// What a variant was held against of its product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footing {
    pub product: ProductId,
    pub product_type: ProductTypeId,
    pub status: ProductStatus,
}

impl From<&ProductState> for Footing {
    fn from(product: &ProductState) -> Self {
        Self {
            product: product.id,
            product_type: product.content.product_type,
            status: product.status,
        }
    }
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        let Self {
            categories,
            products,
            variants,
            media,
            channels,
            product_types,
            basis: _,
            price_lists,
            prices,
            search_settings,
        } = self;
        categories.is_empty()
            && products.is_empty()
            && variants.is_empty()
            && media.is_empty()
            && channels.is_empty()
            && price_lists.is_empty()
            && prices.is_empty()
            && product_types.is_empty()
            && search_settings.is_empty()
    }
}

macro_rules! changes_of {
    ($state:ty, $field:ident) => {
        impl From<Vec<Change<$state>>> for Changes {
            fn from($field: Vec<Change<$state>>) -> Self {
                Self {
                    $field,
                    ..Self::default()
                }
            }
        }

        impl From<Change<$state>> for Changes {
            fn from(change: Change<$state>) -> Self {
                vec![change].into()
            }
        }
    };
}

changes_of!(CategoryState, categories);
changes_of!(ProductState, products);
changes_of!(VariantState, variants);
changes_of!(ChannelState, channels);
changes_of!(ProductTypeState, product_types);
changes_of!(MediaState, media);
changes_of!(PriceListState, price_lists);
changes_of!(PriceState, prices);
changes_of!(SearchSettingsState, search_settings);

/// Where the catalog is written.
#[async_trait]
pub trait CatalogStore: Send + Sync + 'static {
    /// Stores the changes, their change-log rows and the receipt in one transaction, or nothing.
    ///
    /// - A change with `before` MUST fail with [`StoreError::VersionConflict`] unless the stored version is
    ///   `before`'s; one without MUST insert.
    /// - Uniqueness MUST be held by the database, for concurrent writers too; of two that conflict one fails with
    ///   [`StoreError::Conflict`]. Deleted resources hold no key, slug, SKU or GTIN.
    /// - The [`Basis`] MUST hold until the commit: a type that is not at its version any more, or a product on another
    ///   footing, fails with [`StoreError::VersionConflict`].
    /// - A product type whose change leaves products unfit MUST fail with [`ConflictRule::TypeMisfit`] and what is
    ///   affected. That cost alone grows with what is stored, and memory does not.
    /// - Prices of one list, variant, currency and quantity MUST NOT overlap in time, and MUST be of a list and a
    ///   variant that are there; of concurrent writers that break this one fails.
    /// - Deleting a product deletes its variants with it, restoring it restores those.
    /// - Erasing a product MUST leave nothing of it, its variants and their prices but the log's entry of that, which
    ///   has no state; it is refused while a product that is not deleted names it.
    /// - Publishing a product replaces its published copy by the working copies of it and its variants as the commit
    ///   leaves them. Taking it off sale or deleting it hides that copy, and deleting a variant its part of it; nothing
    ///   else changes it. Published copies hold their keys, slugs, SKUs and GTINs against one another.
    /// - A file that a resource shows, be it deleted, MUST exist; it cannot be deleted, for concurrent writers either.
    /// - With `dry_run` every check of the database MUST be made and nothing kept.
    /// - With an idempotency claim `receipt` MUST be stored under (actor, key) for 24 hours; a claim that another
    ///   transaction holds or has committed MUST fail with [`StoreError::IdempotencyKeyTaken`] before any effect.
    /// - The cost in statements MUST NOT grow with the number of changes.
    /// - Cancelling the call MUST leave either everything or nothing stored.
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<Committed, StoreError>;

    /// The fingerprint and receipt stored under (actor, key) in the last 24 hours, if any.
    async fn receipt(&self, actor: &str, key: &str) -> Result<Option<(Vec<u8>, Receipt)>, StoreError>;

    /// Which of these product slugs are in use.
    async fn taken_product_slugs(&self, slugs: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError>;

    /// Which of these category slugs are in use.
    async fn taken_category_slugs(&self, slugs: &[(Locale, Slug)])
    -> Result<Vec<(Locale, Slug)>, StoreError>;

    /// The bytes of those of the files that exist, in any order.
    async fn media_digests(&self, ids: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, StoreError>;
}

/// What a conditional write demands of the stored resource (RFC 9110, section 13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    #[default]
    None,
    /// `If-Match` with these versions; it MUST be one of them.
    Version(Vec<Version>),
    /// `If-Match: *`: it MUST exist.
    Exists,
    /// `If-None-Match: *`: it MUST NOT exist.
    Absent,
}
