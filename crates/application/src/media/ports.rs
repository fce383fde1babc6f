//! Where files are kept, how they are looked at, and how what is known of them is read.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use domain::media::{MediaState, MediaType};
use domain::value::Digest;
use domain::{MediaId, Timestamp};
use futures::stream::BoxStream;

use crate::page::{Page, PageRequest};
use crate::store::StoreError;

/// The ways to name a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaRef {
    Id(MediaId),
    /// By its bytes, as its address does.
    Digest(Digest),
}

/// Reads what is known of files. Absence is `Ok(None)`; deleted files are absent. Answers MUST reflect every commit that
/// was acknowledged before the call.
#[async_trait]
pub trait MediaReader: Send + Sync + 'static {
    async fn find(&self, media: MediaRef) -> Result<Option<MediaState>, StoreError>;

    async fn list(&self, page: &PageRequest) -> Result<Page<MediaState>, StoreError>;
}

/// The bytes of a file as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, FileStoreError>>;

/// Files cannot be kept or fetched now; the same may succeed later.
#[derive(Debug, thiserror::Error)]
#[error("the store of files failed")]
pub struct FileStoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl FileStoreError {
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// Keeps the bytes of files. Each file has bytes of its own, under its id, which no other file ever has: what is deleted
/// is nobody else's.
#[async_trait]
pub trait FileStore: Send + Sync + 'static {
    /// Keeps the bytes. After `Ok` they MUST outlast a crash of this process; before it no reader may see a part of them.
    /// Cancelled, all or nothing MUST be kept.
    async fn put(&self, id: MediaId, bytes: Bytes) -> Result<(), FileStoreError>;

    /// The bytes, or those of the range, which MUST lie within them; `None` when there are none. They MUST come in pieces,
    /// so that memory does not grow with the file.
    async fn get(&self, id: MediaId, range: Option<Range<u64>>)
    -> Result<Option<ByteStream>, FileStoreError>;

    /// The files whose bytes were kept before an instant, in any order, as they are found: memory MUST NOT grow with their
    /// number. What the store did not put there itself MUST be left out.
    fn kept_before(&self, instant: Timestamp) -> BoxStream<'static, Result<MediaId, FileStoreError>>;

    /// Forgets the bytes. To forget what is not there is no error.
    async fn delete(&self, id: MediaId) -> Result<(), FileStoreError>;
}

/// What the bytes of a file say of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileReport {
    /// `None` for all that is not one of [`MediaType::ALL`].
    pub media_type: Option<MediaType>,
    pub image: Probed,
}

/// Whether a picture tells its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// It is no picture.
    No,
    /// Its header is cut off or makes no sense.
    Unreadable,
    Size {
        width: u64,
        height: u64,
    },
}

/// Looks at the bytes of a file.
pub trait MediaInspector: Send + Sync + 'static {
    /// MUST read headers only and decode nothing: a picture of a few bytes can claim to be of any size. MUST NOT panic,
    /// whatever the bytes.
    fn inspect(&self, bytes: &[u8]) -> FileReport;
}
