//! Uploaded files: pictures and documents that resources show.

mod examine;
mod ports;
mod service;
mod settle;

pub use ports::{
    ByteStream, FileReport, FileStore, FileStoreError, MediaInspector, MediaReader, MediaRef, Probed,
};
pub use service::{MediaFiles, MediaRevision, Upload};
pub(crate) use settle::{Settled, named, settle};
