//! Products and their variants.

mod ports;

pub use ports::{ProductFilter, ProductReader, ProductRef, ProductView, VariantReader, VariantRef};
