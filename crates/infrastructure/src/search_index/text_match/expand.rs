//! From words of a query to terms of a segment.

use std::io;

use tantivy::index::InvertedIndexReader;
use tantivy::postings::{BlockSegmentPostings, SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::termdict::TermDictionary;
use tantivy::{DocId, DocSet};

use super::super::analysis::Analyzer;
use super::super::text_fields::{FIRST_WORD, REVERSED, STEM, TAIL};
use super::hits::{Hits, NONE};
use super::words::{Candidate, RELATED, SAME, What, WordMatcher, describe};
use super::{Classes, sequence};

/// A term in which a unit is found, at a cost.
struct Source {
    cost: u8,
    class: usize,
    info: TermInfo,
}

/// All that a unit is found in in a segment.
pub(super) struct Expansion {
    /// Cheapest first.
    sources: Vec<Source>,
    /// Documents with sequences of words, in each list ascending.
    sequences: Vec<(u8, Vec<DocId>)>,
    postings: u64,
}

impl Expansion {
    pub(super) fn new(unit: &[Candidate], analyzer: &Analyzer, classes: &Classes) -> io::Result<Self> {
        let mut sources = Vec::new();
        let mut sequences = Vec::new();
        for candidate in unit {
            for (class, index) in classes.iter().enumerate() {
                match &candidate.what {
                    What::Word(word) => word.terms(index.terms(), analyzer, |quality, _, info| {
                        sources.push(Source {
                            cost: cost(quality.max(candidate.floor), class),
                            class,
                            info: info.clone(),
                        });
                    })?,
                    What::Sequence(words) => {
                        let docs = sequence::docs(words, index)?;
                        if !docs.is_empty() {
                            sequences.push((cost(candidate.floor, class), docs));
                        }
                    }
                }
            }
        }
        sources.sort_by_key(|source| source.cost);
        let postings = sources
            .iter()
            .map(|source| u64::from(source.info.doc_freq))
            .sum::<u64>()
            + sequences.iter().map(|(_, docs)| docs.len() as u64).sum::<u64>();
        Ok(Self {
            sources,
            sequences,
            postings,
        })
    }

    pub(super) const fn postings(&self) -> u64 {
        self.postings
    }

    /// Whether it is worth to be remembered.
    pub(super) const fn is_dear(&self) -> bool {
        self.postings > 20_000 || self.sources.len() > 500
    }

    /// Whether few documents are rather looked up one by one.
    pub(super) fn is_sought(&self, documents: usize) -> bool {
        (documents as u64) * (self.sources.len() as u64) * 32 < self.postings
    }

    /// All documents with the unit.
    pub(super) fn hits(&self, documents: u32, classes: &Classes) -> io::Result<Hits> {
        if self.postings < u64::from(documents) / 32 {
            let mut hits = Vec::with_capacity(usize::try_from(self.postings).unwrap_or_default());
            self.each_list(classes, |cost, docs| {
                hits.extend(docs.iter().map(|&doc| (doc, cost)));
            })?;
            return Ok(Hits::few(hits));
        }
        let mut costs = vec![NONE; documents as usize];
        self.each_list(classes, |cost, docs| {
            for &doc in docs {
                if let Some(best) = costs.get_mut(doc as usize) {
                    *best = cost.min(*best);
                }
            }
        })?;
        Ok(Hits::many(costs))
    }

    /// Those of the documents that have the unit, with its cost added to theirs.
    pub(super) fn seek(
        &self,
        mut documents: Vec<(DocId, u32)>,
        classes: &Classes,
    ) -> io::Result<Vec<(DocId, u32)>> {
        let mut costs = vec![NONE; documents.len()];
        for (cost, docs) in &self.sequences {
            for ((doc, _), best) in documents.iter().zip(&mut costs) {
                if docs.binary_search(doc).is_ok() {
                    *best = (*best).min(*cost);
                }
            }
        }
        for source in &self.sources {
            let Some(index) = classes.get(source.class) else {
                continue;
            };
            let mut postings = index.read_postings_from_terminfo(&source.info, IndexRecordOption::Basic)?;
            for ((doc, _), best) in documents.iter().zip(&mut costs) {
                if source.cost < *best && has(&mut postings, *doc) {
                    *best = source.cost;
                }
            }
        }
        let mut costs = costs.into_iter();
        documents.retain_mut(|(_, sum)| {
            let cost = costs.next().unwrap_or(NONE);
            *sum += u32::from(cost);
            cost != NONE
        });
        Ok(documents)
    }

    fn each_list(&self, classes: &Classes, mut sink: impl FnMut(u8, &[DocId])) -> io::Result<()> {
        for (cost, docs) in &self.sequences {
            sink(*cost, docs);
        }
        let mut open: [Option<BlockSegmentPostings>; 4] = [const { None }; 4];
        for source in &self.sources {
            let (Some(index), Some(open)) = (classes.get(source.class), open.get_mut(source.class)) else {
                continue;
            };
            let postings = if let Some(postings) = open {
                index.reset_block_postings_from_terminfo(&source.info, postings)?;
                postings
            } else {
                open.insert(index.read_block_postings_from_terminfo(&source.info, IndexRecordOption::Basic)?)
            };
            each_block(postings, |docs| sink(source.cost, docs));
        }
        Ok(())
    }
}

fn each_block(postings: &mut BlockSegmentPostings, mut sink: impl FnMut(&[DocId])) {
    while !postings.docs().is_empty() {
        sink(postings.docs());
        postings.advance();
    }
}

/// Whether a document is among the postings; to be asked in the order of documents.
pub(super) fn has(postings: &mut SegmentPostings, doc: DocId) -> bool {
    postings.doc() == doc || postings.doc() < doc && postings.seek(doc) == doc
}

pub(super) fn each(postings: &mut BlockSegmentPostings, mut sink: impl FnMut(DocId)) {
    each_block(postings, |docs| docs.iter().copied().for_each(&mut sink));
}

/// Of a match of some quality in a class.
#[expect(clippy::cast_possible_truncation, reason = "there are four classes")]
pub(in crate::search_index) const fn cost(quality: u8, class: usize) -> u8 {
    quality * 4 + class as u8
}

/// How a document comes by the cost of a unit.
pub(super) fn explain(
    unit: &[Candidate],
    analyzer: &Analyzer,
    classes: &Classes,
    doc: DocId,
) -> io::Result<Option<String>> {
    let mut best: Option<(u8, String)> = None;
    for candidate in unit {
        for (class, (index, name)) in classes
            .iter()
            .zip(["name", "keywords", "attributes", "description"])
            .enumerate()
        {
            let (quality, term) = match &candidate.what {
                What::Word(word) => match word.best(index, analyzer, doc)? {
                    Some(best) => best,
                    None => continue,
                },
                What::Sequence(words) if sequence::docs(words, index)?.contains(&doc) => {
                    (SAME, words.join(" "))
                }
                What::Sequence(_) => continue,
            };
            let cost = cost(quality.max(candidate.floor), class);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                let how = describe(quality);
                let text = format!(
                    "“{}” is in the {name} {how}: “{term}”, {cost} points",
                    candidate.what
                );
                best = Some((cost, text));
            }
        }
    }
    Ok(best.map(|(_, text)| text))
}

