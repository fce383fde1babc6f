//! The index of one plane on disk: generations in folders of their own, and a small file that names the one that answers.
//!
//! A generation is built in a folder that nothing names yet, and becomes the one that answers when the file is replaced,
//! which is one step. Whatever else lies in the folder when the process starts is left over, and is removed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use application::Clock;
use application::changelog::LogPosition;
use application::search::{Document, IndexStatus, Layout, SearchError};
use domain::ProductId;
use tantivy::{IndexWriter, Term};

use super::generation::{Committed, Generation, remove};
use super::view::View;

const CURRENT: &str = "current";
const PREFIX: &str = "generation-";

pub(super) struct Store {
    folder: PathBuf,
    catalog: String,
    clock: Arc<dyn Clock>,
    state: RwLock<State>,
    /// Of the generation that answers; opened when it is first needed.
    writer: Mutex<Option<IndexWriter>>,
}

#[derive(Default)]
struct State {
    view: Option<Arc<View>>,
    /// The number of the generation that is being built.
    building: Option<u64>,
    /// The number of the last generation.
    last: u64,
}

pub(super) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SearchError {
    SearchError::Failed(error.into())
}

#[derive(Debug, thiserror::Error)]
#[error("another rebuild has begun since")]
struct Superseded;

impl Store {
    pub(super) fn open(folder: PathBuf, catalog: &str, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let current = fs::read_to_string(folder.join(CURRENT)).ok();
        let view = current.as_deref().and_then(|name| opened(&folder, name, catalog));
        let mut last = 0;
        for entry in fs::read_dir(&folder)?.flatten() {
            let name = entry.file_name();
            let Some(number) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            last = last.max(number.parse().unwrap_or(0));
            if view.is_none() || name.to_str() != current.as_deref() {
                remove(&entry.path());
            }
        }
        let state = State {
            view: view.map(Arc::new),
            building: None,
            last,
        };
        Ok(Self {
            folder,
            catalog: catalog.to_owned(),
            clock,
            state: RwLock::new(state),
            writer: Mutex::new(None),
        })
    }

    pub(super) fn view(&self) -> Option<Arc<View>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.view.clone()
    }

    fn state(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> IndexStatus {
        let (view, is_rebuilding) = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            (state.view.clone(), state.building.is_some())
        };
        IndexStatus {
            is_ready: view.is_some(),
            is_rebuilding,
            position: view.as_ref().map(|view| view.committed.position()),
            documents: view.as_ref().map_or(0, |view| view.documents),
            variants: view.as_ref().map_or(0, |view| view.variants),
            bytes: view.as_ref().map_or(0, |view| view.generation.bytes()),
            segments: view.as_ref().map_or(0, |view| view.segments.len() as u64),
            changed_at: view.and_then(|view| view.committed.changed_at()),
        }
    }

    pub(super) fn apply(
        &self,
        documents: &[Document],
        gone: &[ProductId],
        position: LogPosition,
    ) -> Result<(), SearchError> {
        let mut slot = self.writer();
        let view = self.view().ok_or(SearchError::NotReady)?;
        let generation = &view.generation;
        let changes = !(documents.is_empty() && gone.is_empty());
        let changed_at = if changes {
            Some(self.clock.now())
        } else {
            view.committed.changed_at()
        };
        let mut write = || {
            let mut writer = match slot.take() {
                Some(writer) => writer,
                None => generation.following()?,
            };
            let ids = gone
                .iter()
                .copied()
                .chain(documents.iter().map(|document| document.id));
            for id in ids {
                writer.delete_term(Term::from_field_bytes(generation.fields.id, id.uuid().as_bytes()));
            }
            for document in documents {
                writer.add_document(generation.fields.document(document))?;
            }
            Generation::commit(&mut writer, &Committed::new(position, changed_at))?;
            *slot = Some(writer);
            View::of(Arc::clone(generation), Some(&view))
        };
        // A writer that failed is dropped, and with it everything that was not committed.
        let next = write().map_err(failed)?;
        self.state().view = next.map(Arc::new);
        Ok(())
    }

    pub(super) fn begin(self: &Arc<Self>, layout: Layout) -> Result<Building, SearchError> {
        let number = {
            let mut state = self.state();
            state.last += 1;
            state.building = Some(state.last);
            state.last
        };
        let path = self.folder.join(format!("{PREFIX}{number}"));
        let begun = Generation::create(path, &self.catalog, layout);
        let begun = begun.and_then(|generation| {
            let writer = generation.building()?;
            Ok((generation, writer))
        });
        let (generation, writer) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.end(number);
                return Err(failed(error));
            }
        };
        // Until it is the one that answers.
        generation.retire();
        Ok(Building {
            store: Arc::clone(self),
            number,
            writer: Some(writer),
            generation: Arc::new(generation),
        })
    }

    fn end(&self, number: u64) {
        let mut state = self.state();
        if state.building == Some(number) {
            state.building = None;
        }
    }

    fn swap(&self, number: u64, generation: &Arc<Generation>) -> Result<(), SearchError> {
        let view = View::of(Arc::clone(generation), None).map_err(failed)?;
        let mut writer = self.writer();
        let mut state = self.state();
        if state.building != Some(number) {
            return Err(failed(Superseded));
        }
        name_current(&self.folder, &format!("{PREFIX}{number}")).map_err(failed)?;
        generation.keep();
        let former = std::mem::replace(&mut state.view, view.map(Arc::new));
        state.building = None;
        *writer = None;
        if let Some(former) = former {
            former.generation.retire();
        }
        Ok(())
    }
}

