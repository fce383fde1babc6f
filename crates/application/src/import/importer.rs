//! Taking a file in, batch by batch.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Stream, StreamExt};

use super::record::{ImportMode, ImportRecord, Record, SourceError};
use super::run::Run;
use super::wave::{Group, Item, groups, waves};
use super::{ImportCounts, ImportFault};
use crate::category::CategoryReader;
use crate::channel::{ChannelReader, Channels};
use crate::pricing::{PriceLists, Prices};
use crate::product::ProductReader;
use crate::product_type::{ProductTypes, Typing};
use crate::store::{StoreError, WriteContext};
use crate::write::Writer;

/// How a file is to be taken in.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    pub mode: ImportMode,
    /// With `dry_run` every record is checked and nothing kept. Records see the categories that earlier ones would
    /// have created; a record for a product that an earlier batch of the same file would have created is counted as
    /// an update without being held against it.
    pub context: WriteContext,
    /// From a place in a record (`/variants/0/sku`) to the place in the file that it came from.
    pub place: fn(String) -> String,
}

/// Why an import stopped before its end. What was stored until then stays; running it again is safe.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the import stopped: {0}")]
    Store(#[from] StoreError),
}

impl ImportError {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Source(_) => "unreadable",
            Self::Store(StoreError::Unavailable(_)) => "unavailable",
            Self::Store(_) => "internal",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportSummary {
    pub counts: ImportCounts,
    /// The observer had it stopped.
    pub cancelled: bool,
}

/// What an import did, told after every batch.
#[derive(Debug)]
pub struct Progress {
    /// Since the beginning.
    pub counts: ImportCounts,
    /// Of this batch, in the order of the file.
    pub faults: Vec<ImportFault>,
}

#[async_trait]
pub trait ImportObserver: Send {
    /// Called after every batch; `Break` ends the import.
    async fn progressed(&mut self, progress: Progress) -> ControlFlow<()>;
}

#[derive(Clone)]
pub struct Importer {
    pub(super) writer: Writer,
    pub(super) products: Arc<dyn ProductReader>,
    pub(super) categories: Arc<dyn CategoryReader>,
    pub(super) channels: Arc<ChannelReader>,
    pub(super) typing: Typing,
    pub(super) wholes: Wholes,
}

/// The use cases for what is not taken in by waves.
#[derive(Clone)]
pub struct Wholes {
    pub types: ProductTypes,
    pub channels: Channels,
    pub lists: PriceLists,
    pub prices: Prices,
}

impl Importer {
    pub fn new(
        writer: Writer,
        products: Arc<dyn ProductReader>,
        categories: Arc<dyn CategoryReader>,
        channels: Arc<ChannelReader>,
        typing: Typing,
        wholes: Wholes,
    ) -> Self {
        Self {
            writer,
            products,
            categories,
            channels,
            typing,
            wholes,
        }
    }

    /// Takes in the records of `batches`, a transaction per batch. Memory is that of a few batches, however many
    /// there are, save for a dry run, which remembers keys. Faulty records are told to `observer` and left out.
    pub async fn run(
        &self,
        mut batches: impl Stream<Item = Result<Vec<ImportRecord>, SourceError>> + Send + Unpin,
        options: &ImportOptions,
        observer: &mut dyn ImportObserver,
    ) -> Result<ImportSummary, ImportError> {
        let mut run = Run::new(options);
        loop {
            let batch = batches.next().await;
            let is_last = batch.is_none();
            let done = match batch {
                Some(Ok(batch)) => self.take_in(batch, &mut run).await.map_err(ImportError::from),
                None if run.waiting.is_empty() => break,
                None => self.finish(&mut run).await.map_err(ImportError::from),
                Some(Err(error)) => Err(error.into()),
            };
            let mut faults = std::mem::take(&mut run.faults);
            faults.sort_by_key(|fault| fault.line);
            let progress = Progress {
                counts: run.counts,
                faults,
            };
            let wish = observer.progressed(progress).await;
            done?;
            if is_last {
                break;
            }
            if wish.is_break() {
                return Ok(ImportSummary {
                    counts: run.counts,
                    cancelled: true,
                });
            }
        }
        Ok(ImportSummary {
            counts: run.counts,
            cancelled: false,
        })
    }

    async fn take_in(&self, batch: Vec<ImportRecord>, run: &mut Run<'_>) -> Result<(), StoreError> {
        let mut items = Vec::with_capacity(batch.len());
        for ImportRecord { line, content } in batch {
            match content {
                Ok(record) => items.push(Item { line, record }),
                Err(faults) => run.fail(faults),
            }
        }
        // What stands together is taken in together, in the order of the file.
        for group in groups(items) {
            match group {
                Group::Waves(items) => self.take_waves(items, run).await?,
                Group::Whole(line, record) => self.take_whole(line, *record, run).await?,
                Group::Prices(items) => self.take_prices(items, run).await?,
            }
        }
        Ok(())
    }

    async fn take_waves(&self, items: Vec<Item>, run: &mut Run<'_>) -> Result<(), StoreError> {
        for wave in waves(items) {
            // Categories first: the products of the wave may be in them.
            let (categories, products): (Vec<_>, Vec<_>) = wave
                .into_iter()
                .partition(|item| matches!(item.record, Record::Category(_)));
            for items in [categories, products] {
                let planned = self.plan(items, run).await?;
                self.commit(planned, run).await?;
            }
        }
        Ok(())
    }
}
