//! Categories.

mod ports;
mod relocate;
mod remove;
mod resolve;
mod service;

pub use ports::{Audience, CategoryFilter, CategoryReader, CategoryRef, CategoryView, TreeNode, TreeRequest};
pub use relocate::{Destination, Place, Relocation};
pub use remove::{OnChildren, OnProducts, Removal};
pub(crate) use resolve::resolve;
pub(crate) use service::slug_from_name;
pub use service::{Categories, CategoryDraft, CategoryRevision};
