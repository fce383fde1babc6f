//! Products and their variants.

mod create;
mod draft;
mod lifecycle;
mod ports;
mod revise;
mod service;
mod typed;
mod validate;
mod variant;

pub use create::NewProduct;
pub use draft::ProductDraft;
pub(crate) use draft::{known_categories, short, variant_faults};
pub use lifecycle::LifecycleStep;
pub use ports::{ProductFilter, ProductReader, ProductRef, ProductView, VariantReader, VariantRef};
pub use revise::{ReviseOptions, Revision};
pub use service::Products;
pub(crate) use typed::no_such_type;
pub use variant::{VariantOptions, VariantRevision, VariantStep, Variants};