impl WordMatcher {
    /// The terms of a dictionary that match, with their quality; some may come twice, the better first or not.
    fn terms(
        &self,
        terms: &TermDictionary,
        analyzer: &Analyzer,
        mut sink: impl FnMut(u8, &[u8], &TermInfo),
    ) -> io::Result<()> {
        let word = self.word.as_bytes();
        if let Some(info) = terms.get(word)? {
            sink(SAME, word, &info);
        }
        if let Some(tail) = &self.tail
            && let Some(info) = terms.get(tail)?
        {
            sink(SAME, tail.as_bytes(), &info);
        }
        if let Some(stem) = &self.stem {
            let key = format!("{STEM}{stem}");
            if let Some(info) = terms.get(&key)? {
                sink(RELATED, key.as_bytes(), &info);
            }
            if self.stem_is_word
                && *stem != self.word
                && let Some(info) = terms.get(stem)?
            {
                sink(RELATED, stem.as_bytes(), &info);
            }
        }
        if let Some(typos) = &self.typos {
            let mut stream = terms.search(typos).ge(FIRST_WORD).into_stream()?;
            while let Some((key, info)) = stream.next() {
                if let Some(count) = typos.of(key).filter(|_| key != word) {
                    sink(RELATED + count, key, info);
                }
            }
        } else if self.is_prefix {
            let mut stream = terms.range().gt(word).lt(after(word)).into_stream()?;
            while let Some((key, info)) = stream.next() {
                sink(RELATED, key, info);
            }
        }
        if let Some(end) = &self.reversed_end {
            let mut stream = terms.range().ge(end).lt(after(end.as_bytes())).into_stream()?;
            while let Some((key, info)) = stream.next() {
                if std::str::from_utf8(key).is_ok_and(|key| self.is_compound(key, analyzer)) {
                    sink(RELATED, key, info);
                }
            }
        }
        Ok(())
    }

    fn is_compound(&self, reversed: &str, analyzer: &Analyzer) -> bool {
        let compound: String = reversed.chars().rev().filter(|&c| c != REVERSED).collect();
        analyzer.ends_in(&compound, &self.word)
    }

    /// The best term that a document has.
    fn best(
        &self,
        index: &InvertedIndexReader,
        analyzer: &Analyzer,
        doc: DocId,
    ) -> io::Result<Option<(u8, String)>> {
        let mut found = Vec::new();
        self.terms(index.terms(), analyzer, |quality, key, info| {
            found.push((quality, String::from_utf8_lossy(key).into_owned(), info.clone()));
        })?;
        found.sort_by_key(|(quality, ..)| *quality);
        for (quality, term, info) in found {
            let mut postings = index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            if has(&mut postings, doc) {
                return Ok(Some((quality, readable(&term))));
            }
        }
        Ok(None)
    }
}

fn readable(term: &str) -> String {
    if let Some(stem) = term.strip_prefix(STEM) {
        format!("{stem}…")
    } else if let Some(reversed) = term.strip_prefix(REVERSED) {
        reversed.chars().rev().collect()
    } else {
        term.trim_start_matches(TAIL).to_owned()
    }
}

/// The first bytes after all that begin with these; no text ends in the greatest byte.
fn after(start: &[u8]) -> Vec<u8> {
    let mut after = start.to_vec();
    if let Some(last) = after.last_mut() {
        *last = last.saturating_add(1);
    }
    after
}
