//! What is asked of an index, and what it answers.

use std::collections::HashMap;
use std::sync::Arc;

use domain::pricing::{Circumstances, PriceListState};
use domain::value::Currency;
use domain::{CategoryId, ChannelId, ProductId, Timestamp, VariantId};

use super::document::Value;
use super::settings::SearchSettings;

/// What says a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    Product,
    Variant,
}

/// A column of the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// One of [`Document::columns`](super::Document::columns) or of a variant's.
    Stored {
        name: String,
        level: Level,
        is_number: bool,
    },
    /// What the shopper pays for one piece of a variant, in the currency's smallest unit: a number of the variant. A
    /// variant without a price in the currency has no value, and none has one when the query says no [`PriceView`]. Prices
    /// in a list that is not among those of the view count for nothing.
    Price,
}

impl Column {
    pub const fn level(&self) -> Level {
        match self {
            Self::Stored { level, .. } => *level,
            Self::Price => Level::Variant,
        }
    }
}

/// Where a range ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Unbounded,
    Included(Value),
    Excluded(Value),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// One of the values is one of these.
    In(Vec<Value>),
    /// One of the values lies between these.
    Range(Bound, Bound),
    /// Whether there is any value.
    Exists(bool),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub column: Column,
    pub test: Test,
}

/// Which products are wanted.
///
/// A condition on a variant's column that stands outside of [`Filter::Variant`] holds for a product when it holds for any
/// variant of it. Inside, every condition is about one and the same variant, and those on the product's columns are about
/// the product. `Variant` never stands inside another. No condition on a variant's column holds for a product without
/// variants, `Exists(false)` neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Everything when empty.
    All(Vec<Self>),
    /// Nothing when empty.
    Any(Vec<Self>),
    Not(Box<Self>),
    /// One variant for which this holds.
    Variant(Box<Self>),
    Is(Condition),
}

/// How someone reads prices.
#[derive(Debug, Clone)]
pub struct PriceView {
    pub currency: Currency,
    pub circumstances: Circumstances,
    /// All lists of the catalog.
    pub lists: Arc<Vec<PriceListState>>,
}

/// A category's place in the tree. One whose parent the tree does not have stands at the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub parent: Option<CategoryId>,
}

pub type CategoryTree = HashMap<CategoryId, Category>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermOrder {
    /// Most products first, then by value.
    Count,
    Value,
}

#[derive(Debug, Clone)]
pub enum FacetKind {
    /// Values with how many products have them.
    Terms {
        limit: usize,
        order: TermOrder,
        /// Only values that contain this, both folded in no language (`und`); a number as it is written in decimals.
        search: Option<String>,
    },
    /// How many products have a value in each range.
    Ranges(Vec<(Bound, Bound)>),
    /// The least and the greatest of the values whose click would find a product, and how many products have any. Numbers
    /// only.
    Stats,
    /// How many products are in each category or below it; of a column with ids of categories as texts, as
    /// [`CategoryId`] displays. Values that are no category of the tree count nowhere.
    Tree(Arc<CategoryTree>),
}

/// What is to be counted.
///
/// The *selection* of a query is the first [`Filter::Variant`] among the members of its filter when that is
/// [`Filter::All`], or the filter itself when that is `Variant`. Its members are those of the `All` within it, or what is
/// within it. A filter that is no `All` is as one whose only member it is. *Refinements* of a column are the
/// [`Filter::Is`] on it among the members of the filter, and among those of the selection; what stands deeper is none.
///
/// A click on a value of a facet takes away the refinements of its column, and adds the condition that it has the value:
/// for a product's column to the filter, for a variant's to the selection, which is made when there is none. The count
/// beside a value is how many products the query then has. When it is not `disjunctive` the refinements stay. A selection
/// whose members are all taken away stays, and asks for a variant.
#[derive(Debug, Clone)]
pub struct Facet {
    pub column: Column,
    pub kind: FacetKind,
    pub disjunctive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FacetCounts {
    Terms {
        /// Never with a count of 0.
        values: Vec<(Value, u64)>,
        /// How many values there are beyond those.
        others: u64,
    },
    Ranges(Vec<u64>),
    Stats {
        min: Option<Value>,
        max: Option<Value>,
        /// Products that have a value.
        count: u64,
    },
    /// In any order, never with a count of 0.
    Tree(Vec<(CategoryId, u64)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// A number, best first when ascending. Without a text, and with one without any word, all are alike: 0.
    Relevance,
    /// By a column of the product or, of those variants that hold for the selection (all when there is none), the least
    /// value when ascending, the greatest when descending. Never one with several values of one product or variant.
    Column(Column),
    /// One of [`Document::sort_texts`](super::Document::sort_texts), folded in no language (`und`), byte by byte.
    Text(String),
}

/// What has no value comes last in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

/// The place of a hit in the order of its query: the values it is sorted by, then its id. Newer ids come first, whatever
/// the directions. There need not be a hit at a place: what comes after it is told by comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// One per sort key; `None` where the hit has no value.
    pub values: Vec<Option<Value>>,
    pub id: ProductId,
}

/// What someone typed.
#[derive(Debug, Clone)]
pub struct SearchText {
    /// At most [`SearchText::MAX`] characters.
    pub text: String,
    /// The place of the view in the layout.
    pub view: usize,
    pub settings: Arc<SearchSettings>,
}

impl SearchText {
    pub const MAX: usize = 1000;
    /// Words beyond these are not looked at.
    pub const MAX_WORDS: usize = 32;
}

#[derive(Debug, Clone)]
pub struct Query {
    pub text: Option<SearchText>,
    /// Only products that are on sale there then.
    pub visit: Option<(ChannelId, Timestamp)>,
    /// `None` when no price is asked for.
    pub prices: Option<PriceView>,
    pub filter: Filter,
    pub facets: Vec<Facet>,
    /// Ends with the id in any case.
    pub sort: Vec<Sort>,
    /// 0 to 200.
    pub limit: usize,
    /// Only hits after this place.
    pub after: Option<Place>,
    /// Whether hits tell how they came by their relevance.
    pub explain: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub id: ProductId,
    /// The first variant that holds for the selection, the first of all when there is no selection; `None` where the
    /// product has none.
    pub variant: Option<VariantId>,
    pub place: Place,
    /// For people; with a text only.
    pub explanation: Option<Vec<String>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// All that match, wherever the page begins.
    pub total: u64,
    /// Whether there are hits after the last of these; with a limit of 0, whether there are any after the place.
    pub has_more: bool,
    /// In the order in which they were asked for.
    pub facets: Vec<FacetCounts>,
}

/// What someone is about to type. For a text without any word nothing is suggested.
#[derive(Debug, Clone)]
pub struct SuggestRequest {
    pub text: SearchText,
    pub visit: Option<(ChannelId, Timestamp)>,
    /// A text column whose values are to be suggested, such as that of brands.
    pub values: Vec<Column>,
    /// Of each kind.
    pub limit: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggested {
    /// As a search for the text by relevance finds them.
    pub products: Vec<ProductId>,
    /// Of each column that was asked for, the values all words of the text (stop words and those in quotes too) begin a
    /// word of, both as the language of the view reads them; with how many products on sale have them, most first, then
    /// by value.
    pub values: Vec<Vec<(String, u64)>>,
}
