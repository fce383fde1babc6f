//! Searches and their answers on the wire.

mod answer;
mod filter;
mod question;
mod settings;

pub(crate) use answer::{SearchBody, Shown, StatusBody, SuggestBody, SuggestedBody};
pub(crate) use filter::parse as parse_filter;
pub(crate) use question::{
    SearchInput, SearchParts, facet_by_name, limit as search_limit, sort_key, text as search_text,
};
pub(crate) use settings::{SearchSettingsInput, SynonymsInput};
