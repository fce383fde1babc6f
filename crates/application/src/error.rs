//! Why a use case did not do what it was asked. One type for all slices: they fail in the same few ways.

use domain::{RuleError, Version};

use crate::fault::Faults;
use crate::media::FileStoreError;
use crate::store::{Affected, ConflictRule, StoreError};
use uuid::Uuid;

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("this version was removed from the history")]
    HistoryExpired,
    #[error("the input is not valid")]
    Invalid(Faults),
    /// What is stored stands in the way of the request, not the request itself.
    #[error("what is stored is not as it would have to be for this")]
    Unfit(Faults),
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The stored version is not the one that the caller demands.
    #[error("the resource is at version {current}")]
    VersionConflict { current: Version },
    /// The resource exists, or doesn't, against the caller's demand.
    #[error("the precondition does not hold")]
    PreconditionFailed,
    #[error("{}", .rule.detail())]
    Conflict {
        rule: ConflictRule,
        pointer: String,
        existing: Option<Uuid>,
        affected: Option<Affected>,
    },
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    #[error("a request with this idempotency key is still running")]
    IdempotencyInProgress,
    #[error(transparent)]
    Files(#[from] FileStoreError),
    #[error(transparent)]
    Store(StoreError),
}

/// What callers do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    NotFound,
    Invalid,
    Conflict,
    Precondition,
    Unavailable,
    Internal,
}

impl CatalogError {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) | Self::HistoryExpired => ErrorKind::NotFound,
            Self::Invalid(_) | Self::IdempotencyKeyReused => ErrorKind::Invalid,
            Self::Unfit(_) | Self::Rule(_) | Self::Conflict { .. } | Self::IdempotencyInProgress => {
                ErrorKind::Conflict
            }
            Self::VersionConflict { .. } | Self::PreconditionFailed => ErrorKind::Precondition,
            Self::Files(_) | Self::Store(StoreError::Unavailable(_)) => ErrorKind::Unavailable,
            Self::Store(_) => ErrorKind::Internal,
        }
    }

    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "resource_not_found",
            Self::HistoryExpired => "history_expired",
            Self::Invalid(_) => "validation_failed",
            Self::Unfit(_) | Self::Rule(_) => "state_conflict",
            Self::VersionConflict { .. } => "version_conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::Conflict { rule, .. } => rule.code(),
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyInProgress => "idempotency_in_progress",
            Self::Files(_) | Self::Store(StoreError::Unavailable(_)) => "unavailable",
            Self::Store(_) => "internal",
        }
    }
}

impl From<StoreError> for CatalogError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => Self::Conflict {
                rule: conflict.rule,
                pointer: String::new(),
                existing: conflict.existing,
                affected: conflict.affected,
            },
            other => Self::Store(other),
        }
    }
}

impl From<Faults> for CatalogError {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}
