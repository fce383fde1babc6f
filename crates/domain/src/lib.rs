//! The rules of a product catalog: values that are valid by construction and aggregates that keep their own
//! invariants. Nothing here does I/O, reads a clock or makes an id; time and ids are arguments.

pub mod category;
mod change;
pub mod channel;
mod id;
pub mod media;
pub mod pricing;
pub mod product;
pub mod product_type;
pub mod resource;
pub mod value;

pub use change::{Change, Event, Record, Recorded, RuleError};
pub use id::{CategoryId, ChannelId, MediaId, PriceId, PriceListId, ProductId, ProductTypeId, VariantId};

/// A version of a resource: 1 when created, one more with every change.
pub type Version = i64;

/// An instant in UTC with microsecond precision.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
