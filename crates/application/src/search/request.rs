//! What someone asks of search, in the words of clients: fields by their names, values as they were written.

use domain::value::{Json, Locale};
use domain::{CategoryId, VariantId};

use super::query::{Place, TermOrder};
use crate::changelog::LogPosition;
use crate::pricing::PricingContext;
use crate::storefront::Visit;

/// Something with the place where it stands in the request: a JSON Pointer into a body, or a parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    pub at: String,
    pub value: T,
}

impl<T> Located<T> {
    pub fn new(at: impl Into<String>, value: T) -> Self {
        Self { at: at.into(), value }
    }
}

/// Who searches.
#[derive(Debug, Clone)]
pub enum Audience {
    /// Published copies that the visitor may see, for what they cost the visitor.
    Store {
        visit: Visit,
        /// In which texts are read, the best one first; a chain of the channel.
        locales: Vec<Locale>,
        pricing: PricingContext,
    },
    /// Working copies.
    Management {
        /// A locale of any channel to read texts in; all texts are searched when absent.
        locale: Option<Locale>,
        /// Needed only by those who ask for prices.
        pricing: Option<PricingContext>,
    },
}

/// Which products are wanted; see [`Filter`](super::Filter) for what it means.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request has few of them, and none for long"
)]
pub enum FilterRequest {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// Stands in no other of its kind.
    Variant(Located<Box<Self>>),
    Is {
        field: Located<String>,
        test: TestRequest,
    },
}

impl FilterRequest {
    /// How deep filters may nest.
    pub const MAX_DEPTH: usize = 16;
    /// The most conditions of a request.
    pub const MAX_CONDITIONS: usize = 200;
    /// The most values of a request's conditions together.
    pub const MAX_VALUES: usize = 1000;
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request has few of them, and none for long"
)]
pub enum TestRequest {
    In(Vec<Located<Json>>),
    /// Of the field `category` only: in one of these or below it, unless only these themselves are meant.
    InCategory {
        categories: Vec<Located<Json>>,
        with_descendants: bool,
    },
    Range(RangeRequest),
    Exists(bool),
}

/// Unbounded where there is no bound; of two lower or upper bounds both hold.
#[derive(Debug, Clone, Default)]
pub struct RangeRequest {
    /// Where the range itself stands.
    pub at: String,
    pub gt: Option<Located<Json>>,
    pub gte: Option<Located<Json>>,
    pub lt: Option<Located<Json>>,
    pub lte: Option<Located<Json>>,
}

#[derive(Debug, Clone)]
pub struct FacetRequest {
    pub field: Located<String>,
    pub kind: FacetKindRequest,
    pub disjunctive: bool,
}

impl FacetRequest {
    pub const MAX: usize = 40;
    pub const MAX_TERMS: usize = 1000;
    pub const MAX_RANGES: usize = 100;
}

#[derive(Debug, Clone)]
pub enum FacetKindRequest {
    Terms {
        /// 1 to [`FacetRequest::MAX_TERMS`].
        limit: usize,
        order: TermOrder,
        search: Option<String>,
    },
    Ranges(Vec<RangeRequest>),
    Stats,
    /// Of the field `category` only.
    Tree,
}

/// The name of a field, or [`SortRequest::RELEVANCE`].
#[derive(Debug, Clone)]
pub struct SortRequest {
    pub field: Located<String>,
    pub descending: bool,
}

impl SortRequest {
    pub const RELEVANCE: &str = "relevance";
    pub const MAX: usize = 5;
}

/// Which texts of hits are shown with what was found in them: `name`, `description`, `brand`, `attributes.<key>`.
#[derive(Debug, Clone, Default)]
pub struct HighlightRequest {
    pub fields: Vec<Located<String>>,
    /// The most characters of each.
    pub fragment: usize,
}

impl HighlightRequest {
    pub const MAX_FIELDS: usize = 10;
    pub const FRAGMENT: usize = 200;
}

