//! What is cached of a product: its final bodies, each under a schema tag.
//!
//! Invariant: a tag stands for one shape of bytes for ever. A change of a body's shape takes a new tag, and takes two
//! deployments: a first one that fences the new tag without using it, a second one that uses it, so that no running
//! instance writes a product without invalidating every tag that another one may serve.

use bytes::Bytes;
use domain::ProductId;

use crate::product::ProductView;

/// A form in which a product is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Representation {
    /// For editors, without the variants.
    Management,
    /// For editors, with the variants.
    Expanded,
}

impl Representation {
    pub const ALL: [Self; 2] = [Self::Management, Self::Expanded];

    /// The schema tag: two ASCII characters, part of every key and entry.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Management => "m2",
            Self::Expanded => "e2",
        }
    }

    /// The place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Management => 0,
            Self::Expanded => 1,
        }
    }
}

/// Names one cached body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey {
    pub product: ProductId,
    pub representation: Representation,
}

/// A body as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub body: Bytes,
    pub etag: String,
}

/// Makes bodies. MUST be a function of its arguments alone: what it answers is served to everyone for as long as the
/// view's revision lasts.
pub trait Encode: Send + Sync + 'static {
    fn product(&self, view: &ProductView, representation: Representation) -> Encoded;
}
