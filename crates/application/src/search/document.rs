//! What is indexed of a product.

use domain::pricing::Validity;
use domain::product::Window;
use domain::value::Currency;
use domain::{ChannelId, PriceId, PriceListId, ProductId, VariantId};

/// A language by which words are folded and stemmed: the primary subtag of a BCP 47 tag, such as `de`; `und` for none.
pub type Language = String;

/// One way to read a catalog's texts: in a locale with what stands in for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TextView {
    /// The locales of the chain, joined by commas, such as `de-AT,de,en`; `*` for the texts of all locales at once.
    pub name: String,
    pub language: Language,
}

/// What the engine has to prepare for. Another layout needs another index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub views: Vec<TextView>,
    /// Changes when documents are made otherwise: by another release, or of other definitions of attributes.
    pub fingerprint: String,
}

/// Where words stand in a product, best first: a match in a name is worth more than one in a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextClass {
    Name,
    /// Brand, tags, SKUs, part numbers.
    Keyword,
    /// Searchable attributes.
    Attribute,
    /// The description.
    Body,
}

impl TextClass {
    pub const ALL: [Self; 4] = [Self::Name, Self::Keyword, Self::Attribute, Self::Body];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The place of the view in the layout.
    pub view: usize,
    pub class: TextClass,
    pub text: String,
}

/// A value in a column. A column has values of one of the two only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Number(i64),
    /// Compared byte by byte.
    Text(String),
}

/// Values by column, each column at most once. What has no value in a column does not name it.
pub type Columns = Vec<(String, Vec<Value>)>;

/// When a product is on sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// In every channel and always.
    Everywhere,
    In(Vec<(ChannelId, Window)>),
}

/// A price that a variant may have, for one piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPrice {
    pub list: PriceListId,
    /// `None` for a price that the variant carries itself.
    pub id: Option<PriceId>,
    pub currency: Currency,
    /// In the currency's smallest unit.
    pub minor: i64,
    pub validity: Validity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantDocument {
    pub id: VariantId,
    pub columns: Columns,
    pub prices: Vec<ListPrice>,
}

/// A product as it is searched in one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: ProductId,
    pub listed: Listed,
    pub passages: Vec<Passage>,
    /// SKUs, GTINs and keys as they are written, of the product and its variants; someone who types one means it.
    pub identifiers: Vec<String>,
    /// What the product says; variants say no column of these.
    pub columns: Columns,
    /// Texts to sort by, by column; the engine folds them, so that `Äpfel` stands beside `Apfel`.
    pub sort_texts: Vec<(String, String)>,
    /// In their order.
    pub variants: Vec<VariantDocument>,
}
