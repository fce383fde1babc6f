//! What the import scenarios are told with.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::product::{ProductState, ProductStatus, VariantContent};
use domain::value::{Key, Metadata, Sku};
use domain::{ProductId, Timestamp};
use futures::stream;
use uuid::Uuid;

use super::super::fixtures::{key, product, text, variant};
use super::super::{Harness, context};
use crate::category::{CategoryDraft, CategoryRef};
use crate::changelog::LogPosition;
use crate::import::{
    ImportCategory, ImportCounts, ImportMode, ImportObserver, ImportOptions, ImportProduct, ImportRecord,
    ImportVariant, Importer, MoreVariants, Progress, Record, SourceError, Wholes,
};
use crate::product::{ProductDraft, ProductRef};
use crate::{Clock, Ids, Writer};

/// Time and ids after those of the harness.
pub(super) struct Counter(AtomicU64);

impl Counter {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Clock for Counter {
    fn now(&self) -> Timestamp {
        let micros = 1_900_000_000_000_000 + i64::try_from(self.next()).unwrap();
        Timestamp::from_timestamp_micros(micros).unwrap()
    }
}

impl Ids for Counter {
    fn next(&self) -> Uuid {
        let random = (u128::from(self.next()) * 0x9e37_79b9_7f4a_7c15) & 0x3fff_ffff_ffff_ffff;
        Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + random)
    }
}

#[derive(Default)]
pub(super) struct Told {
    pub(super) faults: Vec<String>,
    /// After how many batches to stop.
    pub(super) patience: Option<usize>,
}

