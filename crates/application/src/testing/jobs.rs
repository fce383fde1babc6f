//! Jobs.

use super::Harness;
use crate::Fault;
use crate::import::{ImportCounts, ImportFault, Job, JobStatus};

fn job(h: &Harness) -> Job {
    Job {
        id: h.id(),
        status: JobStatus::Running,
        format: "ndjson".to_owned(),
        dry_run: true,
        actor: "tester".to_owned(),
        counts: ImportCounts::default(),
        error: None,
        created_at: h.now(),
        updated_at: h.now(),
        finished_at: None,
    }
}

pub async fn are_kept(h: &Harness) {
    let mut job = job(h);
    assert_eq!(h.jobs.find(job.id).await.unwrap(), None);
    h.jobs.create(&job).await.unwrap();
    assert_eq!(h.jobs.find(job.id).await.unwrap(), Some(job.clone()));
    job.status = JobStatus::Failed;
    job.counts = ImportCounts {
        created: 1,
        updated: 2,
        unchanged: 3,
        failed: 4,
    };
    job.error = Some("the file ends in the middle".to_owned());
    job.updated_at = h.now();
    job.finished_at = Some(h.now());
    assert!(!h.jobs.update(&job, &[]).await.unwrap());
    assert_eq!(h.jobs.find(job.id).await.unwrap(), Some(job));
}

pub async fn faults_keep_their_order(h: &Harness) {
    let job = job(h);
    h.jobs.create(&job).await.unwrap();
    let fault = |line: u64| ImportFault {
        line,
        fault: Fault::new(format!("/variants/{line}"), "required", "is required"),
    };
    h.jobs.update(&job, &[fault(7), fault(3)]).await.unwrap();
    h.jobs.update(&job, &[fault(9)]).await.unwrap();
    assert_eq!(h.jobs.faults(job.id, 0, 2).await.unwrap(), [fault(7), fault(3)]);
    assert_eq!(h.jobs.faults(job.id, 2, 2).await.unwrap(), [fault(9)]);
}

pub async fn faults_may_quote_anything(h: &Harness) {
    let job = job(h);
    h.jobs.create(&job).await.unwrap();
    let fault = ImportFault {
        line: 1,
        fault: Fault::new("/a\0b\u{202e}\"", "unknown_field", "is not a field here: \0"),
    };
    h.jobs.update(&job, &[fault]).await.unwrap();
    let kept = h.jobs.faults(job.id, 0, 1).await.unwrap();
    assert_eq!(kept[0].fault.pointer, "/a\u{fffd}b\u{202e}\"");
}

pub async fn are_cancelled(h: &Harness) {
    let mut job = job(h);
    assert!(!h.jobs.request_cancel(job.id).await.unwrap());
    h.jobs.create(&job).await.unwrap();
    assert!(h.jobs.request_cancel(job.id).await.unwrap());
    assert!(h.jobs.update(&job, &[]).await.unwrap());
    job.status = JobStatus::Cancelled;
    h.jobs.update(&job, &[]).await.unwrap();
    assert!(!h.jobs.request_cancel(job.id).await.unwrap());
}
