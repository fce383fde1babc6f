//! Search over catalogs that were written into both databases, against the reference over what was written.
//!
//! The service composes documents of what the databases give and follows them while they change; the reference is told
//! what is in the catalog by whoever writes it. Of the requests that the variables in `differential` ask for, either
//! database gets about a tenth; walks, clicks and suggestions come on top.

mod changes;
mod contents;
mod documents;
mod grounds;
mod requests;
mod shop;
mod side;

use application::resource::ResourceRef;
use application::search::Level::{Product, Variant};
use application::search::{
    Column, Composer, Facet, FacetKind, Filter, Found, Passage, Plane, Query, SearchSettingsId, Sort,
    SortKey, SuggestQuery, SuggestRequest, TermOrder, TextClass,
};
use application::store::{Changes, StoreError};
use application::testing::fixtures::locale;
use application::testing::{Harness, context};
use domain::Event;
use domain::pricing::base_list;

use super::differential::{clicks, seeds};
use super::generate::{Dice, Kind, World};
use super::history::differs;
use super::reference::Reference;
use super::shrink::shrink;
use crate::catalog::{postgres, sqlite};
use documents::layout;
use requests::{Question, Words, audience};
use shop::Shop;
use side::Side;

const ROUNDS: usize = 16;
/// In each plane, beside those of walks and clicks.
const REQUESTS_PER_ROUND: usize = 3;

/// What is asked about; the last two are the management's alone.
const COLUMNS: &[Kind] = &[
    Kind::new("brand", Product, false, false, 80),
    Kind::new("tags", Product, false, true, 60),
    Kind::new("key", Product, false, false, 0),
    Kind::new("productType", Product, false, false, 0),
    Kind::new("createdAt", Product, true, false, 0),
    Kind::new("updatedAt", Product, true, false, 0),
    Kind::new("publishedAt", Product, true, false, 0),
    Kind::new("attributes.rank", Product, true, false, 40),
    Kind::new("attributes.years", Product, true, true, 50),
    Kind::new("attributes.motto", Product, false, false, 0),
    Kind::new("sku", Variant, false, false, 0),
    Kind::new("options.colour", Variant, false, false, 90),
    Kind::new("attributes.label", Variant, false, true, 50),
    Kind::new("weight", Variant, true, false, 60),
    Kind::new("attributes.sizes", Variant, true, true, 50),
    Kind::new("status", Product, false, false, 0),
    Kind::new("hasUnpublishedChanges", Product, false, false, 0),
];

struct History<'a> {
    seed: u64,
    shop: Shop,
    sides: Vec<Side<'a>>,
    written: usize,
    refused: usize,
    asked: usize,
    found: usize,
}

