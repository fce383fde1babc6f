//! Which stored variant a record means.

use std::collections::{HashMap, HashSet};

use domain::product::{VariantContent, VariantState};
use domain::value::Key;

use crate::import::record::ImportVariant;

/// The stored variants of a product, each to be matched once.
pub(super) struct Siblings {
    by_sku: HashMap<String, VariantState>,
    by_key: HashMap<Key, VariantState>,
}

impl Siblings {
    pub(super) fn new(siblings: Vec<VariantState>, variants: &[ImportVariant]) -> Self {
        let wanted: HashSet<_> = variants.iter().map(|v| v.content.sku.as_str()).collect();
        let (mut by_sku, mut by_key) = (HashMap::new(), HashMap::new());
        for sibling in siblings {
            // One that a record names by its SKU is not up for another record that has its key.
            if wanted.contains(sibling.content.sku.as_str()) {
                by_sku.insert(sibling.content.sku.to_string(), sibling);
            } else if let Some(key) = sibling.content.key.clone() {
                by_key.insert(key, sibling);
            }
        }
        Self { by_sku, by_key }
    }

    pub(super) fn take(&mut self, content: &VariantContent) -> Option<VariantState> {
        let by_sku = self.by_sku.remove(content.sku.as_str());
        by_sku.or_else(|| content.key.as_ref().and_then(|key| self.by_key.remove(key)))
    }
}
