//! What clients send and receive: one type per resource and direction, and the parsing into what use cases take.
//! HTTP and file imports share it, so that both refuse the same things with the same codes.

mod category;
mod category_tree;
mod channel;
mod decode;
mod history;
mod media;
mod parse;
mod product;
mod reference;
mod relocation;
mod resource;
mod store_category;
mod values;
mod variant;
mod variant_sets;

pub(crate) use category::{CategoryBody, CategoryInput};
pub(crate) use category_tree::{CategoryNode, StoreCategoryNode, TreeBody, nest};
pub(crate) use channel::ChannelInput;
pub(crate) use decode::{JsonError, MAX_DEPTH, ShapeFaults, decode, depth, parse_all, read_json};
pub(crate) use history::{DiffBody, HistoryEntryBody, RevertInput};
pub(crate) use media::MediaFileBody;
pub(crate) use parse::Parser;
pub(crate) use product::{ProductBody, ProductInput, StoreProductBody};
pub(crate) use reference::{canonical_id, category_ref, product_ref, resource_ref, variant_ref};
pub(crate) use relocation::RelocationInput;
pub(crate) use resource::ResourceBody;
pub(crate) use store_category::{StoreCategoryBody, StoreCategoryParts};
pub(crate) use values::instant;
pub(crate) use variant::{VariantBody, VariantInput};
pub(crate) use variant_sets::{
    GeneratedBody, GenerationInput, LookupBody, LookupInput, OrderBody, OrderInput,
};
