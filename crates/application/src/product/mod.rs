//! Products and their variants.

mod create;
mod draft;
mod generate;
mod lifecycle;
mod ports;
mod reorder;
mod revise;
mod service;
mod variant;

pub use create::NewProduct;
pub use draft::ProductDraft;
pub(crate) use draft::{known_categories, short, variant_faults};
pub use generate::{Generated, Generation, OptionValue};
pub use lifecycle::LifecycleStep;
pub use ports::{
    ProductFilter, ProductReader, ProductRef, ProductView, VariantFilter, VariantNames, VariantReader,
    VariantRef,
};
pub use revise::{ReviseOptions, Revision};
pub use service::Products;
pub use variant::{VariantOptions, VariantRevision, VariantStep, Variants};
