//! Which documents a text is found in, and how well.
//!
//! What is found and how well depends on the document and the text alone, never on what else is in the index: else places
//! in an order would change whenever others do.

mod cache;
mod expand;
mod hits;
mod sequence;
mod spots;
mod typos;
mod words;

use std::sync::Arc;

use tantivy::index::{InvertedIndexReader, SegmentReader};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Term};

pub use cache::TextCache;
pub use words::TextMatcher;

pub(super) use spots::Spot;

use super::text_fields::{TextFields, ViewFields};
use expand::Expansion;
use hits::Hits;

/// Documents of a segment that a text was found in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextMatches {
    /// Ascending. Deleted ones are among them.
    pub docs: Vec<DocId>,
    /// Of each of them; less is better. [`TextMatches::IDENTIFIED`] when the text is its identifier.
    pub relevance: Vec<i64>,
}

impl TextMatches {
    pub const IDENTIFIED: i64 = -1;
}

/// The inverted indexes of a view in one segment, in the order of classes.
type Classes = [Arc<InvertedIndexReader>; 4];

impl TextMatcher {
    /// What the text is found in in one segment. A text that asks for no words is found in everything.
    pub fn matches(
        &self,
        segment: &SegmentReader,
        fields: &TextFields,
        view: usize,
        cache: &TextCache,
    ) -> tantivy::Result<TextMatches> {
        let Some(view_fields) = fields.view(view) else {
            return Ok(TextMatches::default());
        };
        let mut matches = if self.units.is_empty() {
            TextMatches {
                docs: (0..segment.max_doc()).collect(),
                relevance: vec![0; segment.max_doc() as usize],
            }
        } else {
            let found = self.found(segment, view_fields, view, cache)?;
            relevant(found, segment, view_fields)?
        };
        matches.add_identified(self.identified(segment, fields)?);
        Ok(matches)
    }

    /// The best of those that are wanted and that have words of the text: all at the lowest costs, so many costs that there
    /// are `enough` of them if there are as many at all.
    pub fn foremost(
        &self,
        segment: &SegmentReader,
        fields: &TextFields,
        view: usize,
        cache: &TextCache,
        (enough, is_wanted): (usize, impl Fn(DocId) -> bool),
    ) -> tantivy::Result<TextMatches> {
        let Some(view_fields) = fields.view(view) else {
            return Ok(TextMatches::default());
        };
        let mut found = self.found(segment, view_fields, view, cache)?;
        found.retain(|(doc, _)| is_wanted(*doc));
        let mut counts: Vec<usize> = Vec::new();
        for (_, cost) in &found {
            let cost = *cost as usize;
            if counts.len() <= cost {
                counts.resize(cost + 1, 0);
            }
            if let Some(count) = counts.get_mut(cost) {
                *count += 1;
            }
        }
        let mut sum = 0;
        let last = counts.iter().position(|count| {
            sum += count;
            sum >= enough
        });
        if let Some(last) = last {
            found.retain(|(_, cost)| *cost as usize <= last);
        }
        let mut matches = relevant(found, segment, view_fields)?;
        let mut identified = self.identified(segment, fields)?;
        identified.retain(|doc| is_wanted(*doc));
        matches.add_identified(identified);
        Ok(matches)
    }

    /// For people: what each part of the text was found as in a document.
    pub fn explain(
        &self,
        segment: &SegmentReader,
        fields: &TextFields,
        view: usize,
        doc: DocId,
    ) -> tantivy::Result<Vec<String>> {
        let mut explanation = Vec::new();
        if self.identified(segment, fields)?.contains(&doc) {
            explanation.push("the text is an identifier of the product".to_owned());
        }
        if let Some(view_fields) = fields.view(view) {
            let classes = classes(segment, view_fields)?;
            for unit in &self.units {
                explanation.extend(expand::explain(unit, self.analyzer, &classes, doc)?);
            }
        }
        Ok(explanation)
    }

