//! Search: what may be asked, what is indexed, and the port of the engine.
//!
//! Two planes are searched, each a set of [`Document`]s of its own: what shoppers see, and the working copies. An engine
//! knows columns and texts only; which of them there are, and what a request's words mean, is decided here.

mod answer;
mod compose;
mod copy;
mod document;
mod fields;
mod follow;
mod ground;
mod kind;
mod ports;
mod query;
mod request;
mod resolve;
mod service;
mod settings;
mod status;
mod suggest;
mod views;

pub use compose::Composer;
pub use copy::{CopyAttributes, CopyReader, CopyValue, ProductCopy, Texts, VariantCopy};
pub use document::{
    Columns, Document, Language, Layout, ListPrice, Listed, Passage, TextClass, TextView, Value,
    VariantDocument,
};
pub use fields::{Field, FieldFault, Fields};
pub use ground::GroundPorts;
pub use kind::{FieldChoice, FieldKind, ValueFault};
pub use ports::{IndexStatus, Plane, Rebuild, SearchError, SearchIndex};
pub use query::{
    Bound, Category, CategoryTree, Column, Condition, Facet, FacetCounts, FacetKind, Filter, Found, Hit,
    Level, Place, PriceView, Query, SearchText, Sort, SortKey, SuggestRequest, Suggested, TermOrder, Test,
};
pub use request::{
    Audience, CategoryCount, FacetAnswer, FacetKindRequest, FacetRequest, FilterRequest, HighlightRequest,
    Located, RangeRequest, SearchHit, SearchPage, SearchRequest, SortRequest, SuggestQuery, Suggestions,
    TermCount, TestRequest,
};
pub use service::{Search, SearchPolicy, SearchPorts};
pub use settings::{
    SearchSettings, SearchSettingsId, SearchSettingsReader, SearchSettingsService, SearchSettingsState,
    Synonyms, search_settings,
};
pub use status::{PlaneState, PlaneStatus, SearchFailure};