/// What is there under the name, if it is whole and of this catalog.
fn opened(folder: &Path, name: &str, catalog: &str) -> Option<View> {
    // The name comes from a file: it must not lead elsewhere.
    name.strip_prefix(PREFIX)?.parse::<u64>().ok()?;
    let generation = match Generation::open(&folder.join(name), catalog) {
        Ok(Some(generation)) => generation,
        Ok(None) => {
            tracing::warn!(folder = %folder.display(), "the search index is damaged or not ours: it will be built again");
            return None;
        }
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "the search index cannot be read: it will be built again");
            return None;
        }
    };
    let view = View::of(Arc::new(generation), None);
    view.inspect_err(
        |error| tracing::warn!(%error, "the search index cannot be read: it will be built again"),
    )
    .ok()?
}

fn name_current(folder: &Path, name: &str) -> std::io::Result<()> {
    let next = folder.join("current.next");
    let mut file = File::create(&next)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    fs::rename(next, folder.join(CURRENT))?;
    File::open(folder)?.sync_all()
}

/// A generation that is being built.
pub(super) struct Building {
    store: Arc<Store>,
    number: u64,
    /// Before the generation, whose folder goes with it.
    writer: Option<IndexWriter>,
    generation: Arc<Generation>,
}

impl Building {
    pub(super) fn add(&self, documents: &[Document]) -> Result<(), SearchError> {
        if self.store.state().building != Some(self.number) {
            return Err(failed(Superseded));
        }
        let writer = self.writer.as_ref().ok_or_else(|| failed(Superseded))?;
        let add = |documents: &[Document]| {
            for document in documents {
                writer.add_document(self.generation.fields.document(document))?;
            }
            Ok::<_, tantivy::TantivyError>(())
        };
        let (first, second) = documents.split_at(documents.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| add(first));
            let own = add(second);
            match other.join() {
                Ok(other) => other.and(own).map_err(failed),
                Err(_) => Err(failed("documents could not be prepared")),
            }
        })
    }

    pub(super) fn finish(mut self, position: LogPosition) -> Result<(), SearchError> {
        let mut writer = self.writer.take().ok_or_else(|| failed(Superseded))?;
        let committed = Committed::new(position, Some(self.store.clock.now()));
        let mut finish = || {
            Generation::commit(&mut writer, &committed)?;
            // In two halves, which are merged at the same time.
            let segments = self.generation.index.searchable_segment_ids()?;
            let halves = segments
                .chunks(segments.len().div_ceil(2).max(2))
                .filter(|half| half.len() > 1);
            let merges: Vec<_> = halves.map(|half| writer.merge(half)).collect();
            for merge in merges {
                merge.wait()?;
            }
            Ok(())
        };
        finish().map_err(|error: tantivy::TantivyError| failed(error))?;
        drop(writer);
        self.store.swap(self.number, &self.generation)
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        self.store.end(self.number);
    }
}