    /// The documents with all units, with the sums of their costs.
    fn found(
        &self,
        segment: &SegmentReader,
        fields: &ViewFields,
        view: usize,
        cache: &TextCache,
    ) -> tantivy::Result<Vec<(DocId, u32)>> {
        let classes = classes(segment, fields)?;
        let mut plans = Vec::with_capacity(self.units.len());
        for (unit, key) in self.units.iter().zip(&self.keys) {
            let key = (segment.segment_id(), view, Arc::clone(key));
            let plan = match cache.get(&key) {
                Some(hits) => Plan::Known(hits),
                None => Plan::Expanded(Expansion::new(unit, self.analyzer, &classes)?, key),
            };
            if plan.most() == 0 {
                return Ok(Vec::new());
            }
            plans.push(plan);
        }
        plans.sort_by_key(Plan::most);
        let mut found: Option<Vec<(DocId, u32)>> = None;
        for plan in plans {
            found = Some(match (plan, found) {
                (Plan::Known(hits), found) => hits.join(found),
                (Plan::Expanded(expansion, _), Some(found)) if expansion.is_sought(found.len()) => {
                    expansion.seek(found, &classes)?
                }
                (Plan::Expanded(expansion, key), found) => {
                    let hits = Arc::new(expansion.hits(segment.max_doc(), &classes)?);
                    if expansion.is_dear() {
                        cache.put(key, Arc::clone(&hits));
                    }
                    hits.join(found)
                }
            });
        }
        Ok(found.unwrap_or_default())
    }

    /// The documents of which the whole text is an identifier.
    fn identified(&self, segment: &SegmentReader, fields: &TextFields) -> tantivy::Result<Vec<DocId>> {
        let Some(identifier) = &self.identifier else {
            return Ok(Vec::new());
        };
        let index = segment.inverted_index(fields.identifier)?;
        let term = Term::from_field_text(fields.identifier, identifier);
        let mut docs = Vec::new();
        if let Some(mut postings) = index.read_block_postings(&term, IndexRecordOption::Basic)? {
            expand::each(&mut postings, |doc| docs.push(doc));
        }
        Ok(docs)
    }
}

/// What is known of a unit before it is looked for.
enum Plan {
    Known(Arc<Hits>),
    Expanded(Expansion, cache::Key),
}

impl Plan {
    /// It has no more documents than this.
    fn most(&self) -> u64 {
        match self {
            Self::Known(hits) => hits.count() as u64,
            Self::Expanded(expansion, _) => expansion.postings(),
        }
    }
}

fn classes(segment: &SegmentReader, fields: &ViewFields) -> tantivy::Result<Classes> {
    let [name, keyword, attribute, body] = fields.classes;
    Ok([
        segment.inverted_index(name)?,
        segment.inverted_index(keyword)?,
        segment.inverted_index(attribute)?,
        segment.inverted_index(body)?,
    ])
}

/// Costs first; among equals short names.
fn relevant(
    found: Vec<(DocId, u32)>,
    segment: &SegmentReader,
    fields: &ViewFields,
) -> tantivy::Result<TextMatches> {
    let name_words = segment.fast_fields().u64(&fields.name_words_name)?;
    let mut matches = TextMatches {
        docs: Vec::with_capacity(found.len()),
        relevance: Vec::with_capacity(found.len()),
    };
    for (doc, cost) in found {
        let words = name_words
            .first(doc)
            .unwrap_or_default()
            .min(ViewFields::MAX_NAME_WORDS);
        matches.docs.push(doc);
        matches.relevance.push(relevance(cost, words));
    }
    Ok(matches)
}

/// Of something in which a text was found at a cost, and that has a name of as many words.
pub(super) fn relevance(cost: u32, name_words: u64) -> i64 {
    let words = name_words.min(ViewFields::MAX_NAME_WORDS);
    i64::from(cost) * 16 + i64::try_from(words).unwrap_or_default()
}

impl TextMatches {
    fn add_identified(&mut self, identified: Vec<DocId>) {
        for doc in identified {
            match self.docs.binary_search(&doc) {
                Ok(place) => {
                    if let Some(relevance) = self.relevance.get_mut(place) {
                        *relevance = Self::IDENTIFIED;
                    }
                }
                Err(place) => {
                    self.docs.insert(place, doc);
                    self.relevance.insert(place, Self::IDENTIFIED);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
