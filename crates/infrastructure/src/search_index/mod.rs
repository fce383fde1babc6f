//! The search engine within the process: tantivy keeps segments, terms and columns on disk; what is asked is worked out here,
//! over plain arrays, in an order that does not depend on segments.

pub mod analysis;
pub mod highlight;
pub mod lexicon;
pub mod text_fields;
pub mod text_match;
pub mod text_query;

mod accept;
mod bits;
mod columns;
mod decode;
mod dictionary;
mod facets;
mod filter;
mod generation;
mod listing;
mod lock;
mod order;
mod postings;
mod prices;
mod refine;
mod scan;
mod schema;
mod search;
mod segment;
mod store;
mod suggest;
mod texts;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use application::Clock;
use application::changelog::LogPosition;
use application::search::{
    Document, Found, IndexStatus, Layout, Plane, Query, Rebuild, SearchError, SearchIndex, SearchSettings,
    SuggestRequest, Suggested,
};
use async_trait::async_trait;
use domain::ProductId;
use tokio::sync::Semaphore;

use analysis::Analyzer;
use store::{Building, Store, failed};
use texts::Texts;

pub use lock::OpenError;

/// An index in a folder of this process.
pub struct TantivyIndex {
    management: Arc<Store>,
    store: Arc<Store>,
    /// Searching takes processors: more at once than there are would only slow all down.
    processors: Semaphore,
    texts: Arc<Texts>,
    folder: PathBuf,
    _lock: lock::Lock,
}

impl TantivyIndex {
    /// Opens what is there, and holds the folder as long as it lives. Where another process holds it, one beside it is
    /// taken, with `-2`, `-3` and so on after its name.
    ///
    /// `catalog` tells catalogs apart: the index of another one is as if it was not there.
    pub fn open(folder: &Path, catalog: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let (folder, lock) = lock::take(folder)?;
        let open = |plane: Plane, clock| {
            let store = Store::open(folder.join(plane.as_str()), catalog, clock);
            store.map(Arc::new).map_err(OpenError::Io)
        };
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            management: open(Plane::Management, Arc::clone(&clock))?,
            store: open(Plane::Store, clock)?,
            processors: Semaphore::new(processors),
            texts: Arc::default(),
            folder,
            _lock: lock,
        })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn plane(&self, plane: Plane) -> &Arc<Store> {
        match plane {
            Plane::Management => &self.management,
            Plane::Store => &self.store,
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    fn layout(&self, plane: Plane) -> Option<Layout> {
        self.plane(plane)
            .view()
            .map(|view| view.generation.layout.clone())
    }

    async fn apply(
        &self,
        plane: Plane,
        documents: Vec<Document>,
        gone: Vec<ProductId>,
        position: LogPosition,
    ) -> Result<(), SearchError> {
        let store = Arc::clone(self.plane(plane));
        blocking(move || store.apply(&documents, &gone, position)).await
    }

    async fn rebuild(&self, plane: Plane, layout: Layout) -> Result<Box<dyn Rebuild>, SearchError> {
        let store = Arc::clone(self.plane(plane));
        let building = blocking(move || store.begin(layout)).await?;
        Ok(Box::new(Rebuilding(Arc::new(building))))
    }

    async fn search(&self, plane: Plane, query: Query) -> Result<Found, SearchError> {
        let view = self.plane(plane).view().ok_or(SearchError::NotReady)?;
        let _processor = self.processors.acquire().await.map_err(failed)?;
        let texts = Arc::clone(&self.texts);
        blocking(move || search::search(&view, &texts, &query).map_err(failed)).await
    }

    async fn suggest(&self, plane: Plane, request: SuggestRequest) -> Result<Suggested, SearchError> {
        let view = self.plane(plane).view().ok_or(SearchError::NotReady)?;
        let _processor = self.processors.acquire().await.map_err(failed)?;
        let texts = Arc::clone(&self.texts);
        blocking(move || suggest::suggest(&view, &texts, &request).map_err(failed)).await
    }

    fn status(&self, plane: Plane) -> IndexStatus {
        self.plane(plane).status()
    }

    fn highlight(
        &self,
        text: &str,
        language: &str,
        settings: &SearchSettings,
        fragment: usize,
        texts: &[&str],
    ) -> Vec<Option<String>> {
        let matcher = highlight::matcher(text, language, settings, &self.texts.lexicons);
        let each = texts.iter();
        each.map(|text| highlight::highlight(&matcher, text, fragment))
            .collect()
    }

    fn rank(&self, text: &str, language: &str, settings: &SearchSettings, texts: &[&str]) -> Vec<usize> {
        let matcher = highlight::matcher(text, language, settings, &self.texts.lexicons);
        highlight::rank(&matcher, texts)
    }
}

struct Rebuilding(Arc<Building>);

#[async_trait]
impl Rebuild for Rebuilding {
    async fn add(&mut self, documents: Vec<Document>) -> Result<(), SearchError> {
        let building = Arc::clone(&self.0);
        blocking(move || building.add(&documents)).await
    }

    async fn finish(self: Box<Self>, position: LogPosition) -> Result<(), SearchError> {
        blocking(move || {
            let building =
                Arc::into_inner(self.0).ok_or_else(|| failed("documents are being added still"))?;
            building.finish(position)
        })
        .await
    }
}

/// What texts are compared by.
fn fold(text: &str) -> String {
    Analyzer::of("und").fold(text)
}
