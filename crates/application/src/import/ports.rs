//! Jobs: long work that outlives the request that asked for it.

use async_trait::async_trait;
use domain::Timestamp;
use uuid::Uuid;

use crate::fault::Fault;
use crate::store::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl JobStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// What an import did so far. A record is one product with its variants, or one category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub failed: u64,
}

/// A record that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFault {
    /// Counted from 1, the line on which the record, or the faulty row of it, begins.
    pub line: u64,
    pub fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: Uuid,
    pub status: JobStatus,
    pub format: String,
    pub dry_run: bool,
    pub actor: String,
    pub counts: ImportCounts,
    /// Why the job as a whole failed.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// Where jobs are kept.
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    async fn create(&self, job: &Job) -> Result<(), StoreError>;

    /// Writes status, counts, error and times, and appends the faults. Returns whether cancellation was asked for.
    async fn update(&self, job: &Job, faults: &[ImportFault]) -> Result<bool, StoreError>;

    async fn find(&self, id: Uuid) -> Result<Option<Job>, StoreError>;

    /// Faults in the order in which they were found, after the first `skip`.
    async fn faults(&self, id: Uuid, skip: u64, limit: u32) -> Result<Vec<ImportFault>, StoreError>;

    /// Notes the wish to cancel; the job ends at its next update. `false` when there is no such running job.
    async fn request_cancel(&self, id: Uuid) -> Result<bool, StoreError>;
}
