//! Categories.

mod ports;
mod resolve;
mod service;

pub use ports::{CategoryFilter, CategoryReader, CategoryRef, CategoryView};
pub(crate) use resolve::resolve;
pub(crate) use service::slug_from_name;
pub use service::{Categories, CategoryDraft, CategoryRevision, CategoryStep};
