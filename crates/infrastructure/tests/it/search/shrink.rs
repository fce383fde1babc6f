//! Makes a disagreement small enough to be understood: takes away what it does not need, one thing at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use application::changelog::LogPosition;
use application::search::{Document, Filter, Layout, Listed, Plane, Query, SearchIndex, SearchSettings};

use super::history::{differs, open, outcome};
use super::reference::Reference;

/// After which what there is has to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a new index with these documents disagrees.
async fn disagreement(layout: &Layout, documents: &[Document], query: &Query) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path());
    let mut reference = Reference::new(layout.clone());
    for document in documents {
        reference.put(document.clone());
    }
    let mut building = index.rebuild(Plane::Store, layout.clone()).await.unwrap();
    building.add(documents.to_vec()).await.unwrap();
    building.finish(LogPosition::default()).await.unwrap();
    let found = outcome(index.search(Plane::Store, query.clone()).await);
    found
        .and_then(|found| differs(query, found, &reference.search(query)))
        .err()
}

/// What is wrong, without where and how much; another fault is for another day.
fn kind(fault: &str) -> String {
    fault.chars().filter(|c| c.is_alphabetic()).take(20).collect()
}

/// The smallest catalog and request that were found, as text.
pub(super) async fn shrink(layout: &Layout, mut documents: Vec<Document>, mut query: Query) -> String {
    let Some(mut fault) = disagreement(layout, &documents, &query).await else {
        return format!("It depends on the history: a new index agrees.\n{query:#?}");
    };
    let begun = Instant::now();
    let kind = kind(&fault);
    let same = |fault: Option<String>| fault.filter(|fault| self::kind(fault) == kind);
    while begun.elapsed() < PATIENCE {
        let mut smaller = None;
        for query in queries(&query) {
            if let Some(fault) = same(disagreement(layout, &documents, &query).await) {
                smaller = Some((documents.clone(), query, fault));
                break;
            }
        }
        for documents in catalogs(&documents) {
            if smaller.is_some() {
                break;
            }
            smaller = same(disagreement(layout, &documents, &query).await)
                .map(|fault| (documents, query.clone(), fault));
        }
        let Some(next) = smaller else {
            break;
        };
        (documents, query, fault) = next;
    }
    format!("The smallest that fails:\n{documents:#?}\n{query:#?}\n{fault}")
}

/// Halves first, then without single ones, then with less in them.
fn catalogs(documents: &[Document]) -> Vec<Vec<Document>> {
    let half = documents.len() / 2;
    let mut smaller = Vec::new();
    if half > 0 {
        smaller.push(documents[..half].to_vec());
        smaller.push(documents[half..].to_vec());
    }
    smaller.extend(without_one(documents));
    if documents.len() > 5 {
        return smaller;
    }
    for (index, document) in documents.iter().enumerate() {
        let mut lesser: Vec<Document> = Vec::new();
        let with = |change: &dyn Fn(&mut Document)| {
            let mut document = document.clone();
            change(&mut document);
            document
        };
        lesser.extend(
            without_one(&document.variants).map(|variants| with(&|d| d.variants.clone_from(&variants))),
        );
        lesser
            .extend(without_one(&document.columns).map(|columns| with(&|d| d.columns.clone_from(&columns))));
        lesser.extend(
            without_one(&document.passages).map(|passages| with(&|d| d.passages.clone_from(&passages))),
        );
        lesser.extend(
            without_one(&document.sort_texts).map(|texts| with(&|d| d.sort_texts.clone_from(&texts))),
        );
        lesser
            .extend(without_one(&document.identifiers).map(|ids| with(&|d| d.identifiers.clone_from(&ids))));
        for (place, variant) in document.variants.iter().enumerate() {
            lesser.extend(
                without_one(&variant.columns)
                    .map(|columns| with(&|d| d.variants[place].columns.clone_from(&columns))),
            );
            lesser.extend(
                without_one(&variant.prices)
                    .map(|prices| with(&|d| d.variants[place].prices.clone_from(&prices))),
            );
        }
        if document.listed != Listed::Everywhere {
            lesser.push(with(&|d| d.listed = Listed::Everywhere));
        }
        smaller.extend(lesser.into_iter().map(|document| {
            let mut documents = documents.to_vec();
            documents[index] = document;
            documents
        }));
    }
    smaller
}

fn queries(query: &Query) -> Vec<Query> {
    let mut smaller = Vec::new();
    let mut with = |change: &dyn Fn(&mut Query)| {
        let mut query = query.clone();
        change(&mut query);
        smaller.push(query);
    };
    if query.text.is_some() {
        with(&|q| q.text = None);
    }
    if let Some(text) = &query.text
        && *text.settings != SearchSettings::default()
    {
        with(&|q| {
            if let Some(text) = &mut q.text {
                text.settings = Arc::default();
            }
        });
    }
    if query.visit.is_some() {
        with(&|q| q.visit = None);
    }
    if query.prices.is_some() {
        with(&|q| q.prices = None);
    }
    if query.after.is_some() {
        with(&|q| q.after = None);
    }
    if query.explain {
        with(&|q| q.explain = false);
    }
    for facets in without_one(&query.facets) {
        with(&|q| q.facets.clone_from(&facets));
    }
    if query.after.is_none() {
        for sort in without_one(&query.sort) {
            with(&|q| q.sort.clone_from(&sort));
        }
    }
    for filter in filters(&query.filter) {
        with(&|q| q.filter = filter.clone());
    }
    if let Some(text) = &query.text {
        let words: Vec<&str> = text.text.split_inclusive(' ').collect();
        for words in without_one(&words) {
            with(&|q| {
                if let Some(text) = &mut q.text {
                    text.text = words.concat();
                }
            });
        }
    }
    smaller
}

fn filters(filter: &Filter) -> Vec<Filter> {
    let of_many = |filters: &[Filter], make: fn(Vec<Filter>) -> Filter| {
        let mut smaller: Vec<Filter> = without_one(filters).map(make).collect();
        for (index, member) in filters.iter().enumerate() {
            smaller.extend(self::filters(member).into_iter().map(|member| {
                let mut filters = filters.to_vec();
                filters[index] = member;
                make(filters)
            }));
        }
        smaller
    };
    // A member alone.
    let mut smaller = match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.clone(),
        Filter::Not(filter) => vec![(**filter).clone()],
        _ => Vec::new(),
    };
    smaller.extend(match filter {
        Filter::All(filters) => of_many(filters, Filter::All),
        Filter::Any(filters) => of_many(filters, Filter::Any),
        Filter::Not(inner) => {
            let inner = filters(inner);
            inner
                .into_iter()
                .map(|filter| Filter::Not(Box::new(filter)))
                .collect()
        }
        Filter::Variant(inner) => {
            let inner = filters(inner);
            inner
                .into_iter()
                .map(|filter| Filter::Variant(Box::new(filter)))
                .collect()
        }
        Filter::Is(_) => Vec::new(),
    });
    smaller
}

fn without_one<T: Clone>(of: &[T]) -> impl Iterator<Item = Vec<T>> {
    (0..of.len()).map(|index| [&of[..index], &of[index + 1..]].concat())
}
