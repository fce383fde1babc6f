//! Categories.

mod ports;

pub use ports::{CategoryFilter, CategoryReader, CategoryRef, CategoryView};
