//! Products and their variants.

mod create;
mod discard;
mod draft;
mod duplicate;
mod generate;
mod lifecycle;
mod ports;
mod publish;
mod references;
mod reorder;
mod revise;
mod service;
mod typed;
mod validate;
mod variant;

pub use create::NewProduct;
pub use draft::{ListingDraft, ProductDraft, RelationDraft};
pub(crate) use draft::{short, variant_faults};
pub use duplicate::Duplication;
pub use generate::{Generated, Generation, OptionValue};
pub use lifecycle::LifecycleStep;
pub use ports::{
    ProductFilter, ProductReader, ProductRef, ProductView, VariantFilter, VariantNames, VariantReader,
    VariantRef,
};
pub(crate) use publish::go_live;
pub(crate) use references::Found;
pub use revise::{ReviseOptions, Revision};
pub use service::Products;
pub(crate) use typed::no_such_type;
pub use variant::{VariantOptions, VariantRevision, VariantStep, Variants};
