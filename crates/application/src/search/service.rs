//! What HTTP asks of search.

use domain::Timestamp;
use domain::product::ProductState;

use super::ports::{Plane, SearchError};
use super::request::{SearchPage, SearchRequest, SuggestQuery, Suggestions};
use crate::changelog::LogPosition;
use crate::fault::Faults;
use crate::store::StoreError;
use crate::storefront::StoreProduct;

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchFailure {
    /// Item codes are `filter_unknown_field`, `filter_not_allowed`, `sort_not_allowed`, `reference_not_found`,
    /// `contradiction`, and those of values.
    #[error("the search is not valid")]
    Invalid(Faults),
    /// It is switched off.
    #[error("search is switched off")]
    Disabled,
    /// The index is being built.
    #[error("the search index is not there yet")]
    NotReady,
    /// What was demanded, or what the search is about, is not in the index yet.
    #[error("the search index has not caught up with what is asked of it")]
    NotCaughtUp,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the search index failed")]
    Failed(#[source] SearchError),
}

impl From<SearchError> for SearchFailure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::NotReady => Self::NotReady,
            failed @ SearchError::Failed(_) => Self::Failed(failed),
        }
    }
}

/// What an index is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneState {
    /// It is switched off.
    Disabled,
    /// It is made for the first time, or again after damage; there are no answers meanwhile.
    Building,
    /// Another one is made beside the one that answers.
    Rebuilding,
    /// It follows what is written.
    Following,
}

impl PlaneState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Building => "building",
            Self::Rebuilding => "rebuilding",
            Self::Following => "following",
        }
    }
}

/// How an index of this instance stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneStatus {
    pub plane: Plane,
    pub state: PlaneState,
    /// It has everything up to here.
    pub position: Option<LogPosition>,
    /// Changes in the log after that, at most [`PlaneStatus::MAX_LAG`].
    pub lag_changes: u64,
    /// How long ago the first of them was written.
    pub lag_millis: u64,
    pub documents: u64,
    pub variants: u64,
    /// On disk.
    pub bytes: u64,
    pub segments: u64,
    pub changed_at: Option<Timestamp>,
}

impl PlaneStatus {
    pub const MAX_LAG: u32 = 1000;
}

/// Searches the catalog.
#[derive(Clone)]
pub struct Search {}

impl Search {
    /// For shoppers; the audience of the request is [`Audience::Store`](super::Audience::Store).
    pub async fn store(&self, _request: SearchRequest) -> Result<SearchPage<StoreProduct>, SearchFailure> {
        Err(SearchFailure::Disabled)
    }

    /// For editors; the audience of the request is [`Audience::Management`](super::Audience::Management).
    pub async fn management(
        &self,
        _request: SearchRequest,
    ) -> Result<SearchPage<ProductState>, SearchFailure> {
        Err(SearchFailure::Disabled)
    }

    pub async fn suggest_store(
        &self,
        _query: SuggestQuery,
    ) -> Result<Suggestions<StoreProduct>, SearchFailure> {
        Err(SearchFailure::Disabled)
    }

    pub async fn suggest_management(
        &self,
        _query: SuggestQuery,
    ) -> Result<Suggestions<ProductState>, SearchFailure> {
        Err(SearchFailure::Disabled)
    }

    /// How each plane's index stands.
    pub async fn status(&self) -> Result<Vec<PlaneStatus>, SearchFailure> {
        Err(SearchFailure::Disabled)
    }
}
