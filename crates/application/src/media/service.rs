//! Taking files in, giving them out, deleting them.
//!
//! Invariant: who finds a file finds its bytes. They are kept before the catalog knows of the file, and forgotten after
//! the catalog has; what is left by a crash in between is bytes that nothing leads to.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use domain::media::{MediaContent, MediaFile, MediaState, MediaType, Said};
use domain::value::Digest;
use domain::{MediaId, Timestamp};
use futures::{StreamExt, TryStreamExt};

use super::examine::examine;
use super::ports::{ByteStream, FileStore, MediaInspector, MediaReader, MediaRef};
use crate::error::CatalogError;
use crate::fault::Faults;
use crate::store::{Changes, Precondition, Receipt, StoreError, WriteContext};
use crate::write::{Decision, Render, Writer, check};

/// A file as it arrived.
#[derive(Debug, Clone)]
pub struct Upload {
    pub bytes: Bytes,
    pub digest: Digest,
    /// What the client says that it is.
    pub declared: Option<MediaType>,
    /// What the client calls it.
    pub name: Option<String>,
}

/// Makes what is said of a file from what is stored.
pub type MediaRevision<'a> = &'a (dyn Fn(&MediaState) -> Result<Said, Faults> + Send + Sync);

/// How many files are looked for in the catalog by one statement.
const AT_ONCE: usize = 500;

#[derive(Clone)]
pub struct MediaFiles {
    writer: Writer,
    reader: Arc<dyn MediaReader>,
    files: Arc<dyn FileStore>,
    inspector: Arc<dyn MediaInspector>,
}

/// Whether the bytes of an upload were kept, and whether the decision that took effect needs them.
#[derive(Default)]
struct Kept {
    put: AtomicBool,
    needed: AtomicBool,
}

impl MediaFiles {
    pub fn new(
        writer: Writer,
        reader: Arc<dyn MediaReader>,
        files: Arc<dyn FileStore>,
        inspector: Arc<dyn MediaInspector>,
    ) -> Self {
        Self {
            writer,
            reader,
            files,
            inspector,
        }
    }

    pub fn reader(&self) -> &dyn MediaReader {
        &*self.reader
    }

    /// Takes a file in. One with the same bytes that is there already is the answer, whatever it is called now.
    pub async fn upload(
        &self,
        upload: &Upload,
        context: &WriteContext,
        render: Render<'_, MediaState>,
    ) -> Result<Receipt, CatalogError> {
        let content = examine(upload, &*self.inspector, &context.actor)?;
        let id = MediaId::new(self.writer.id());
        let kept = Kept::default();
        let written = self
            .writer
            .write(context, || {
                Box::pin(self.decide_upload(id, upload, &content, &kept, context.dry_run, render))
            })
            .await;
        let in_doubt = matches!(
            written,
            Err(CatalogError::Store(
                StoreError::Unavailable(_) | StoreError::Internal(_)
            ))
        );
        let took_effect = written.as_ref().is_ok_and(|receipt| !receipt.replayed);
        let needed = kept.needed.load(Ordering::Relaxed) && took_effect;
        if kept.put.load(Ordering::Relaxed) && !needed && !in_doubt {
            self.forget(id).await;
        }
        written
    }

    async fn decide_upload(
        &self,
        id: MediaId,
        upload: &Upload,
        content: &MediaContent,
        kept: &Kept,
        dry_run: bool,
        render: Render<'_, MediaState>,
    ) -> Result<Decision, CatalogError> {
        let known = self.reader.find(MediaRef::Digest(content.digest)).await?;
        kept.needed.store(known.is_none(), Ordering::Relaxed);
        if let Some(known) = known {
            return Ok(Decision {
                changes: Changes::default(),
                receipt: render(&known, false),
            });
        }
        if !dry_run && !kept.put.load(Ordering::Relaxed) {
            self.files.put(id, upload.bytes.clone()).await?;
            kept.put.store(true, Ordering::Relaxed);
        }
        let file = MediaFile::create(id, content.clone(), self.writer.now());
        Ok(decision(file, render, true))
    }

    /// Applies `revision` to what is said of the file when it takes effect.
    pub async fn describe(
        &self,
        id: MediaId,
        revision: MediaRevision<'_>,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, MediaState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let found = self.reader.find(MediaRef::Id(id)).await?;
            let stored = found.ok_or(CatalogError::NotFound("media"))?;
            let said = revision(&stored)?;
            check(precondition, Some(&stored.record))?;
            let mut file = MediaFile::load(stored);
            file.describe(said, self.writer.now())?;
            Ok(decision(file, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// Forgets bytes that no file of the catalog has and that were kept before `before`; of how many files. An upload keeps
    /// its bytes a moment before the catalog knows of the file: `before` MUST be further back than any upload takes.
    pub async fn sweep(&self, before: Timestamp) -> Result<u64, CatalogError> {
        let mut kept = self.files.kept_before(before);
        let mut swept = 0;
        loop {
            let some: Vec<MediaId> = kept.by_ref().take(AT_ONCE).try_collect().await?;
            if some.is_empty() {
                return Ok(swept);
            }
            let known = self.writer.store().media_digests(&some).await?;
            let known: HashSet<_> = known.into_iter().map(|(id, _)| id).collect();
            for id in some.into_iter().filter(|id| !known.contains(id)) {
                self.files.delete(id).await?;
                swept += 1;
            }
        }
    }

    /// Deletes a file that no resource shows; its bytes with it.
    pub async fn delete(
        &self,
        id: MediaId,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, MediaState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let found = self.reader.find(MediaRef::Id(id)).await?;
            let mut file = found
                .map(MediaFile::load)
                .ok_or(CatalogError::NotFound("media"))?;
            check(precondition, Some(&file.state().record))?;
            file.delete(self.writer.now())?;
            Ok(decision(file, render, false))
        };
        let receipt = self.writer.write(context, || Box::pin(decide())).await?;
        if !receipt.replayed && !context.dry_run {
            self.forget(id).await;
        }
        Ok(receipt)
    }

    /// The bytes of a file, or those of the range, which lies within them.
    pub async fn open(
        &self,
        media: &MediaState,
        range: Option<Range<u64>>,
    ) -> Result<Option<ByteStream>, CatalogError> {
        Ok(self.files.get(media.id, range).await?)
    }

    /// Bytes that cannot be forgotten now are in nobody's way: nothing leads to them.
    async fn forget(&self, id: MediaId) {
        if let Err(error) = self.files.delete(id).await {
            tracing::warn!(%id, error = &error as &dyn std::error::Error, "the bytes of a file are left behind");
        }
    }
}

fn decision(file: MediaFile, render: Render<'_, MediaState>, created: bool) -> Decision {
    let receipt = render(file.state(), created);
    Decision {
        changes: file.into_change().map(Changes::from).unwrap_or_default(),
        receipt,
    }
}
