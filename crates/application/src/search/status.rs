//! How an index stands, and why a search has no answer.

use domain::Timestamp;

use super::ports::{Plane, SearchError};
use super::service::Search;
use crate::changelog::LogPosition;
use crate::fault::Faults;
use crate::store::StoreError;

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchFailure {
    /// Item codes are `filter_unknown_field`, `filter_not_allowed`, `sort_not_allowed`, `reference_not_found`,
    /// `contradiction`, `too_deep`, `too_long`, and those of values.
    #[error("the search is not valid")]
    Invalid(Faults),
    /// The request is for the other plane: a defect of the caller.
    #[error("the request is not for this plane")]
    Audience,
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

impl Search {
    /// How each plane's index stands.
    pub async fn status(&self) -> Result<Vec<PlaneStatus>, SearchFailure> {
        let mut all = Vec::new();
        for follower in &self.0.followers {
            let index = self.0.ports.index.status(follower.plane);
            let standing = follower.standing.borrow().clone();
            let position = standing.composer.is_some().then_some(standing.position);
            let log = &self.0.ports.log;
            let at = position.unwrap_or_default();
            let behind = log.changes(at, PlaneStatus::MAX_LAG).await?.len();
            let first = if behind == 0 {
                None
            } else {
                log.read(at, 1).await?.pop()
            };
            let age = first.map(|entry| self.0.ports.clock.now() - entry.time);
            all.push(PlaneStatus {
                plane: follower.plane,
                state: match position {
                    None => PlaneState::Building,
                    Some(_) if index.is_rebuilding => PlaneState::Rebuilding,
                    Some(_) => PlaneState::Following,
                },
                position,
                lag_changes: u64::try_from(behind).unwrap_or(u64::MAX),
                lag_millis: age
                    .and_then(|age| u64::try_from(age.num_milliseconds()).ok())
                    .unwrap_or(0),
                documents: index.documents,
                variants: index.variants,
                bytes: index.bytes,
                segments: index.segments,
                changed_at: index.changed_at,
            });
        }
        Ok(all)
    }
}
