//! The Handles that a file has had so far.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use application::import::ImportProduct;
use domain::product::{Axis, ProductStatus};

/// What later rows of a Handle need to know of its first ones.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) axes: Arc<[Axis]>,
    pub(super) variants: usize,
    pub(super) status: Option<ProductStatus>,
}

/// Hashes stand for Handles, to keep memory small; by 64 bits two of a million coincide once in 37 million files.
#[derive(Default)]
pub(super) struct Handles {
    seen: HashMap<u64, Seen>,
    /// Most products share a few lists of axes.
    axes: HashMap<Vec<Axis>, Arc<[Axis]>>,
}

impl Handles {
    pub(super) fn find(&self, handle: &[u8]) -> Option<Seen> {
        self.seen.get(&digest(handle)).cloned()
    }

    pub(super) fn add(&mut self, handle: &[u8], product: &ImportProduct) {
        let axes = &product.draft.option_axes;
        let shared = self
            .axes
            .entry(axes.clone())
            .or_insert_with(|| axes.as_slice().into());
        let seen = Seen {
            axes: Arc::clone(shared),
            variants: product.variants.len(),
            status: product.status,
        };
        self.seen.insert(digest(handle), seen);
    }
}

fn digest(handle: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    handle.hash(&mut hasher);
    hasher.finish()
}
