//! The search index: documents of products in tantivy's segments, matched, counted and sorted by our own rules.

pub mod analysis;
