//! Our side: how fast an index is made, how large it is, and how long answers take.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use application::changelog::LogPosition;
use application::search::{Level, Plane, SearchIndex as _, SuggestRequest};
use infrastructure::search_index::TantivyIndex;
use infrastructure::system::SystemClock;
use tempfile::TempDir;

use crate::Result;
use crate::catalog::Catalog;
use crate::memory::{Memory, on_disk, resident};
use crate::requests::{Request, Translator, stored};
use crate::sample::Sample;

/// Products handed over at once.
const PIECE: u64 = 2_000;

/// How an index came about.
#[derive(Clone, Copy)]
pub(crate) struct Built {
    /// From the first product to the last being found.
    pub(crate) took: Duration,
    /// To make the products alone, in between.
    pub(crate) generating: Duration,
    /// In bytes.
    pub(crate) disk: u64,
    /// After requests.
    pub(crate) memory: Memory,
    /// Until a change of one product is found, by a search with everything.
    pub(crate) changed: Duration,
}

impl Built {
    pub(crate) fn row(&self, products: u64) -> String {
        let million = |bytes: u64| bytes as f64 / products as f64;
        format!(
            "| {products} | {:.0} | {:.0} % | {:.0} MB/million | {:.0} MB/million | {:.0} MB/million | {:.0} ms |\n",
            products as f64 / self.took.as_secs_f64(),
            100.0 * self.generating.as_secs_f64() / self.took.as_secs_f64(),
            million(self.disk),
            million(self.memory.heap),
            million(self.memory.mapped),
            self.changed.as_secs_f64() * 1000.0,
        )
    }
}

pub(crate) struct Engine<'a> {
    catalog: &'a Catalog,
    translator: Translator,
    index: TantivyIndex,
    _folder: TempDir,
}

impl<'a> Engine<'a> {
    pub(crate) async fn build(catalog: &'a Catalog, folder: Option<&Path>) -> Result<(Self, Built)> {
        let folder = folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in)?;
        let before = resident()?;
        let index = TantivyIndex::open(folder.path(), "bench", Arc::new(SystemClock))?;
        let begun = Instant::now();
        let mut generating = Duration::ZERO;
        let mut building = index.rebuild(Plane::Store, Catalog::layout()).await?;
        let mut pieces = catalog.pieces(PIECE);
        loop {
            let started = Instant::now();
            let Some(products) = pieces.next() else {
                break;
            };
            let documents = products.iter().map(|product| catalog.document(product)).collect();
            generating += started.elapsed();
            building.add(documents).await?;
        }
        building.finish(LogPosition::default()).await?;
        let took = begun.elapsed();
        let engine = Self {
            catalog,
            translator: Translator::new(catalog)?,
            index,
            _folder: folder,
        };
        let changed = engine.change().await?;
        let built = Built {
            took,
            generating,
            disk: on_disk(engine.index.folder())?,
            memory: before,
            changed,
        };
        Ok((engine, built))
    }

    /// How long one product's change takes, with the answer that shows it.
    async fn change(&self) -> Result<Duration> {
        let requests = self.catalog.requests(1);
        let documents = vec![self.catalog.document(&self.catalog.product(0))];
        let started = Instant::now();
        self.index
            .apply(Plane::Store, documents, Vec::new(), LogPosition::default())
            .await?;
        for request in &requests {
            self.index
                .search(Plane::Store, self.translator.query(request, self.catalog))
                .await?;
        }
        Ok(started.elapsed())
    }

    /// One after the other; also how many products all of them found together.
    pub(crate) async fn search(&self, requests: &[Request]) -> Result<(Sample, u64)> {
        let (mut sample, mut found) = (Sample::default(), 0);
        // What is read from disk for the first time is no part of it.
        for (place, request) in requests.iter().take(20).chain(requests).enumerate() {
            let query = self.translator.query(request, self.catalog);
            let started = Instant::now();
            let answer = self.index.search(Plane::Store, query).await?;
            if place >= requests.len().min(20) {
                sample.add(started.elapsed());
                found += answer.total;
            }
        }
        Ok((sample, found))
    }

    pub(crate) async fn suggest(&self, beginnings: &[String]) -> Result<Sample> {
        let mut sample = Sample::default();
        for (place, typed) in beginnings.iter().take(20).chain(beginnings).enumerate() {
            let request = SuggestRequest {
                text: self.translator.text(typed.clone()),
                visit: None,
                values: vec![stored("brand", Level::Product, false)],
                limit: 8,
            };
            let started = Instant::now();
            self.index.suggest(Plane::Store, request).await?;
            if place >= beginnings.len().min(20) {
                sample.add(started.elapsed());
            }
        }
        Ok(sample)
    }
}
