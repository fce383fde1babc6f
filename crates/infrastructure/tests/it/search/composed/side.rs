//! One of the databases with the service over it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use application::Clock;
use application::changelog::LogPosition;
use application::search::{Composer, Document, Found, Plane, SearchPorts};
use application::testing::Harness;
use application::testing::fixtures::locale;
use domain::Timestamp;
use tempfile::TempDir;

use super::requests::{Question, Words};
use super::shop::Shop;
use crate::catalog::following::{Counting, Following, open, ports};

/// One of the databases, with the search that follows it.
pub(super) struct Side<'a> {
    pub(super) name: &'static str,
    pub(super) h: &'a Harness,
    index: Arc<Counting>,
    pub(super) following: Following,
    clock: Arc<Present>,
    pub(super) at: LogPosition,
    _folder: TempDir,
}

/// The present as the test has it.
struct Present(AtomicI64);

impl Clock for Present {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_micros(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

impl<'a> Side<'a> {
    pub(super) fn begin(name: &'static str, h: &'a Harness, now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = Arc::new(Counting::new(open(folder.path())));
        let clock = Arc::new(Present(AtomicI64::new(now.timestamp_micros())));
        Self {
            name,
            h,
            following: Following::start(SearchPorts {
                clock: clock.clone(),
                ..ports(h, index.clone())
            }),
            index,
            clock,
            at: LogPosition::default(),
            _folder: folder,
        }
    }

    pub(super) fn is_now(&self, now: Timestamp) {
        self.clock.0.store(now.timestamp_micros(), Ordering::Relaxed);
    }

    pub(super) async fn ask(&self, words: &Words<'_>, question: &Question) -> Result<Found, String> {
        let mut request = words.request(question);
        request.min_position = Some(self.at);
        let search = &self.following.search;
        let shown: Vec<_> = match question.plane {
            Plane::Store => {
                let page = search
                    .store(request)
                    .await
                    .map_err(|error| format!("{error:?}"))?;
                page.hits
                    .iter()
                    .map(|hit| (hit.item.product.id, hit.variant))
                    .collect()
            }
            Plane::Management => {
                let page = search
                    .management(request)
                    .await
                    .map_err(|error| format!("{error:?}"))?;
                page.hits.iter().map(|hit| (hit.item.id, hit.variant)).collect()
            }
        };
        let found = self.index.found.lock().await.take().unwrap();
        let hits: Vec<_> = found.hits.iter().map(|hit| (hit.id, hit.variant)).collect();
        if shown != hits {
            return Err(format!("shows {shown:?} of the hits {hits:?}"));
        }
        Ok(found)
    }

    /// Reads the database from the beginning to the end, without following it: a product of which something else is
    /// composed than was written.
    pub(super) async fn misread(&self, shop: &Shop, plane: Plane) -> Option<String> {
        let copies = self.h.copies.page(plane, None, 1000, Timestamp::UNIX_EPOCH);
        let composer = Composer::new(plane, &shop.types, &shop.channels, &locale("en"));
        let composed = copies
            .await
            .unwrap()
            .into_iter()
            .map(|copy| composer.compose(copy));
        let composed: BTreeMap<_, _> = composed
            .map(|document| (document.id, ordered(document)))
            .collect();
        let written = shop.documents(plane).into_iter();
        let written: BTreeMap<_, _> = written.map(|document| (document.id, ordered(document))).collect();
        let mut ids = written.keys().chain(composed.keys());
        let id = ids.find(|id| written.get(id) != composed.get(id))?;
        let (composed, written) = (composed.get(id), written.get(id));
        Some(format!("composed is\n{composed:#?}\ninstead of\n{written:#?}"))
    }
}

fn ordered(mut document: Document) -> Document {
    let of_variants = document.variants.iter_mut().map(|variant| &mut variant.columns);
    for columns in of_variants.chain([&mut document.columns]) {
        for (_, values) in columns.iter_mut() {
            values.sort();
        }
        columns.sort();
    }
    document
        .passages
        .sort_by(|a, b| (a.view, a.class, &a.text).cmp(&(b.view, b.class, &b.text)));
    document.sort_texts.sort();
    for variant in &mut document.variants {
        variant.prices.sort_by_key(|price| (price.id, price.currency));
    }
    document
}
