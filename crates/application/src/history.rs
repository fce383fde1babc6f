//! What resources were: every version that the change log still has.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Recorded, Timestamp, Version};
use uuid::Uuid;

use crate::error::CatalogError;
use crate::store::StoreError;

/// One version of a resource, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub version: Version,
    /// The `updated_at` of the version.
    pub at: Timestamp,
    pub actor: String,
    pub request_id: String,
    /// The events of the change, such as `created,published`.
    pub events: String,
}

/// Reads the past of resources whose state is `S`, deleted ones too. The newest version is always there; of the others
/// those that are younger than what is kept.
#[async_trait]
pub trait HistoryReader<S>: Send + Sync + 'static {
    /// The versions before `before`, newest first, at most `limit`.
    async fn entries(
        &self,
        id: Uuid,
        before: Option<Version>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, StoreError>;

    /// The state at a version, `None` when it is not there, for whichever reason.
    async fn version(&self, id: Uuid, version: Version) -> Result<Option<S>, StoreError>;

    /// The state at an instant: that of the last version whose `updated_at` is not after it.
    async fn as_of(&self, id: Uuid, instant: Timestamp) -> Result<Option<S>, StoreError>;
}

/// Keeps the history from growing for ever.
#[async_trait]
pub trait HistoryUpkeep: Send + Sync + 'static {
    /// Removes what is older than `before`; how many entries. MUST keep the last entry of every resource.
    async fn forget_history(&self, before: Timestamp) -> Result<u64, StoreError>;
}

/// The past of one kind of resource.
pub struct History<S>(Arc<dyn HistoryReader<S>>);

impl<S> Clone for History<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Recorded + 'static> History<S> {
    pub fn new(reader: Arc<dyn HistoryReader<S>>) -> Self {
        Self(reader)
    }

    /// The versions before `before`, newest first, at most `limit`.
    pub async fn entries(
        &self,
        id: Uuid,
        before: Option<Version>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, CatalogError> {
        Ok(self.0.entries(id, before, limit).await?)
    }

    /// The newest state, be the resource deleted, of those kinds too of which nothing else is left then.
    pub async fn newest(&self, id: Uuid) -> Result<Option<S>, CatalogError> {
        match self.0.entries(id, None, 1).await?.first() {
            Some(entry) => Ok(self.0.version(id, entry.version).await?),
            None => Ok(None),
        }
    }

    /// The state at a version. `now` is where the resource stands.
    pub async fn version(&self, id: Uuid, now: &S, version: Version) -> Result<S, CatalogError> {
        let standing = now.record().version;
        match self.0.version(id, version).await? {
            Some(state) => Ok(state),
            // What every catalog begins with was written by no request.
            None if version == standing => Ok(now.clone()),
            None if (1..standing).contains(&version) => Err(CatalogError::HistoryExpired),
            None => Err(CatalogError::NotFound("version")),
        }
    }

    /// The state at an instant at which the resource existed and was not deleted. `now` is where it stands.
    pub async fn as_of(
        &self,
        id: Uuid,
        kind: &'static str,
        now: &S,
        instant: Timestamp,
    ) -> Result<S, CatalogError> {
        let (found, standing) = (self.0.as_of(id, instant).await?, now.record());
        let found = found.or_else(|| (instant >= standing.updated_at).then(|| now.clone()));
        match found {
            Some(state) if state.record().deleted_at.is_none() => Ok(state),
            None if instant >= standing.created_at => Err(CatalogError::HistoryExpired),
            Some(_) | None => Err(CatalogError::NotFound(kind)),
        }
    }
}
