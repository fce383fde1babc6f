//! From tantivy's compressed columns to plain arrays.

use tantivy::SegmentReader;

use super::columns::Column;
use super::dictionary::Dictionary;
use super::schema::{Group, path_of};

/// Reads a column; `firsts` as of [`Column::postings`] where it is the variants'.
pub(super) fn read(
    reader: &SegmentReader,
    group: Group,
    name: &str,
    is_number: bool,
    firsts: Option<&[u32]>,
) -> tantivy::Result<Column> {
    let path = path_of(name, is_number);
    let field = format!("{}.{path}", group.name());
    let counted = match firsts {
        Some(_) => reader
            .fast_fields()
            .column_opt::<i64>(&format!("{}.{path}", Group::Count.name()))?,
        None => None,
    };
    let counts = |index: &tantivy::columnar::ColumnIndex| {
        let docs = reader.max_doc();
        let Some(firsts) = firsts else {
            return (0..docs).map(|doc| length(&index.value_row_ids(doc))).collect();
        };
        let mut counts = Vec::with_capacity(firsts.last().map_or(0, |rows| *rows as usize));
        for (doc, pair) in (0..docs).zip(firsts.windows(2)) {
            let rows = pair.last().copied().unwrap_or_default() as usize;
            let found = length(&index.value_row_ids(doc));
            let own = counted.as_ref().map(|counted| counted.values_for_doc(doc));
            let before = counts.len();
            counts.extend(
                own.into_iter()
                    .flatten()
                    .map(|count| u32::try_from(count).unwrap_or(0)),
            );
            if counts.len() == before && found > 0 {
                counts.resize(rows, 1);
            }
            counts.resize(rows, 0);
        }
        counts
    };
    if is_number {
        let Some(column) = reader.fast_fields().column_opt::<i64>(&field)? else {
            return Ok(Column::empty());
        };
        let mut numbers = vec![0; column.values.num_vals() as usize];
        column.values.get_range(0, &mut numbers);
        return Ok(Column::of_numbers(&numbers, &counts(&column.index)));
    }
    let Some(column) = reader.fast_fields().str(&field)? else {
        return Ok(Column::empty());
    };
    let stored = column.ords();
    let ords: Vec<u32> = stored
        .values
        .iter()
        .map(|ord| u32::try_from(ord).unwrap_or(u32::MAX))
        .collect();
    let counts = counts(&stored.index);
    Ok(Column::assemble(
        Dictionary::texts(column.clone()),
        &ords,
        &counts,
    ))
}

fn length(range: &std::ops::Range<u32>) -> u32 {
    range.end - range.start
}