#[derive(Debug, Clone)]
pub struct SearchRequest {
    pub audience: Audience,
    /// At most [`SearchText::MAX`](super::SearchText::MAX) characters.
    pub text: Option<Located<String>>,
    /// Everything when absent.
    pub filter: Option<FilterRequest>,
    pub facets: Vec<FacetRequest>,
    /// By relevance when empty and there is a text, else newest first.
    pub sort: Vec<SortRequest>,
    /// 0 to 200.
    pub limit: usize,
    /// Where a page of the same request ended.
    pub after: Option<Place>,
    /// The answer has to reflect the change log up to here.
    pub min_position: Option<LogPosition>,
    pub highlight: HighlightRequest,
    pub explain: bool,
}

/// Products as they are shown, with what search knows of them. `T` is a
/// [`StoreProduct`](crate::storefront::StoreProduct) or a [`ProductState`](domain::product::ProductState).
#[derive(Debug, Clone)]
pub struct SearchPage<T> {
    pub hits: Vec<SearchHit<T>>,
    pub total: u64,
    /// Where the next page continues; `None` on the last.
    pub next: Option<Place>,
    /// In the order in which they were asked for.
    pub facets: Vec<FacetAnswer>,
    /// The answer reflects the change log up to here.
    pub position: LogPosition,
}

#[derive(Debug, Clone)]
pub struct SearchHit<T> {
    pub item: T,
    /// The first variant for which what is asked of variants holds.
    pub variant: Option<VariantId>,
    /// Escaped for HTML, with what was found between `<em>` and `</em>`, by the name of the field.
    pub highlights: Vec<(String, Vec<String>)>,
    /// For people.
    pub explanation: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FacetAnswer {
    Terms {
        values: Vec<TermCount>,
        /// How many values there are beyond those.
        others: u64,
    },
    /// In the order of the ranges.
    Ranges(Vec<u64>),
    Stats {
        /// `null` when there is none, as `max`.
        min: Json,
        max: Json,
        count: u64,
    },
    /// Parents before children.
    Tree(Vec<CategoryCount>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermCount {
    pub value: Json,
    /// What people read for it, where the catalog has a name.
    pub name: Option<String>,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    pub id: CategoryId,
    pub parent: Option<CategoryId>,
    /// In the best language.
    pub name: String,
    pub count: u64,
}

/// What someone is about to type.
#[derive(Debug, Clone)]
pub struct SuggestQuery {
    pub audience: Audience,
    pub text: Located<String>,
    /// 1 to 20, of each kind.
    pub limit: usize,
    pub min_position: Option<LogPosition>,
}

impl SuggestQuery {
    pub const MAX: usize = 20;
}

#[derive(Debug, Clone)]
pub struct Suggestions<T> {
    /// Best first.
    pub products: Vec<T>,
    /// Best first; with the name in the best language.
    pub categories: Vec<(CategoryId, String)>,
    /// With their products, most first.
    pub brands: Vec<(String, u64)>,
    pub position: LogPosition,
}

impl<T> Suggestions<T> {
    pub(super) fn with<U>(self, products: Vec<U>) -> Suggestions<U> {
        Suggestions {
            products,
            categories: self.categories,
            brands: self.brands,
            position: self.position,
        }
    }
}

/// What pages are continued by is bound to all of the request that decides which products there are and in which order.
impl SearchRequest {
    pub fn scope(&self) -> String {
        let Self {
            audience,
            text,
            filter,
            sort,
            ..
        } = self;
        let audience = match audience {
            // The instant moves on from page to page.
            Audience::Store {
                visit,
                locales,
                pricing,
            } => {
                let pricing = PricingContext {
                    at: None,
                    ..pricing.clone()
                };
                format!("{} {locales:?} {pricing:?}", visit.channel)
            }
            Audience::Management { locale, pricing } => {
                let pricing = pricing
                    .clone()
                    .map(|pricing| PricingContext { at: None, ..pricing });
                format!("{locale:?} {pricing:?}")
            }
        };
        format!("{audience} {text:?} {filter:?} {sort:?}")
    }
}
