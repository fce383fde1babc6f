//! Imports that outlive the request that asked for them.
//!
//! Invariant: a running job writes down that it is alive at least every [`HEARTBEAT`], so that one whose process died
//! is told from one that works.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::Stream;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::importer::{ImportError, ImportObserver, ImportOptions, ImportSummary, Importer, Progress};
use super::record::{ImportRecord, SourceError};
use super::{ImportCounts, ImportFault, Job, JobStatus, JobStore};
use crate::clock::Clock;
use crate::error::CatalogError;
use crate::ids::Ids;
use crate::store::StoreError;

/// How often a running job says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A running job that was silent for longer is taken for dead.
const SILENCE: TimeDelta = TimeDelta::seconds(60);
/// Why a job failed whose process ended first.
const INTERRUPTED: &str = "interrupted";
/// How often the end of a job is written down anew while the database is away, one heartbeat apart.
const FAREWELLS: usize = 10;

#[derive(Clone)]
pub struct ImportJobs {
    importer: Importer,
    jobs: Arc<dyn JobStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl ImportJobs {
    pub fn new(
        importer: Importer,
        jobs: Arc<dyn JobStore>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self {
            importer,
            jobs,
            clock,
            ids,
        }
    }

    /// Notes a job that [`run`](Self::run) is about to work on.
    pub async fn create(&self, format: &str, options: &ImportOptions) -> Result<Job, StoreError> {
        let now = self.clock.now();
        let job = Job {
            id: self.ids.next(),
            status: JobStatus::Running,
            format: format.to_owned(),
            dry_run: options.context.dry_run,
            actor: options.context.actor.clone(),
            counts: ImportCounts::default(),
            error: None,
            created_at: now,
            updated_at: now,
            finished_at: None,
        };
        self.jobs.create(&job).await?;
        Ok(job)
    }

    /// Does the job's work and writes down how it goes. Answers the job as it ended: once `stop` is there, with the
    /// batch that it is at, as interrupted.
    pub async fn run(
        &self,
        mut job: Job,
        batches: impl Stream<Item = Result<Vec<ImportRecord>, SourceError>> + Send + Unpin,
        options: &ImportOptions,
        stop: impl Future<Output = ()> + Send,
    ) -> Job {
        let cancelled = AtomicBool::new(false);
        let mut stopped = false;
        let mut unsaid = Vec::new();
        let (sender, mut progress) = mpsc::channel(1);
        let import = async {
            // The sender goes with the observer, and its end is how the telling knows of the import's.
            let mut observer = Reporter {
                sender,
                cancelled: &cancelled,
            };
            self.importer.run(batches, options, &mut observer).await
        };
        let telling = async {
            tokio::pin!(stop);
            let mut heartbeat = tokio::time::interval(HEARTBEAT);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    biased;
                    said = progress.recv() => match said {
                        Some(Progress { counts, faults }) => {
                            job.counts = counts;
                            unsaid.extend(faults);
                            self.report(&mut job, &mut unsaid, &cancelled).await;
                        }
                        None => break,
                    },
                    () = &mut stop, if !stopped => {
                        stopped = true;
                        cancelled.store(true, Ordering::Relaxed);
                    }
                    _ = heartbeat.tick() => self.report(&mut job, &mut unsaid, &cancelled).await,
                }
            }
        };
        // Side by side: the import may hold the one connection that a report waits for.
        let (result, ()) = tokio::join!(import, telling);
        let (status, error) = verdict(&job, result, stopped);
        job.status = status;
        job.error = error;
        self.finish(&mut job, &unsaid).await;
        job
    }

    /// The job; one whose process died is shown as failed.
    pub async fn find(&self, id: Uuid) -> Result<Job, CatalogError> {
        let mut job = self.jobs.find(id).await?.ok_or(CatalogError::NotFound("job"))?;
        if job.status == JobStatus::Running && self.clock.now() - job.updated_at > SILENCE {
            job.status = JobStatus::Failed;
            job.error = Some(INTERRUPTED.to_owned());
            job.finished_at = Some(job.updated_at);
        }
        Ok(job)
    }

    /// Faults in the order in which they were found, after the first `skip`.
    pub async fn faults(&self, id: Uuid, skip: u64, limit: u32) -> Result<Vec<ImportFault>, CatalogError> {
        self.find(id).await?;
        Ok(self.jobs.faults(id, skip, limit).await?)
    }

    /// Asks the job to end after the batch that it is at. A job that has ended stays as it is.
    pub async fn cancel(&self, id: Uuid) -> Result<Job, CatalogError> {
        self.jobs.request_cancel(id).await?;
        self.find(id).await
    }

    async fn report(&self, job: &mut Job, unsaid: &mut Vec<ImportFault>, cancelled: &AtomicBool) {
        job.updated_at = self.clock.now();
        match self.jobs.update(job, unsaid).await {
            Ok(wish) => {
                cancelled.fetch_or(wish, Ordering::Relaxed);
                unsaid.clear();
            }
            // The next report says it all again.
            Err(error) => tracing::warn!(job = %job.id, %error, "progress of an import was not written down"),
        }
    }

    async fn finish(&self, job: &mut Job, unsaid: &[ImportFault]) {
        for _ in 0..FAREWELLS {
            let now = self.clock.now();
            job.updated_at = now;
            job.finished_at = Some(now);
            match self.jobs.update(job, unsaid).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::warn!(job = %job.id, %error, "the end of an import was not written down");
                }
            }
            tokio::time::sleep(HEARTBEAT).await;
        }
    }
}

/// How a job ended.
fn verdict(
    job: &Job,
    result: Result<ImportSummary, ImportError>,
    stopped: bool,
) -> (JobStatus, Option<String>) {
    match result {
        Ok(ImportSummary { cancelled: true, .. }) if stopped => {
            (JobStatus::Failed, Some(INTERRUPTED.to_owned()))
        }
        Ok(ImportSummary { cancelled: true, .. }) => (JobStatus::Cancelled, None),
        Ok(_) => (JobStatus::Succeeded, None),
        Err(error) => {
            tracing::warn!(job = %job.id, error = &error as &dyn std::error::Error, "an import failed");
            let told = match &error {
                ImportError::Source(error) => error.to_string(),
                ImportError::Store(_) => error.code().to_owned(),
            };
            (JobStatus::Failed, Some(told))
        }
    }
}

struct Reporter<'a> {
    sender: mpsc::Sender<Progress>,
    cancelled: &'a AtomicBool,
}

#[async_trait]
impl ImportObserver for Reporter<'_> {
    async fn progressed(&mut self, progress: Progress) -> ControlFlow<()> {
        let heard = self.sender.send(progress).await.is_ok();
        if heard && !self.cancelled.load(Ordering::Relaxed) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
