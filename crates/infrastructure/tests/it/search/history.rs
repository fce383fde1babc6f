//! An index and the reference, through the same history: products added, replaced and removed in batches, an index built
//! beside, a process that starts again.

use std::path::Path;
use std::sync::Arc;

use application::changelog::LogPosition;
use application::search::{
    Document, FacetCounts, Found, Hit, Passage, Plane, Query, SearchError, SearchIndex, SuggestRequest,
};
use domain::ProductId;
use infrastructure::search_index::TantivyIndex;
use infrastructure::system::SystemClock;
use tempfile::TempDir;

use super::generate::{Dice, World};
use super::reference::Reference;
use super::shrink::shrink;

struct Change {
    documents: Vec<Document>,
    gone: Vec<ProductId>,
}

pub(super) struct History {
    plane: Plane,
    seed: u64,
    dice: Dice,
    world: World,
    reference: Reference,
    folder: TempDir,
    /// `None` only while the process starts again.
    index: Option<TantivyIndex>,
    /// Everything since the beginning; the position of each is its place, from 1.
    changes: Vec<Change>,
    /// As many products there may be.
    products: usize,
}

pub(super) fn open(folder: &Path) -> TantivyIndex {
    TantivyIndex::open(folder, "generated", Arc::new(SystemClock)).unwrap()
}

fn position(number: usize) -> LogPosition {
    let number = i64::try_from(number).unwrap();
    LogPosition {
        transaction: number,
        position: number * 10,
    }
}

pub(super) fn outcome<T>(result: Result<T, SearchError>) -> Result<T, String> {
    result.map_err(|error| {
        format!(
            "{error}: {:?}",
            std::error::Error::source(&error).map(ToString::to_string)
        )
    })
}

