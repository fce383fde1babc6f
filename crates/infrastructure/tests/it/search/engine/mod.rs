//! The engine of search by itself, on a folder of its own.

mod cursors;
mod facets;
mod generations;
mod prices;
mod sorting;
mod texts;
mod visibility;

use std::path::Path;
use std::sync::Arc;

use application::changelog::LogPosition;
use application::search::{
    Column, Condition, Document, Facet, FacetCounts, FacetKind, Filter, Found, Layout, Level, Listed,
    Passage, Plane, Query, SearchIndex, Sort, SortKey, TermOrder, Test, TextClass, TextView, Value,
    VariantDocument,
};
use domain::{ProductId, Timestamp, VariantId};
use infrastructure::search_index::TantivyIndex;
use infrastructure::system::SystemClock;
use uuid::Uuid;

struct Shop {
    folder: tempfile::TempDir,
    index: TantivyIndex,
}

fn position(number: i64) -> LogPosition {
    LogPosition {
        transaction: number,
        position: number,
    }
}

fn layout() -> Layout {
    Layout {
        views: vec![TextView {
            name: "en".to_owned(),
            language: "en".to_owned(),
        }],
        fingerprint: "tests".to_owned(),
    }
}

fn open(folder: &Path) -> TantivyIndex {
    TantivyIndex::open(&folder.join("search"), "catalog", Arc::new(SystemClock)).unwrap()
}

impl Shop {
    async fn of(documents: Vec<Document>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path());
        let shop = Self { folder, index };
        shop.build(documents, 0).await;
        shop
    }

    async fn build(&self, documents: Vec<Document>, at: i64) {
        let mut rebuild = self.index.rebuild(Plane::Store, layout()).await.unwrap();
        rebuild.add(documents).await.unwrap();
        rebuild.finish(position(at)).await.unwrap();
    }

    async fn apply(&self, documents: Vec<Document>, gone: &[u128], at: i64) {
        let gone = gone.iter().copied().map(product_id).collect();
        self.index
            .apply(Plane::Store, documents, gone, position(at))
            .await
            .unwrap();
    }

    async fn search(&self, query: Query) -> Found {
        self.index.search(Plane::Store, query).await.unwrap()
    }

    async fn ids(&self, filter: Filter) -> Vec<u128> {
        ids(&self.search(Query { filter, ..all() }).await)
    }

    /// As after the process ended and began again.
    fn reopened(self) -> Self {
        let Self { folder, index } = self;
        drop(index);
        let index = open(folder.path());
        Self { folder, index }
    }

    /// The folder of the generation that answers.
    fn generation(&self) -> std::path::PathBuf {
        let plane = self.index.folder().join("store");
        let name = std::fs::read_to_string(plane.join("current")).unwrap();
        plane.join(name)
    }
}

fn all() -> Query {
    Query {
        text: None,
        visit: None,
        prices: None,
        filter: Filter::All(Vec::new()),
        facets: Vec::new(),
        sort: Vec::new(),
        limit: 200,
        after: None,
        explain: false,
    }
}

fn ids(found: &Found) -> Vec<u128> {
    found.hits.iter().map(|hit| hit.id.uuid().as_u128()).collect()
}

fn product_id(number: u128) -> ProductId {
    ProductId::new(Uuid::from_u128(number))
}

fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn product(number: u128, columns: &[(&str, Value)], variants: Vec<VariantDocument>) -> Document {
    Document {
        id: product_id(number),
        listed: Listed::Everywhere,
        passages: vec![Passage {
            view: 0,
            class: TextClass::Name,
            text: format!("Product {number}"),
        }],
        identifiers: Vec::new(),
        columns: gathered(columns),
        sort_texts: Vec::new(),
        variants,
    }
}

fn variant(number: u128, columns: &[(&str, Value)]) -> VariantDocument {
    VariantDocument {
        id: VariantId::new(Uuid::from_u128(number)),
        columns: gathered(columns),
        prices: Vec::new(),
    }
}

fn gathered(columns: &[(&str, Value)]) -> application::search::Columns {
    let mut gathered: application::search::Columns = Vec::new();
    for (name, value) in columns {
        match gathered.iter_mut().find(|(other, _)| other == name) {
            Some((_, values)) => values.push(value.clone()),
            None => gathered.push(((*name).to_owned(), vec![value.clone()])),
        }
    }
    gathered
}

fn column(name: &str, level: Level, is_number: bool) -> Column {
    Column::Stored {
        name: name.to_owned(),
        level,
        is_number,
    }
}

fn of_variant(name: &str) -> Column {
    column(name, Level::Variant, false)
}

fn of_product(name: &str) -> Column {
    column(name, Level::Product, false)
}

fn is(column: &Column, value: &str) -> Filter {
    one_of(column, &[value])
}

fn one_of(column: &Column, values: &[&str]) -> Filter {
    when(column, Test::In(values.iter().map(|value| text(value)).collect()))
}

fn when(column: &Column, test: Test) -> Filter {
    Filter::Is(Condition {
        column: column.clone(),
        test,
    })
}

fn selected(conditions: Vec<Filter>) -> Filter {
    Filter::Variant(Box::new(Filter::All(conditions)))
}

fn terms(column: Column) -> Facet {
    Facet {
        column,
        kind: FacetKind::Terms {
            limit: 100,
            order: TermOrder::Value,
            search: None,
        },
        disjunctive: true,
    }
}

fn counted(values: &[(&str, u64)]) -> FacetCounts {
    FacetCounts::Terms {
        values: values
            .iter()
            .map(|(value, count)| (text(value), *count))
            .collect(),
        others: 0,
    }
}

fn by(key: SortKey, descending: bool) -> Vec<Sort> {
    vec![Sort { key, descending }]
}
