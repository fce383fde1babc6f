//! The search index: documents of products in tantivy's segments, matched, counted and sorted by our own rules.

pub mod analysis;
pub mod highlight;
pub mod lexicon;
pub mod text_fields;
pub mod text_match;
pub mod text_query;