impl<'a> History<'a> {
    async fn begin(seed: u64, databases: [(&'static str, &'a Harness); 2]) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = World::new(&mut dice);
        world.columns = COLUMNS;
        let (_, h) = databases[0];
        let base = h
            .price_lists
            .find(&ResourceRef::Id(base_list()), false)
            .await
            .unwrap()
            .unwrap();
        let settings = ResourceRef::Id(SearchSettingsId::ONLY);
        let settings = h.search_settings.find(&settings, false).await.unwrap().unwrap();
        let shop = Shop::new(dice, world, base, settings);
        let now = shop.now;
        let mut history = Self {
            seed,
            shop,
            sides: databases.map(|(name, h)| Side::begin(name, h, now)).into(),
            written: 0,
            refused: 0,
            asked: 0,
            found: 0,
        };
        let grounds = history.shop.grounds();
        history.write(grounds).await;
        assert_eq!((history.written, history.refused), (1, 0));
        for _ in 0..16 {
            let changes = history.shop.edit();
            history.write(changes).await;
        }
        history
    }

    /// Into all databases, or none of them: what one refuses the others refuse for the same reason.
    async fn write(&mut self, changes: Changes) {
        if changes.is_empty() {
            return;
        }
        let mut outcomes = Vec::new();
        for side in &mut self.sides {
            outcomes.push(match side.h.store.commit(&changes, &context(), None).await {
                Ok(committed) => {
                    side.at = committed.position.unwrap();
                    Ok(())
                }
                Err(error @ (StoreError::Conflict(_) | StoreError::ReferenceGone)) => Err(error.to_string()),
                Err(error) => panic!("seed {}, {}: {error:?}\n{changes:#?}", self.seed, side.name),
            });
        }
        assert_eq!(outcomes[0], outcomes[1], "seed {}: {changes:#?}", self.seed);
        if outcomes[0].is_ok() {
            self.written += 1;
            self.shop.absorb(&changes);
            if changes
                .products
                .iter()
                .any(|change| change.events.contains(&Event::Restored))
            {
                self.know_versions().await;
            }
        } else {
            self.refused += 1;
        }
    }

    /// Variants go and come back with their product, and have other versions then.
    async fn know_versions(&mut self) {
        let ids: Vec<_> = self.shop.items.keys().copied().collect();
        let stored = self.sides[0].h.products.variants_of(&ids).await.unwrap();
        for variant in self.shop.items.values_mut().flat_map(|item| &mut item.variants) {
            if let Some(stored) = stored.iter().find(|stored| stored.id == variant.id) {
                variant.record = stored.record.clone();
            }
        }
    }

    async fn go_on(&mut self) {
        for _ in 0..*self.shop.dice.pick(&[1, 1, 1, 2, 3, 12]) {
            let changes = self.shop.change();
            self.write(changes).await;
        }
        if self.shop.dice.percent(60) {
            self.shop.pass();
            for side in &self.sides {
                side.is_now(self.shop.now);
            }
        }
    }

    fn reference(&self, plane: Plane) -> Reference {
        let mut reference = Reference::new(layout(plane));
        for document in self.shop.documents(plane) {
            reference.put(document);
        }
        reference
    }

    fn query(&mut self, plane: Plane, reference: &Reference) -> Query {
        self.shop.world.layout = layout(plane);
        self.shop.world.columns = match plane {
            Plane::Management => COLUMNS,
            Plane::Store => &COLUMNS[..COLUMNS.len() - 2],
        };
        let passages = reference.passages();
        let mut query = self.shop.world.query(&mut self.shop.dice, &passages);
        // Words of all that is searched, most of which is not said with the words of the world.
        if let Some(text) = &mut query.text
            && self.shop.dice.percent(40)
        {
            let class = *self.shop.dice.pick(&TextClass::ALL);
            let is_it = |passage: &&Passage| passage.view == text.view && passage.class == class;
            let those: Vec<&Passage> = passages.iter().filter(is_it).collect();
            if !those.is_empty() {
                let words = self.shop.dice.pick(&those).text.split(' ');
                text.text = words.take(2).collect::<Vec<_>>().join(" ");
            }
        }
        query
    }

    fn question(&mut self, plane: Plane, reference: &Reference) -> Question {
        let query = self.query(plane, reference);
        self.shop.question(plane, query)
    }

    /// For all there is with all that it has: no change may be missed.
    fn everything(&mut self, plane: Plane, reference: &Reference) -> Question {
        let query = self.query(plane, reference);
        let category = Column::Stored {
            name: "category".to_owned(),
            level: Product,
            is_number: false,
        };
        let columns = self.shop.world.columns.iter().map(|kind| kind.column());
        let facets = columns.chain([category, Column::Price]).map(|column| Facet {
            column,
            kind: FacetKind::Terms {
                limit: 100,
                order: TermOrder::Value,
                search: None,
            },
            disjunctive: true,
        });
        let by_price = Sort {
            key: SortKey::Column(Column::Price),
            descending: false,
        };
        let everything = Query {
            text: None,
            filter: Filter::All(vec![]),
            facets: facets.collect(),
            sort: vec![by_price],
            limit: 200,
            ..query
        };
        self.shop.question(plane, everything)
    }

    async fn round(&mut self, plane: Plane) {
        let reference = self.reference(plane);
        // Of several shoppers, as each sees a few of the prices only.
        for _ in 0..3 {
            let everything = self.everything(plane, &reference);
            self.check(&everything, &reference).await;
        }
        for _ in 0..REQUESTS_PER_ROUND {
            let question = self.question(plane, &reference);
            let found = self.check(&question, &reference).await;
            self.asked += 1;
            self.found += usize::from(found.total > 0);
        }
        let question = self.question(plane, &reference);
        match self.shop.dice.below(3) {
            0 => self.walk(question, &reference).await,
            1 => self.click(&question).await,
            _ => self.suggest(question, &reference).await,
        }
    }

    async fn check(&self, question: &Question, reference: &Reference) -> Found {
        let expected = reference.search(&question.query);
        for side in &self.sides {
            let found = self.ask(side, question).await;
            if let Err(fault) = found.and_then(|found| differs(&question.query, found, &expected)) {
                let plane = question.plane;
                let misread = side.misread(&self.shop, plane).await;
                let misread =
                    misread.unwrap_or_else(|| "composed at once, all is as it was written".to_owned());
                let documents = self.shop.documents(plane);
                let smaller = shrink(&layout(plane), documents, question.query.clone()).await;
                let (seed, name, written) = (self.seed, side.name, self.written);
                panic!(
                    "seed {seed}, {name}, {plane:?}, after {written} writes: {fault}\n{misread}\n{smaller}"
                );
            }
        }
        expected
    }

    async fn ask(&self, side: &Side<'_>, question: &Question) -> Result<Found, String> {
        let composer = Composer::new(
            question.plane,
            &self.shop.types,
            &self.shop.channels,
            &locale("en"),
        );
        let words = Words {
            fields: composer.fields(),
            tree: &self.shop.tree(),
            currency: question.query.prices.as_ref().unwrap().currency,
        };
        side.ask(&words, question).await
    }

    /// All pages.
    async fn walk(&mut self, mut question: Question, reference: &Reference) {
        question.query.limit = 1 + self.shop.dice.below(9);
        let mut walked = 0;
        loop {
            let page = self.check(&question, reference).await;
            walked += page.hits.len() as u64;
            if !page.has_more {
                assert_eq!(walked, page.total, "seed {}: {question:#?}", self.seed);
                return;
            }
            question.query.facets.clear();
            question.query.after = page.hits.last().map(|hit| hit.place.clone());
        }
    }

    async fn click(&self, question: &Question) {
        for side in &self.sides {
            let asked = async |query: Query| {
                let question = Question {
                    query,
                    ..question.clone()
                };
                self.ask(side, &question).await
            };
            if let Err(fault) = clicks(&question.query, asked).await {
                panic!("seed {}, {}: {fault}\n{question:#?}", self.seed, side.name);
            }
        }
    }

    async fn suggest(&mut self, question: Question, reference: &Reference) {
        let passages = reference.passages();
        let generated = self.shop.world.suggest_request(&mut self.shop.dice, &passages);
        let view = layout(question.plane)
            .views
            .iter()
            .position(|view| *view == question.view);
        let mut text = self.shop.text(generated.text);
        text.view = view.unwrap();
        let request = SuggestRequest {
            text,
            visit: question.query.visit,
            values: vec![COLUMNS[0].column()],
            limit: generated.limit.clamp(1, SuggestQuery::MAX),
        };
        let expected = reference.suggest(&request);
        for side in &self.sides {
            let query = SuggestQuery {
                audience: audience(&question),
                text: requests::located(request.text.text.clone()),
                limit: request.limit,
                min_position: Some(side.at),
            };
            let search = &side.following.search;
            let (products, brands) = match question.plane {
                Plane::Store => {
                    let found = search.suggest_store(query).await.unwrap();
                    let products = found.products.iter();
                    (products.map(|shown| shown.product.id).collect(), found.brands)
                }
                Plane::Management => {
                    let found = search.suggest_management(query).await.unwrap();
                    let products = found.products.iter();
                    (products.map(|shown| shown.id).collect::<Vec<_>>(), found.brands)
                }
            };
            assert_eq!(
                (products, &brands),
                (expected.products.clone(), &expected.values[0]),
                "seed {}, {}: {request:#?}",
                self.seed,
                side.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_is_what_was_written_into_both_databases() {
    for seed in seeds(10) {
        let (sqlite, postgres) = (sqlite::temporary().await, postgres::temporary().await);
        let databases = [("SQLite", &sqlite.harness), ("PostgreSQL", &postgres.harness)];
        let mut history = History::begin(seed, databases).await;
        for _ in 0..ROUNDS {
            history.go_on().await;
            for plane in Plane::ALL {
                history.round(plane).await;
            }
        }
        for (side, plane) in history
            .sides
            .iter()
            .flat_map(|side| Plane::ALL.map(|plane| (side, plane)))
        {
            if let Some(misread) = side.misread(&history.shop, plane).await {
                panic!("seed {seed}, {}, {plane:?}: {misread}", side.name);
            }
        }
        // The generator makes what it is there for.
        let History {
            written,
            refused,
            asked,
            found,
            ..
        } = history;
        assert!(
            written > 4 * refused && found * 5 > asked,
            "seed {seed}: {written} writes, {refused} refused, {found} of {asked} requests find something"
        );
        drop(history.sides);
        sqlite.close().await;
        postgres.close().await;
    }
}
