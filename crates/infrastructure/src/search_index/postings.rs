//! The products of each value of a column.

use super::columns::Column;

/// The products of each value of a column.
pub(super) struct Postings {
    starts: Vec<u32>,
    docs: Vec<u32>,
}

impl Postings {
    /// In ascending order, each once.
    pub(super) fn of(&self, ord: u32) -> &[u32] {
        let at = ord as usize;
        let range = self.starts.get(at).zip(self.starts.get(at + 1));
        range
            .and_then(|(from, until)| self.docs.get(*from as usize..*until as usize))
            .unwrap_or_default()
    }

    pub(super) fn of_column(column: &Column, firsts: Option<&[u32]>, docs: u32) -> Self {
        let values = column.dictionary.len() as usize;
        let mut lasts = vec![u32::MAX; values];
        let mut starts = vec![0u32; values + 1];
        let rows = || {
            (0..docs).flat_map(move |doc| {
                let at = doc as usize;
                let range = match firsts {
                    None => doc..doc + 1,
                    Some(firsts) => {
                        let range = firsts.get(at).zip(firsts.get(at + 1));
                        range.map_or(0..0, |(from, until)| *from..*until)
                    }
                };
                range.map(move |row| (row, doc))
            })
        };
        column.visit(rows(), |doc, ord| {
            let at = ord as usize;
            if let (Some(last), Some(count)) = (lasts.get_mut(at), starts.get_mut(at + 1)) {
                *count += u32::from(*last != doc);
                *last = doc;
            }
        });
        let mut end = 0;
        for start in &mut starts {
            end += *start;
            *start = end;
        }
        let mut next = starts.clone();
        let mut found = vec![0; end as usize];
        lasts.fill(u32::MAX);
        column.visit(rows(), |doc, ord| {
            let at = ord as usize;
            if let (Some(last), Some(place)) = (lasts.get_mut(at), next.get_mut(at))
                && *last != doc
            {
                *last = doc;
                if let Some(slot) = found.get_mut(*place as usize) {
                    *slot = doc;
                }
                *place += 1;
            }
        });
        Self { starts, docs: found }
    }
}
