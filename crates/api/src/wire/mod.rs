//! What clients send and receive: one type per resource and direction, and the parsing into what use cases take.
//! HTTP and file imports share it, so that both refuse the same things with the same codes.

mod cache;
mod category;
mod category_tree;
mod channel;
mod decode;
mod duplication;
mod history;
mod listing;
mod media;
mod parse;
mod price;
mod price_list;
mod product;
mod product_type;
mod reference;
mod relocation;
mod resolution;
mod resource;
mod search;
mod store;
mod store_category;
mod values;
mod variant;
mod variant_sets;

pub(crate) use cache::{CacheBody, PurgeInput};
pub(crate) use category::{CategoryBody, CategoryInput};
pub(crate) use category_tree::{CategoryNode, StoreCategoryNode, TreeBody, nest};
pub(crate) use channel::ChannelInput;
pub(crate) use decode::{JsonError, MAX_DEPTH, ShapeFaults, decode, depth, parse_all, read_json};
pub(crate) use duplication::DuplicationInput;
pub(crate) use history::{DiffBody, HistoryEntryBody, RevertInput};
pub(crate) use media::{MediaFileBody, MediaInput};
pub(crate) use parse::Parser;
pub(crate) use price::{PriceBody, PriceInput, PriceLinesInput, UpsertBody};
pub(crate) use price_list::PriceListInput;
pub(crate) use product::{ProductBody, ProductInput};
pub(crate) use product_type::{ProductTypeInput, product_schema};
pub(crate) use reference::{canonical_id, category_ref, price_id, product_ref, resource_ref, variant_ref};
pub(crate) use relocation::RelocationInput;
pub(crate) use resolution::{
    Question, ResolutionBody, ResolveInput, ResolvedLineBody, StorePriceBody, StorePricesBody,
};
pub(crate) use resource::ResourceBody;
pub(crate) use search::{
    SearchBody, SearchInput, SearchParts, SearchSettingsInput, Shown, StatusBody, SuggestBody, SuggestedBody,
    SynonymsInput, facet_by_name, parse_filter, search_limit, search_text, sort_key,
};
pub(crate) use store::{RelatedBody, StoreProductBody, VariantPrices};
pub(crate) use store_category::{StoreCategoryBody, StoreCategoryParts};
pub(crate) use values::instant;
pub(crate) use variant::{VariantBody, VariantInput};
pub(crate) use variant_sets::{
    GeneratedBody, GenerationInput, LookupBody, LookupInput, OrderBody, OrderInput,
};
