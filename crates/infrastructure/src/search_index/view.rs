//! One state of an index: what queries see.

use std::sync::Arc;

use super::generation::{Committed, Generation};
use super::segment::Segment;

pub(super) struct View {
    pub(super) segments: Vec<Segment>,
    pub(super) committed: Committed,
    pub(super) documents: u64,
    pub(super) variants: u64,
    // Last, as the segments' files go with it.
    pub(super) generation: Arc<Generation>,
}

impl View {
    /// The last commit of a generation; `None` when there was none. New segments are made ready before anyone sees them.
    pub(super) fn of(generation: Arc<Generation>, earlier: Option<&Self>) -> tantivy::Result<Option<Self>> {
        generation.reader.reload()?;
        let Some(committed) = generation.committed()? else {
            return Ok(None);
        };
        let earlier = earlier.map(|view| view.segments.as_slice()).unwrap_or_default();
        let searcher = generation.reader.searcher();
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let same = |segment: &&Segment| segment.reader.segment_id() == reader.segment_id();
            let known = earlier.iter().find(same);
            let segment = Segment::open(reader, known)?;
            if known.is_none() {
                segment.prepare(earlier)?;
            }
            segments.push(segment);
        }
        Ok(Some(Self {
            documents: searcher.num_docs(),
            variants: segments.iter().map(|segment| segment.variants).sum(),
            segments,
            committed,
            generation,
        }))
    }
}
