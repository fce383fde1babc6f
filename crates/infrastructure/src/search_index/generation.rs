//! One index on disk: a folder with tantivy's files and a note of what it was made for.
//!
//! Invariant: a folder whose note cannot be read, or says something else than what is wanted, is no index.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use application::changelog::LogPosition;
use application::search::{Layout, TextView};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy};

use super::schema::Fields;
use super::text_fields;

/// Counts the ways in which documents were laid down.
const FORMAT: u32 = 2;
const NOTE: &str = "vitrine.json";
/// Ends the name of a folder that is being taken away.
const REMOVED: &str = "removed";
const FOLLOWING_MEMORY: usize = 64 << 20;
const BUILDING_MEMORY: usize = 256 << 20;

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Note {
    format: u32,
    catalog: String,
    fingerprint: String,
    views: Vec<NotedView>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct NotedView {
    name: String,
    language: String,
}

impl Note {
    fn of(catalog: &str, layout: &Layout) -> Self {
        let views = layout.views.iter().map(|view| NotedView {
            name: view.name.clone(),
            language: view.language.clone(),
        });
        Self {
            format: FORMAT,
            catalog: catalog.to_owned(),
            fingerprint: layout.fingerprint.clone(),
            views: views.collect(),
        }
    }

    fn layout(self) -> Layout {
        let views = self.views.into_iter().map(|view| TextView {
            name: view.name,
            language: view.language,
        });
        Layout {
            views: views.collect(),
            fingerprint: self.fingerprint,
        }
    }
}

/// What a commit says of itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Committed {
    transaction: i64,
    position: i64,
    /// When documents were last added or taken away, in microseconds.
    changed_at: Option<i64>,
}

impl Committed {
    pub(super) fn new(position: LogPosition, changed_at: Option<Timestamp>) -> Self {
        Self {
            transaction: position.transaction,
            position: position.position,
            changed_at: changed_at.map(|at| at.timestamp_micros()),
        }
    }

    pub(super) const fn position(&self) -> LogPosition {
        LogPosition {
            transaction: self.transaction,
            position: self.position,
        }
    }

    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at.and_then(Timestamp::from_timestamp_micros)
    }
}

/// Its folder is taken away with it when it is obsolete.
pub(super) struct Generation {
    pub(super) path: PathBuf,
    pub(super) layout: Layout,
    pub(super) fields: Fields,
    pub(super) index: Index,
    pub(super) reader: IndexReader,
    is_obsolete: AtomicBool,
}

impl Generation {
    pub(super) fn create(path: PathBuf, catalog: &str, layout: Layout) -> tantivy::Result<Self> {
        fs::create_dir_all(&path)?;
        let note = serde_json::to_vec(&Note::of(catalog, &layout)).map_err(std::io::Error::from)?;
        fs::write(path.join(NOTE), note)?;
        let fields = Fields::of(&layout);
        let index = Index::create_in_dir(&path, fields.schema.clone())?;
        Self::new(path, layout, fields, index)
    }

    /// `None` when what is there is none, or not for this catalog.
    pub(super) fn open(path: &Path, catalog: &str) -> tantivy::Result<Option<Self>> {
        let note = fs::read(path.join(NOTE))?;
        let Ok(note) = serde_json::from_slice::<Note>(&note) else {
            return Ok(None);
        };
        if (note.format, note.catalog.as_str()) != (FORMAT, catalog) {
            return Ok(None);
        }
        let layout = note.layout();
        let fields = Fields::of(&layout);
        let index = Index::open(MmapDirectory::open(path)?)?;
        if index.schema() != fields.schema || !index.validate_checksum()?.is_empty() {
            return Ok(None);
        }
        Self::new(path.to_owned(), layout, fields, index).map(Some)
    }

    fn new(path: PathBuf, layout: Layout, fields: Fields, index: Index) -> tantivy::Result<Self> {
        text_fields::register(&index);
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            path,
            layout,
            fields,
            index,
            reader,
            is_obsolete: AtomicBool::new(false),
        })
    }

    pub(super) fn committed(&self) -> tantivy::Result<Option<Committed>> {
        let payload = self.index.load_metas()?.payload;
        Ok(payload.and_then(|payload| serde_json::from_str(&payload).ok()))
    }

    pub(super) fn commit(writer: &mut IndexWriter, committed: &Committed) -> tantivy::Result<()> {
        let payload = serde_json::to_string(committed).map_err(std::io::Error::from)?;
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(())
    }

    /// For a few documents now and then.
    pub(super) fn following(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(FOLLOWING_MEMORY)
            .num_merge_threads(1)
            .build();
        let writer = self.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(4);
        policy.set_del_docs_ratio_before_merge(0.2);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// For all documents at once. Segments are merged in the end, and not over and over.
    pub(super) fn building(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(2)
            .memory_budget_per_thread(BUILDING_MEMORY)
            .num_merge_threads(2)
            .build();
        let writer = self.index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        Ok(writer)
    }

    pub(super) fn bytes(&self) -> u64 {
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        files
            .filter_map(|file| file.metadata().ok())
            .map(|file| file.len())
            .sum()
    }

    pub(super) fn keep(&self) {
        self.is_obsolete.store(false, Ordering::Relaxed);
    }

    pub(super) fn retire(&self) {
        self.is_obsolete.store(true, Ordering::Relaxed);
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        if self.is_obsolete.load(Ordering::Relaxed) {
            remove(&self.path);
        }
    }
}

/// Takes a folder away, from whoever writes into it still, too: they know it by a name that it no longer has.
pub(super) fn remove(path: &Path) {
    let removed = path.with_extension(REMOVED);
    if let Err(error) = fs::rename(path, &removed).and_then(|()| fs::remove_dir_all(&removed)) {
        // The next start takes away what is left.
        tracing::warn!(%error, path = %path.display(), "an old search index was not removed");
    }
}
