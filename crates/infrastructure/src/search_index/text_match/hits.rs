use tantivy::DocId;

/// No match.
pub(super) const NONE: u8 = u8::MAX;

/// The documents of a segment that a unit is found in, with their costs.
#[derive(Debug)]
pub(super) enum Hits {
    /// Ascending.
    Few(Vec<(DocId, u8)>),
    /// The cost of every document in the segment, [`NONE`] for those without the unit.
    Many { costs: Vec<u8>, count: usize },
}

impl Hits {
    /// In any order, documents perhaps several times.
    pub(super) fn few(mut hits: Vec<(DocId, u8)>) -> Self {
        hits.sort_unstable();
        hits.dedup_by_key(|(doc, _)| *doc);
        Self::Few(hits)
    }

    pub(super) fn many(costs: Vec<u8>) -> Self {
        let count = costs.iter().filter(|&&cost| cost != NONE).count();
        Self::Many { costs, count }
    }

    pub(super) const fn count(&self) -> usize {
        match self {
            Self::Few(hits) => hits.len(),
            Self::Many { count, .. } => *count,
        }
    }

    /// In memory.
    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Few(hits) => hits.len() * size_of::<(DocId, u8)>(),
            Self::Many { costs, .. } => costs.len(),
        }
    }

    /// Those of the documents that are in it, with its costs added to theirs; all of it when there are none before.
    pub(super) fn join(&self, found: Option<Vec<(DocId, u32)>>) -> Vec<(DocId, u32)> {
        match (self, found) {
            (Self::Few(hits), None) => hits.iter().map(|&(doc, cost)| (doc, u32::from(cost))).collect(),
            (Self::Many { costs, count }, None) => {
                let mut found = Vec::with_capacity(*count);
                found.extend(
                    (0..)
                        .zip(costs)
                        .filter(|(_, cost)| **cost != NONE)
                        .map(|(doc, &cost)| (doc, u32::from(cost))),
                );
                found
            }
            (Self::Few(hits), Some(mut found)) => {
                let mut hits = hits.iter().peekable();
                found.retain_mut(|(doc, sum)| {
                    while hits.next_if(|(hit, _)| hit < doc).is_some() {}
                    hits.next_if(|(hit, _)| hit == doc)
                        .inspect(|(_, cost)| *sum += u32::from(*cost))
                        .is_some()
                });
                found
            }
            (Self::Many { costs, .. }, Some(mut found)) => {
                found.retain_mut(|(doc, sum)| {
                    let cost = costs.get(*doc as usize).copied().unwrap_or(NONE);
                    *sum += u32::from(cost);
                    cost != NONE
                });
                found
            }
        }
    }
}
