//! Getting merchants' files in.

mod ports;

pub use ports::{ImportCounts, ImportFault, Job, JobStatus, JobStore};
