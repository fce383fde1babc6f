//! Keeping jobs and what they found wrong.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use application::Fault;
use application::import::{ImportCounts, ImportFault, Job, JobStatus, JobStore};
use application::store::StoreError;
use async_trait::async_trait;
use domain::Timestamp;
use uuid::Uuid;

use super::dialect::Kind;
use super::{Database, Dialect, Failure, Query, Row, SqlCatalog};
use crate::rows::{Instant, RowError};

const FAULTS: &[(&str, Kind)] = &[
    ("job_id", Kind::Uuid),
    ("line", Kind::Int),
    ("pointer", Kind::Text),
    ("code", Kind::Text),
    ("detail", Kind::Text),
];

/// An instant that may be absent, as text that `nullif` and a cast turn back.
fn time(dialect: Dialect, place: &str) -> String {
    match dialect {
        Dialect::Postgres => format!("cast({place} as timestamptz)"),
        Dialect::Sqlite => place.to_owned(),
    }
}

fn optional(time: Option<Timestamp>) -> Option<String> {
    time.map(|t| Instant(t).into())
}

fn number(count: u64) -> Result<i64, Failure> {
    Ok(i64::try_from(count).map_err(RowError::from)?)
}

impl<D: Database> SqlCatalog<D> {
    async fn write_one(&self, query: Query) -> Result<u64, Failure> {
        let mut tx = self.database.begin().await?;
        let written = tx.execute(query).await?;
        tx.commit().await?;
        Ok(written)
    }
}

#[async_trait]
impl<D: Database> JobStore for SqlCatalog<D> {
    async fn create(&self, job: &Job) -> Result<(), StoreError> {
        let text = format!(
            "insert into jobs (id, status, format, dry_run, actor, created, updated, unchanged, failed, error, \
             created_at, updated_at, finished_at) \
             values ($1, $2, $3, $4 = 1, $5, $6, $7, $8, $9, $10, $11, $12, {})",
            time(D::DIALECT, "$13")
        );
        let query = Query::new(text)
            .with(job.id)
            .with(job.status.as_str())
            .with(job.format.as_str())
            .with(i64::from(job.dry_run))
            .with(job.actor.as_str())
            .with(number(job.counts.created)?)
            .with(number(job.counts.updated)?)
            .with(number(job.counts.unchanged)?)
            .with(number(job.counts.failed)?)
            .with(job.error.clone())
            .with(job.created_at)
            .with(job.updated_at)
            .with(optional(job.finished_at));
        self.write_one(query).await?;
        Ok(())
    }

    async fn update(&self, job: &Job, faults: &[ImportFault]) -> Result<bool, StoreError> {
        let text = format!(
            "update jobs set status = $2, created = $3, updated = $4, unchanged = $5, failed = $6, error = $7, \
             updated_at = $8, finished_at = {} where id = $1 \
             returning case when cancel_requested then '1' else '0' end",
            time(D::DIALECT, "$9")
        );
        let query = Query::new(text)
            .with(job.id)
            .with(job.status.as_str())
            .with(number(job.counts.created)?)
            .with(number(job.counts.updated)?)
            .with(number(job.counts.unchanged)?)
            .with(number(job.counts.failed)?)
            .with(job.error.clone())
            .with(job.updated_at)
            .with(optional(job.finished_at));
        let mut tx = self.database.begin().await?;
        let cancelled = match tx.fetch(query).await?.into_iter().next() {
            Some(mut row) => row.text().map_err(Failure::from)? == "1",
            None => return Ok(false),
        };
        if !faults.is_empty() {
            let rows: Vec<_> = faults
                .iter()
                .map(|ImportFault { line, fault }| {
                    let Fault {
                        pointer,
                        code,
                        detail,
                    } = fault;
                    // They quote the file, and no text of PostgreSQL holds a NUL.
                    let [pointer, detail] = [pointer, detail].map(|text| text.replace('\0', "\u{fffd}"));
                    serde_json::json!({
                        "job_id": job.id, "line": line, "pointer": pointer, "code": code, "detail": detail
                    })
                })
                .collect();
            let text = format!(
                "with {} insert into job_faults (job_id, line, pointer, code, detail) \
                 select job_id, line, pointer, code, detail from r",
                D::DIALECT.batch(FAULTS)
            );
            tx.execute(Query::new(text).with(serde_json::Value::Array(rows).to_string()))
                .await?;
        }
        tx.commit().await?;
        Ok(cancelled)
    }

    async fn find(&self, id: Uuid) -> Result<Option<Job>, StoreError> {
        let [created, updated, finished] =
            ["created_at", "updated_at", "finished_at"].map(|c| D::DIALECT.instant(c));
        let text = format!(
            "select cast(id as text), status, format, case when dry_run then '1' else '0' end, actor, \
             cast(created as text), cast(updated as text), cast(unchanged as text), cast(failed as text), error, \
             {created}, {updated}, {finished} from jobs where id = $1"
        );
        let rows = self.database.fetch(Query::new(text).with(id)).await?;
        Ok(rows
            .into_iter()
            .next()
            .map(job)
            .transpose()
            .map_err(Failure::from)?)
    }

    async fn faults(&self, id: Uuid, skip: u64, limit: u32) -> Result<Vec<ImportFault>, StoreError> {
        let query = Query::new(
            "select cast(line as text), pointer, code, detail from job_faults where job_id = $1 \
             order by ordinal limit $2 offset $3",
        );
        let query = query.with(id).with(i64::from(limit)).with(number(skip)?);
        let rows = self.database.fetch(query).await?;
        Ok(rows
            .into_iter()
            .map(fault)
            .collect::<Result<_, _>>()
            .map_err(Failure::from)?)
    }

    async fn request_cancel(&self, id: Uuid) -> Result<bool, StoreError> {
        let query =
            Query::new("update jobs set cancel_requested = true where id = $1 and status = 'running'");
        Ok(self.write_one(query.with(id)).await? == 1)
    }
}

fn job(mut row: Row) -> Result<Job, RowError> {
    let id = row.uuid()?;
    let status = row.text()?;
    Ok(Job {
        id,
        status: JobStatus::parse(&status).ok_or(RowError::Word(status))?,
        format: row.text()?,
        dry_run: row.text()? == "1",
        actor: row.text()?,
        counts: ImportCounts {
            created: row.parse()?,
            updated: row.parse()?,
            unchanged: row.parse()?,
            failed: row.parse()?,
        },
        error: row.optional()?,
        created_at: row.parse()?,
        updated_at: row.parse()?,
        finished_at: row.optional()?.map(|t| t.parse()).transpose()?,
    })
}

fn fault(mut row: Row) -> Result<ImportFault, RowError> {
    Ok(ImportFault {
        line: row.parse()?,
        fault: Fault {
            pointer: row.text()?,
            code: interned(row.text()?),
            detail: row.text()?,
        },
    })
}

/// Codes are constants of the program that stored them, perhaps of another version; there are few, so each is kept
/// once and for good.
fn interned(code: String) -> &'static str {
    static CODES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut codes = CODES.lock().unwrap_or_else(PoisonError::into_inner);
    let codes = codes.get_or_insert_default();
    if let Some(known) = codes.get(code.as_str()) {
        return known;
    }
    let leaked: &'static str = code.leak();
    codes.insert(leaked);
    leaked
}