#[async_trait]
impl ImportObserver for Told {
    async fn progressed(&mut self, progress: Progress) -> ControlFlow<()> {
        let faults = progress.faults.iter();
        self.faults
            .extend(faults.map(|f| format!("{} {} {}", f.line, f.fault.pointer, f.fault.code)));
        match &mut self.patience {
            Some(0 | 1) => ControlFlow::Break(()),
            Some(left) => {
                *left -= 1;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Continue(()),
        }
    }
}

/// What use cases write with, and the clock that it goes by.
pub(in crate::testing) fn writer(h: &Harness) -> (Writer, Arc<dyn Clock>) {
    let counter = Arc::new(Counter(AtomicU64::new(1 + h.number() * 1_000_000)));
    let writer = Writer::new(h.store.clone(), counter.clone(), counter.clone());
    (writer, counter)
}

pub(super) fn importer(h: &Harness) -> Importer {
    let writer = writer(h).0;
    let wholes = Wholes {
        types: crate::product_type::product_types(
            writer.clone(),
            h.types.clone(),
            Arc::new(super::super::AnySchema),
        ),
        channels: crate::channel::channels(writer.clone(), h.channels.clone(), h.price_lists.clone()),
        lists: crate::pricing::price_lists(writer.clone(), h.price_lists.clone(), h.channels.clone()),
        prices: crate::pricing::Prices::new(writer.clone(), h.price_lists.clone(), h.prices.clone()),
    };
    Importer::new(
        writer,
        h.products.clone(),
        h.categories.clone(),
        h.channels.clone(),
        h.typing(),
        wholes,
    )
}

pub(super) fn options(mode: ImportMode, dry_run: bool) -> ImportOptions {
    ImportOptions {
        mode,
        context: crate::store::WriteContext { dry_run, ..context() },
        place: std::convert::identity,
    }
}

/// Takes the records in as one batch, a line each.
pub(super) async fn take_in_with(
    h: &Harness,
    records: &[Record],
    options: &ImportOptions,
) -> (ImportCounts, Vec<String>) {
    let batch = records
        .iter()
        .cloned()
        .zip(1..)
        .map(|(record, line)| ImportRecord {
            line,
            content: Ok(record),
        });
    let batches: Vec<Result<Vec<_>, SourceError>> = vec![Ok(batch.collect())];
    let mut told = Told::default();
    let done = importer(h)
        .run(stream::iter(batches), options, &mut told)
        .await
        .unwrap();
    assert!(!done.cancelled);
    (done.counts, told.faults)
}

pub(super) async fn take_in(h: &Harness, records: &[Record]) -> (ImportCounts, Vec<String>) {
    take_in_with(h, records, &options(ImportMode::Upsert, false)).await
}

pub(super) fn counts(created: u64, updated: u64, unchanged: u64, failed: u64) -> ImportCounts {
    ImportCounts {
        created,
        updated,
        unchanged,
        failed,
    }
}

pub(super) fn category_record(name: &str, parent: Option<&str>) -> ImportCategory {
    ImportCategory {
        draft: CategoryDraft {
            key: key(name),
            parent: parent.map(|parent| CategoryRef::Key(Key::parse(parent).unwrap())),
            name: text(name),
            slug: None,
            description: None,
            position: 0,
            media: vec![],
            metadata: Metadata::default(),
        },
        only_if_missing: false,
    }
}

pub(super) fn a_category(name: &str, parent: Option<&str>) -> Record {
    Record::Category(Box::new(category_record(name, parent)))
}

pub(super) fn draft(name: &str) -> ProductDraft {
    ProductDraft {
        key: key(name),
        name: text(name),
        slug: None,
        description: None,
        brand: None,
        tags: vec![],
        categories: vec![],
        media: vec![],
        seo: None,
        option_axes: vec![],
        product_type: None,
        attributes: None,
        metadata: Metadata::default(),
        channels: Some(vec![]),
        relations: Some(vec![]),
    }
}

pub(super) fn of_sku(h: &Harness, sku: &str) -> VariantContent {
    VariantContent {
        sku: Sku::parse(sku).unwrap(),
        ..variant(h)
    }
}

pub(super) fn record(draft: ProductDraft, variants: Vec<VariantContent>) -> Record {
    Record::Product(Box::new(ImportProduct {
        draft,
        status: None,
        variants: placed(variants),
    }))
}

/// Variants on lines of their own, from 101.
pub(super) fn placed(variants: Vec<VariantContent>) -> Vec<ImportVariant> {
    let placed = variants
        .into_iter()
        .zip(101..)
        .map(|(content, line)| ImportVariant { line, content });
    placed.collect()
}

pub(super) fn a_product(h: &Harness, name: &str, sku: &str) -> Record {
    record(draft(name), vec![of_sku(h, sku)])
}

pub(super) fn standing(name: &str, status: ProductStatus) -> Record {
    Record::Product(Box::new(ImportProduct {
        draft: draft(name),
        status: Some(status),
        variants: vec![],
    }))
}

pub(super) fn more(name: &str, variants: Vec<VariantContent>) -> Record {
    Record::Variants(Box::new(MoreVariants {
        product: Key::parse(name).unwrap(),
        status: None,
        variants: placed(variants),
    }))
}

pub(super) async fn find(h: &Harness, name: &str) -> Option<ProductState> {
    let reference = ProductRef::Key(Key::parse(name).unwrap());
    h.products.find(&reference, false).await.unwrap()
}

pub(super) async fn skus(h: &Harness, product: ProductId) -> Vec<String> {
    let variants = h.products.variants_of(&[product]).await.unwrap();
    let mut skus: Vec<_> = variants.iter().map(|v| v.content.sku.to_string()).collect();
    skus.sort();
    skus
}

/// How many entries the log has. Adds one that is not counted and waits until it can be read: transactions in other
/// databases of the server may hold the log up.
pub(super) async fn log_length(h: &Harness) -> usize {
    let last = h.product(product(h)).await.id.uuid();
    loop {
        let log = h.log.read(LogPosition::default(), 10_000).await.unwrap();
        if log.last().is_some_and(|entry| entry.id == last) {
            return log.len() - 1;
        }
        tokio::task::yield_now().await;
    }
}
