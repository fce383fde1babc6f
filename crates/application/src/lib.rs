//! What the catalog does: use cases, the ports they need, and the cache's policy. Adapters implement the ports;
//! nothing here knows a database, a cache server or HTTP.

pub mod access;
pub mod cache;
pub mod category;
pub mod cdn;
pub mod changelog;
pub mod channel;
mod clock;
mod error;
mod fault;
pub mod history;
mod ids;
pub mod import;
pub mod json;
pub mod media;
pub mod page;
pub mod pricing;
pub mod product;
pub mod product_type;
pub mod resource;
pub mod search;
pub mod store;
pub mod storefront;
#[cfg(feature = "testing")]
pub mod testing;
pub mod views;
mod write;

pub use clock::Clock;
pub use error::{CatalogError, ErrorKind};
pub use fault::{Fault, Faults, pointer_to};
pub use ids::Ids;
pub use write::{Decision, Render, Writer, replay};
