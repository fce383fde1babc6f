//! The engine behind search.

use async_trait::async_trait;
use domain::ProductId;
use domain::Timestamp;

use super::document::{Document, Layout};
use super::query::{Found, Query, SuggestRequest, Suggested};
use super::settings::SearchSettings;
use crate::changelog::LogPosition;

/// Which copies of products are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plane {
    /// Working copies of products that are not deleted.
    Management,
    /// Published copies.
    Store,
}

impl Plane {
    pub const ALL: [Self; 2] = [Self::Management, Self::Store];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Store => "store",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It is being built for the first time, or again after damage.
    #[error("the search index is not there yet")]
    NotReady,
    /// The same call may succeed later.
    #[error("the search index failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexStatus {
    /// Whether there is an index that answers.
    pub is_ready: bool,
    /// Whether another one is being built.
    pub is_rebuilding: bool,
    /// The position in the change log up to which the index has everything.
    pub position: Option<LogPosition>,
    pub documents: u64,
    pub variants: u64,
    /// On disk.
    pub bytes: u64,
    pub segments: u64,
    /// When documents were last added or taken away.
    pub changed_at: Option<Timestamp>,
}

/// An index of a catalog that is one process's own.
///
/// What was applied MUST be there after a restart, or the position be that of an earlier call. An index that cannot be
/// read, is another release's, or has another layout, MUST be as if it was never there. Answers MUST be of one state of
/// the index, with everything in it that was applied before the call, and MUST be the same for the same state, in
/// whatever order and batches it came about.
#[async_trait]
pub trait SearchIndex: Send + Sync + 'static {
    /// The layout of the index that answers, `None` when there is none.
    fn layout(&self, plane: Plane) -> Option<Layout>;

    /// Replaces, adds and takes away documents, and notes the position they are of. A product stands in one of the two
    /// at most; ids without a document are no error. To be called by one task only for each plane. Nothing is applied
    /// when it fails.
    async fn apply(
        &self,
        plane: Plane,
        documents: Vec<Document>,
        gone: Vec<ProductId>,
        position: LogPosition,
    ) -> Result<(), SearchError>;

    /// Begins another index beside the one that answers. One that was begun before and not finished is dropped.
    async fn rebuild(&self, plane: Plane, layout: Layout) -> Result<Box<dyn Rebuild>, SearchError>;

    async fn search(&self, plane: Plane, query: Query) -> Result<Found, SearchError>;

    async fn suggest(&self, plane: Plane, request: SuggestRequest) -> Result<Suggested, SearchError>;

    fn status(&self, plane: Plane) -> IndexStatus;

    /// Each text, escaped for HTML, with what a search for `text` found in it between `<em>` and `</em>`; `None` for
    /// those in which it found nothing. Texts longer than `fragment` characters are cut around the first thing found.
    fn highlight(
        &self,
        text: &str,
        language: &str,
        settings: &SearchSettings,
        fragment: usize,
        texts: &[&str],
    ) -> Vec<Option<String>>;

    /// Which of the texts all words of `text` are found in, best first; for small sets such as names of categories.
    fn rank(&self, text: &str, language: &str, settings: &SearchSettings, texts: &[&str]) -> Vec<usize>;
}

/// An index in the making. Dropped, it leaves nothing behind.
#[async_trait]
pub trait Rebuild: Send + Sync {
    /// Adds documents of products that it does not have yet.
    async fn add(&mut self, documents: Vec<Document>) -> Result<(), SearchError>;

    /// Makes it the index that answers.
    async fn finish(self: Box<Self>, position: LogPosition) -> Result<(), SearchError>;
}
