//! What search answers, by plain loops over all documents: the measure of the engine.
//!
//! Invariant: nothing of the engine is used here but how texts are read (`analysis`, `text_query`), and nothing is kept
//! between requests but the documents, and their texts as words. A facet's counts are had by performing every click.

mod facets;
mod filter;
mod shared;
mod text;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use application::search::{
    Column, Document, Filter, Found, Hit, Layout, Listed, Passage, Place, PriceView, Query, Sort, SortKey,
    SuggestRequest, Suggested, TextView, Value, VariantDocument,
};
use domain::pricing::{self, Offer, Quantity};
use domain::value::{Money, Price};
use domain::{ChannelId, ProductId, Timestamp};

pub(crate) use facets::{branch, click};
use filter::{holding_variants, holds};
use text::{Asked, Words};

#[derive(Debug, Clone)]
pub(crate) struct Reference {
    layout: Layout,
    documents: BTreeMap<ProductId, (Document, Words)>,
}

/// A product that is on sale and has the text of the query.
struct Row<'a> {
    document: &'a Document,
    relevance: i64,
    /// One per variant.
    prices: Vec<Option<i64>>,
}

impl Reference {
    pub(crate) const fn new(layout: Layout) -> Self {
        Self {
            layout,
            documents: BTreeMap::new(),
        }
    }

    pub(crate) fn put(&mut self, document: Document) {
        let words = Words::of(&document, &self.layout);
        self.documents.insert(document.id, (document, words));
    }

    pub(crate) fn remove(&mut self, id: ProductId) {
        self.documents.remove(&id);
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.values().map(|(document, _)| document)
    }

    /// All texts that stand in products.
    pub(crate) fn passages(&self) -> Vec<Passage> {
        let passages = self
            .documents()
            .flat_map(|document| document.passages.iter().cloned());
        passages.collect()
    }

    pub(crate) fn search(&self, query: &Query) -> Found {
        let rows = self.rows(query);
        let mut hits: Vec<(Place, &Row<'_>)> = rows
            .iter()
            .filter(|row| holds(row, &query.filter, None))
            .map(|row| (place(row, query), row))
            .collect();
        hits.sort_by(|(a, _), (b, _)| order(&query.sort, a, b));
        let total = hits.len() as u64;
        if let Some(after) = &query.after {
            hits.retain(|(place, _)| order(&query.sort, place, after) == Ordering::Greater);
        }
        let has_more = hits.len() > query.limit;
        hits.truncate(query.limit);
        Found {
            hits: hits
                .into_iter()
                .map(|(place, row)| Hit {
                    id: row.document.id,
                    variant: holding_variants(row, &query.filter)
                        .first()
                        .map(|index| row.document.variants[*index].id),
                    place,
                    explanation: None,
                })
                .collect(),
            total,
            has_more,
            facets: query
                .facets
                .iter()
                .map(|facet| facets::count(facet, &rows, &query.filter))
                .collect(),
        }
    }

    pub(crate) fn suggest(&self, request: &SuggestRequest) -> Suggested {
        let view = &self.layout.views[request.text.view];
        let asked = text::asked_words(&request.text.text, view);
        if asked.is_empty() {
            return Suggested {
                products: Vec::new(),
                values: request.values.iter().map(|_| Vec::new()).collect(),
            };
        }
        let by_relevance = Query {
            text: Some(request.text.clone()),
            visit: request.visit,
            prices: None,
            filter: Filter::All(Vec::new()),
            facets: Vec::new(),
            sort: vec![Sort {
                key: SortKey::Relevance,
                descending: false,
            }],
            limit: request.limit,
            after: None,
            explain: false,
        };
        let found = self.search(&by_relevance);
        let rows = self.rows(&Query {
            text: None,
            ..by_relevance
        });
        Suggested {
            products: found.hits.iter().map(|hit| hit.id).collect(),
            values: request
                .values
                .iter()
                .map(|column| suggested_values(&rows, column, &asked, view, request.limit))
                .collect(),
        }
    }

    fn rows(&self, query: &Query) -> Vec<Row<'_>> {
        let asked = query.text.as_ref().map(|text| Asked::parse(text, &self.layout));
        let found = self.documents.values().filter_map(|(document, words)| {
            let relevance = match &asked {
                Some(asked) => asked.relevance(document, words)?,
                None => 0,
            };
            is_on_sale(document, query.visit).then(|| Row {
                document,
                relevance,
                prices: document
                    .variants
                    .iter()
                    .map(|variant| price(variant, query.prices.as_ref()?))
                    .collect(),
            })
        });
        found.collect()
    }
}

fn is_on_sale(document: &Document, visit: Option<(ChannelId, Timestamp)>) -> bool {
    let (Some((channel, at)), Listed::In(listings)) = (visit, &document.listed) else {
        return true;
    };
    listings.iter().any(|(listed_in, window)| {
        *listed_in == channel
            && window.publish_at().is_none_or(|from| from <= at)
            && window.unpublish_at().is_none_or(|until| at < until)
    })
}

fn price(variant: &VariantDocument, view: &PriceView) -> Option<i64> {
    let offers: Vec<Offer<'_>> = variant
        .prices
        .iter()
        .filter(|price| price.currency == view.currency)
        .filter_map(|price| {
            let amount = Money::from_minor(price.minor, price.currency).unwrap();
            Some(Offer {
                list: view.lists.iter().find(|list| list.id == price.list)?,
                id: price.id,
                price: Price::new(amount, None).unwrap(),
                min_quantity: Quantity::ONE,
                validity: price.validity,
            })
        })
        .collect();
    let resolution = pricing::resolve(&offers, Quantity::ONE, &view.circumstances);
    Some(resolution.answer?.offer.price.amount().minor())
}

fn place(row: &Row<'_>, query: &Query) -> Place {
    let value = |sort: &Sort| match &sort.key {
        SortKey::Relevance => Some(Value::Number(row.relevance)),
        SortKey::Text(column) => row
            .document
            .sort_texts
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, text)| Value::Text(text::fold(text))),
        SortKey::Column(column) => {
            let values = holding_variants(row, &query.filter)
                .into_iter()
                .map(Some)
                .chain([None])
                .flat_map(|variant| filter::values(row, column, variant));
            if sort.descending {
                values.max()
            } else {
                values.min()
            }
        }
    };
    Place {
        values: query.sort.iter().map(value).collect(),
        id: row.document.id,
    }
}

fn order(sort: &[Sort], a: &Place, b: &Place) -> Ordering {
    for (index, sort) in sort.iter().enumerate() {
        let ordering = match (&a.values[index], &b.values[index]) {
            (None, None) => Ordering::Equal,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) if sort.descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    b.id.cmp(&a.id)
}

fn suggested_values(
    rows: &[Row<'_>],
    column: &Column,
    asked: &[String],
    view: &TextView,
    limit: usize,
) -> Vec<(String, u64)> {
    let mut products: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        let values: BTreeSet<Value> = filter::all_values(row, column).into_iter().collect();
        for value in values {
            if let Value::Text(value) = value {
                *products.entry(value).or_default() += 1;
            }
        }
    }
    let mut found: Vec<(String, u64)> = products
        .into_iter()
        .filter(|(value, _)| {
            let words = text::words(value, view);
            asked
                .iter()
                .all(|asked| words.iter().any(|word| word.starts_with(asked.as_str())))
        })
        .collect();
    found.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
    found.truncate(limit);
    found
}
