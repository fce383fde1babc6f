//! Product types, and holding products and variants against them.

mod service;
mod typing;

pub use service::{ProductTypeReader, ProductTypes, product_types};
pub use typing::Typing;
pub(crate) use typing::{Referral, lost_among, moment_of, new_referrals};
