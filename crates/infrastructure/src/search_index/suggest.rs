//! What someone may mean who is still typing: products, and values of columns such as brands.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use application::search::{Column, Level, SearchText, SuggestRequest, Suggested, Value};
use domain::ProductId;

use super::analysis::{Analyzer, Kind};
use super::bits::Bits;
use super::columns::Column as Decoded;
use super::postings::Postings;
use super::scan::product;
use super::texts::{Texts, Wanted};
use super::view::View;

pub(super) fn suggest(view: &View, texts: &Texts, request: &SuggestRequest) -> tantivy::Result<Suggested> {
    let language = view.generation.layout.views.get(request.text.view);
    let analyzer = Analyzer::of(language.map_or("und", |view| &view.language));
    let mut words = words(&request.text.text, analyzer, |kind| kind != Kind::Tail);
    words.truncate(SearchText::MAX_WORDS);
    if words.is_empty() {
        return Ok(Suggested {
            products: Vec::new(),
            values: vec![Vec::new(); request.values.len()],
        });
    }
    let visible = view.segments.iter().map(|segment| segment.visible(request.visit));
    let visible: Vec<Bits> = visible.collect::<tantivy::Result<_>>()?;
    let values = request.values.iter();
    Ok(Suggested {
        products: products(view, texts, request, &visible)?,
        values: values
            .map(|column| values_of(view, column, (&words, analyzer), &visible, request.limit))
            .collect::<tantivy::Result<_>>()?,
    })
}

/// Those that a search by relevance would begin with.
fn products(
    view: &View,
    texts: &Texts,
    request: &SuggestRequest,
    visible: &[Bits],
) -> tantivy::Result<Vec<ProductId>> {
    let Some(wanted) = Wanted::of(&request.text, &view.generation, texts) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for (segment, visible) in view.segments.iter().zip(visible) {
        let matches = wanted.foremost(segment, request.limit, |doc| visible.contains(doc))?;
        let places = matches.relevance.into_iter().zip(matches.docs);
        found.extend(places.map(|(relevance, doc)| (relevance, Reverse(segment.id(doc)))));
        // Many are as good as each other, and only few of them are wanted.
        if found.len() > request.limit {
            found.select_nth_unstable(request.limit);
            found.truncate(request.limit);
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, Reverse(id))| product(id)).collect())
}

/// The words of a text, folded.
fn words(text: &str, analyzer: &'static Analyzer, is_wanted: impl Fn(Kind) -> bool) -> Vec<String> {
    let mut words = Vec::new();
    analyzer.tokens(text, |token| {
        if is_wanted(token.kind) {
            words.push(token.word.to_owned());
        }
    });
    words
}

/// Where a value is found, and in how many products at most.
#[derive(Default)]
struct Candidate {
    at_most: u64,
    /// By segment.
    ords: Vec<(usize, u32)>,
}

fn values_of(
    view: &View,
    column: &Column,
    (words, analyzer): (&[String], &'static Analyzer),
    visible: &[Bits],
    limit: usize,
) -> tantivy::Result<Vec<(String, u64)>> {
    let mut columns: Vec<Arc<Decoded>> = Vec::new();
    let mut candidates: HashMap<String, Candidate> = HashMap::new();
    let firsts = |place: usize| {
        let segment = view.segments.get(place)?;
        (column.level() == Level::Variant).then(|| segment.firsts())
    };
    let postings = |columns: &[Arc<Decoded>], place: usize, ord: u32, read: &mut dyn FnMut(&[u32])| {
        if let (Some(column), Some(segment)) = (columns.get(place), view.segments.get(place)) {
            let postings: &Postings = column.postings(firsts(place), segment.docs());
            read(postings.of(ord));
        }
    };
    for (place, segment) in view.segments.iter().enumerate() {
        let decoded = segment.column(column, None)?;
        let ords = decoded.beginnings(analyzer)?.all(words);
        let values = decoded.dictionary.values(&ords)?;
        columns.push(decoded);
        for (ord, value) in ords.into_iter().zip(values) {
            let Value::Text(value) = value else { continue };
            let candidate = candidates.entry(value).or_default();
            candidate.ords.push((place, ord));
            postings(&columns, place, ord, &mut |docs| {
                candidate.at_most += docs.len() as u64;
            });
        }
    }
    let mut candidates: Vec<_> = candidates.into_iter().collect();
    candidates.sort_unstable_by_key(|(_, candidate)| std::cmp::Reverse(candidate.at_most));
    let mut found: Vec<(String, u64)> = Vec::new();
    for (value, candidate) in candidates {
        // Those that follow have fewer still.
        let least = limit.checked_sub(1).and_then(|last| found.get(last));
        if limit == 0 || least.is_some_and(|(_, least)| candidate.at_most < *least) {
            break;
        }
        let mut count = 0;
        for (place, ord) in candidate.ords {
            if let Some(visible) = visible.get(place) {
                postings(&columns, place, ord, &mut |docs| {
                    count += docs.iter().filter(|doc| visible.contains(**doc)).count() as u64;
                });
            }
        }
        if count > 0 {
            found.push((value, count));
            found.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
            found.truncate(limit);
        }
    }
    Ok(found)
}

/// The words of a column's values, in their order, with the ordinals of the values.
#[derive(Debug)]
pub(super) struct Beginnings(Vec<(String, u32)>);

impl Beginnings {
    pub(super) fn of(values: &[Value], analyzer: &'static Analyzer) -> Self {
        let mut found = Vec::new();
        for (ord, value) in (0u32..).zip(values) {
            if let Value::Text(value) = value {
                found.extend(
                    words(value, analyzer, |_| true)
                        .into_iter()
                        .map(|word| (word, ord)),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        Self(found)
    }

    /// In ascending order, the values of which each of the words begins a word.
    fn all(&self, wanted: &[String]) -> Vec<u32> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for (nth, word) in wanted.iter().enumerate() {
            let start = self.0.partition_point(|(own, _)| own < word);
            let begun = self
                .0
                .iter()
                .skip(start)
                .take_while(|(own, _)| own.starts_with(word));
            for (_, ord) in begun {
                if nth == 0 {
                    counts.insert(*ord, 1);
                } else if let Some(count) = counts.get_mut(ord).filter(|count| **count == nth) {
                    *count += 1;
                }
            }
        }
        counts.retain(|_, count| *count == wanted.len());
        counts.into_keys().collect()
    }
}