impl History {
    pub(super) async fn begin(plane: Plane, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let world = World::new(&mut dice);
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path());
        let mut history = Self {
            plane,
            seed,
            reference: Reference::new(world.layout.clone()),
            products: *dice.pick(&[3, 20, 40, 40, 60, 120]),
            dice,
            world,
            folder,
            index: Some(index),
            changes: Vec::new(),
        };
        let query = history.query();
        let early = history.search(query).await;
        assert!(matches!(early, Err(SearchError::NotReady)), "{early:?}");
        history.rebuild().await;
        history
    }

    fn index(&self) -> &TantivyIndex {
        self.index.as_ref().unwrap()
    }

    pub(super) fn query(&mut self) -> Query {
        self.world.query(&mut self.dice, &self.reference.passages())
    }

    pub(super) async fn search(&self, query: Query) -> Result<Found, SearchError> {
        self.index().search(self.plane, query).await
    }

    /// Something happens, mostly a change.
    pub(super) async fn go_on(&mut self) {
        match self.dice.below(10) {
            0 => self.rebuild().await,
            1 => self.restart().await,
            _ => {}
        }
        for _ in 0..*self.dice.pick(&[1, 1, 1, 2, 6]) {
            self.change().await;
        }
    }

    async fn change(&mut self) {
        let most = *self.dice.pick(&[0, 1, 4, 20]);
        let mut documents: Vec<Document> = Vec::new();
        let mut gone = Vec::new();
        for _ in 0..most {
            let number = self.dice.below(self.products);
            let id = World::product(number);
            if gone.contains(&id) || documents.iter().any(|document| document.id == id) {
                continue;
            }
            if self.dice.percent(25) {
                gone.push(id);
            } else {
                documents.push(self.world.document(&mut self.dice, number));
            }
        }
        self.changes.push(Change { documents, gone });
        self.apply(self.changes.len()).await;
        let Some(Change { documents, gone }) = self.changes.last() else {
            unreachable!()
        };
        for document in documents {
            self.reference.put(document.clone());
        }
        for id in gone {
            self.reference.remove(*id);
        }
        self.check_status();
    }

    async fn apply(&self, number: usize) {
        let Change { documents, gone } = &self.changes[number - 1];
        let applied = self
            .index()
            .apply(self.plane, documents.clone(), gone.clone(), position(number))
            .await;
        outcome(applied).unwrap();
    }

    /// The index that answers stays while another one is built, also when that one is dropped.
    async fn rebuild(&mut self) {
        if self.dice.percent(20) {
            let mut dropped = self
                .index()
                .rebuild(self.plane, self.world.layout.clone())
                .await
                .unwrap();
            dropped
                .add(vec![self.world.document(&mut self.dice, 100_000)])
                .await
                .unwrap();
        }
        let mut another = self
            .index()
            .rebuild(self.plane, self.world.layout.clone())
            .await
            .unwrap();
        let documents: Vec<Document> = self.reference.documents().cloned().collect();
        for some in documents.chunks(1 + self.dice.below(50)) {
            another.add(some.to_vec()).await.unwrap();
            if !self.changes.is_empty() {
                self.ask().await;
            }
        }
        another.finish(position(self.changes.len())).await.unwrap();
        self.check_status();
    }

    /// What was applied is there, or is applied again.
    async fn restart(&mut self) {
        self.index = None;
        self.index = Some(open(self.folder.path()));
        assert_eq!(self.index().layout(self.plane).as_ref(), Some(&self.world.layout));
        let at = self.index().status(self.plane).position.unwrap();
        let at = (0..=self.changes.len()).find(|number| position(*number) == at);
        for number in at.expect("a position that was given")..self.changes.len() {
            self.apply(number + 1).await;
        }
        self.check_status();
    }

    fn check_status(&self) {
        let status = self.index().status(self.plane);
        let (documents, variants) = self
            .reference
            .documents()
            .fold((0, 0), |(documents, variants), document| {
                (documents + 1, variants + document.variants.len() as u64)
            });
        assert_eq!(
            (status.is_ready, status.is_rebuilding, status.position),
            (true, false, Some(position(self.changes.len()))),
        );
        assert_eq!(
            (status.documents, status.variants),
            (documents, variants),
            "seed {}",
            self.seed
        );
    }

    pub(super) async fn ask(&mut self) {
        let query = self.query();
        self.check(query).await;
    }

    async fn check(&self, query: Query) -> Found {
        let expected = self.reference.search(&query);
        let found =
            outcome(self.search(query.clone()).await).and_then(|found| differs(&query, found, &expected));
        match found {
            Ok(found) => found,
            Err(fault) => {
                let smaller = shrink(
                    &self.world.layout,
                    self.reference.documents().cloned().collect(),
                    query,
                )
                .await;
                panic!(
                    "seed {}, after {} changes: {fault}\n{smaller}",
                    self.seed,
                    self.changes.len()
                );
            }
        }
    }

    /// All pages, from the first to the last, while now and then products change between two of them.
    pub(super) async fn walk(&mut self) {
        let mut query = self.query();
        query.limit = 1 + self.dice.below(9);
        query.after = None;
        let changes = if self.dice.percent(30) { 15 } else { 0 };
        let mut walked = 0;
        loop {
            let page = self.check(query.clone()).await;
            walked += page.hits.len() as u64;
            if !page.has_more {
                if changes == 0 {
                    assert_eq!(walked, page.total, "seed {}: {query:#?}", self.seed);
                }
                return;
            }
            // What was counted is not counted again.
            query.facets.clear();
            query.after = page.hits.last().map(|hit| hit.place.clone());
            if self.dice.percent(changes) {
                self.change().await;
            }
        }
    }

    pub(super) async fn suggest(&mut self) {
        let passages: Vec<Passage> = self.reference.passages();
        let request: SuggestRequest = self.world.suggest_request(&mut self.dice, &passages);
        let expected = self.reference.suggest(&request);
        let suggested = outcome(self.index().suggest(self.plane, request.clone()).await);
        assert_eq!(
            suggested.as_ref(),
            Ok(&expected),
            "seed {}: {request:#?}",
            self.seed
        );
    }
}

/// What is found when that is what was expected.
pub(super) fn differs(query: &Query, found: Found, expected: &Found) -> Result<Found, String> {
    let is_explained = |hit: &Hit| match hit.explanation {
        Some(_) => query.explain,
        None => !query.explain || query.text.is_none(),
    };
    if !found.hits.iter().all(is_explained) {
        return Err("explained when not asked for, or not explained".to_owned());
    }
    let (a, b) = (comparable(&found), comparable(expected));
    if a.total != b.total {
        return Err(format!("{} hits instead of {}", a.total, b.total));
    }
    if a.hits != b.hits {
        return Err(format!("hits\n{:#?}\ninstead of\n{:#?}", a.hits, b.hits));
    }
    if a.has_more != b.has_more {
        return Err(format!("more: {} instead of {}", a.has_more, b.has_more));
    }
    for (index, facet) in query.facets.iter().enumerate() {
        let (a, b) = (a.facets.get(index), b.facets.get(index));
        if a != b {
            return Err(format!("{facet:?}\ncounts {a:#?}\ninstead of {b:#?}"));
        }
    }
    Ok(found)
}

/// Without explanations, and categories in an order.
fn comparable(found: &Found) -> Found {
    let mut found = found.clone();
    for hit in &mut found.hits {
        hit.explanation = None;
    }
    for facet in &mut found.facets {
        if let FacetCounts::Tree(counts) = facet {
            counts.sort_unstable();
        }
    }
    found
}
