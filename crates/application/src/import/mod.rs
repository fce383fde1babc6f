//! Getting merchants' files in.
//!
//! Invariants: a record is taken in whole or not at all, only records that are bad themselves fail, and taking in the
//! same file again changes nothing.

mod commit;
mod importer;
mod jobs;
mod plan;
mod ports;
mod price;
mod record;
mod run;
mod wave;
mod whole;

pub use importer::{ImportError, ImportObserver, ImportOptions, ImportSummary, Importer, Progress, Wholes};
pub use jobs::ImportJobs;
pub use ports::{ImportCounts, ImportFault, Job, JobStatus, JobStore};
pub use record::{
    ImportCategory, ImportMode, ImportProduct, ImportRecord, ImportVariant, ImportWhole, MoreVariants,
    Record, SourceError,
};
