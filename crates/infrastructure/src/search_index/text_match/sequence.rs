//! Words that stand one after the other.

use std::io;

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use super::expand::has;

/// Ascending, the documents in which the words stand one after the other in one passage. Between passages is a gap.
pub(super) fn docs(words: &[String], index: &InvertedIndexReader) -> io::Result<Vec<DocId>> {
    // With how many words stand before each.
    let mut postings: Vec<(u32, SegmentPostings)> = Vec::with_capacity(words.len());
    for (before, word) in (0..).zip(words) {
        let Some(info) = index.terms().get(word)? else {
            return Ok(Vec::new());
        };
        let of_word = index.read_postings_from_terminfo(&info, IndexRecordOption::WithFreqsAndPositions)?;
        postings.push((before, of_word));
    }
    postings.sort_by_key(|(_, postings)| postings.size_hint());
    let Some(((lead_before, lead), others)) = postings.split_first_mut() else {
        return Ok(Vec::new());
    };
    let mut docs = Vec::new();
    let mut starts = Vec::new();
    let mut positions = Vec::new();
    let mut doc = lead.doc();
    while doc != TERMINATED {
        if others.iter_mut().all(|(_, other)| has(other, doc)) {
            lead.positions(&mut starts);
            starts.retain_mut(|position| {
                position
                    .checked_sub(*lead_before)
                    .inspect(|start| *position = *start)
                    .is_some()
            });
            for (before, other) in others.iter_mut() {
                if starts.is_empty() {
                    break;
                }
                other.positions(&mut positions);
                starts.retain(|start| positions.binary_search(&(start + *before)).is_ok());
            }
            if !starts.is_empty() {
                docs.push(doc);
            }
        }
        doc = lead.advance();
    }
    Ok(docs)
}
