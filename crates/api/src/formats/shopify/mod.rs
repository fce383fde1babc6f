//! Shopify's product CSV. Rows of one Handle that follow each other are one product: the first says what it is, later
//! ones add variants and images. Rows of a Handle that comes back further down add variants to the product.
//!
//! Kept for the whole file are a hash and the option axes of each Handle, some 32 bytes a product, and the categories.

mod file;
mod handles;
mod product;
mod reader;
mod row;
mod values;
mod variant;

use std::collections::HashSet;
use std::io::Read;
use std::ops::ControlFlow;

use application::Fault;
use application::import::{ImportFault, ImportRecord, Record, SourceError};
use domain::value::Key;

use super::Reading;
use super::source::Sink;
use file::Rows;
use handles::Handles;
use product::Mapping;
pub(super) use row::column_of;
use row::{Columns, Row, column};

/// The most bytes that one row, or all rows of one product, may take. A quote that is left open reads as a row without
/// end, and must not fill the memory.
const MAX_BYTES: usize = 8 << 20;

pub(super) fn parse(file: impl Read, reading: &Reading, sink: &mut impl Sink) -> Result<(), SourceError> {
    let mut rows = Rows::new(file);
    let header = rows.next()?.map(|row| row.fields).unwrap_or_default();
    let columns = Columns::new(&header)?;
    let mut products = Products {
        columns: &columns,
        mapping: Mapping {
            locale: &reading.locale,
            currency: reading.currency,
        },
        group: Group::default(),
        handles: Handles::default(),
        categories: HashSet::new(),
        sink,
    };
    while let Some(row) = rows.next()? {
        if products.add(row).is_break() {
            return Ok(());
        }
    }
    // Whether more is wanted does not matter any more.
    let _: ControlFlow<()> = products.end_group();
    Ok(())
}

/// The rows of one Handle.
#[derive(Default)]
struct Group {
    handle: Vec<u8>,
    rows: Vec<Row>,
    bytes: usize,
}

struct Products<'a, S> {
    columns: &'a Columns,
    mapping: Mapping<'a>,
    group: Group,
    handles: Handles,
    /// Those that were put into the sink.
    categories: HashSet<Key>,
    sink: &'a mut S,
}

impl<S: Sink> Products<'_, S> {
    fn add(&mut self, row: Row) -> ControlFlow<()> {
        let handle = self.columns.bytes(&row, column::HANDLE);
        if handle != self.group.handle.as_slice() || self.group.rows.is_empty() {
            let handle = handle.to_vec();
            if self.end_group().is_break() {
                return ControlFlow::Break(());
            }
            self.group.handle = handle;
        }
        self.group.bytes += row.len();
        // What is too much is not kept, but counted, so that the group is refused.
        if self.group.bytes <= MAX_BYTES {
            self.group.rows.push(row);
        }
        ControlFlow::Continue(())
    }

    fn end_group(&mut self) -> ControlFlow<()> {
        let Group { handle, rows, bytes } = std::mem::take(&mut self.group);
        let Some(first) = rows.first() else {
            return ControlFlow::Continue(());
        };
        let line = first.line;
        let content = if bytes > MAX_BYTES {
            let fault = Fault::new("/Handle", "too_long", "the rows of a product take at most 8 MiB");
            Err(vec![ImportFault { line, fault }])
        } else if let Some(seen) = self.handles.find(&handle) {
            let more = self.mapping.more_variants(self.columns, &rows, &seen);
            more.map(|more| Record::Variants(Box::new(more)))
        } else {
            match self.mapping.product(self.columns, &rows) {
                Err(faults) => Err(faults),
                Ok((product, category)) => {
                    self.handles.add(&handle, &product);
                    if let Some((key, category)) = category
                        && self.categories.insert(key)
                    {
                        let content = Ok(Record::Category(Box::new(category)));
                        self.sink.put(ImportRecord { line, content }, 0)?;
                    }
                    Ok(Record::Product(Box::new(product)))
                }
            }
        };
        self.sink.put(ImportRecord { line, content }, bytes)
    }
}
