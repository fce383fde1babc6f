#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed one is a failed test"
)]

mod ndjson;
mod shopify;
mod source;

use std::ops::ControlFlow;

use application::import::{ImportCategory, ImportProduct, ImportRecord, Record};
use domain::value::{Currency, Locale};

use super::source::Sink;
use super::{Format, Reading};

#[derive(Default)]
struct Collected(Vec<ImportRecord>);

impl Sink for Collected {
    fn put(&mut self, record: ImportRecord, _: usize) -> ControlFlow<()> {
        self.0.push(record);
        ControlFlow::Continue(())
    }
}

fn reading(format: Format, currency: &str) -> Reading {
    Reading {
        format,
        locale: Locale::parse("en").unwrap(),
        currency: Currency::parse(currency).unwrap(),
    }
}

/// The faults of a record as `line pointer code`.
fn faults(record: &ImportRecord) -> Vec<String> {
    match &record.content {
        Ok(record) => panic!("valid: {record:?}"),
        Err(faults) => faults
            .iter()
            .map(|f| format!("{} {} {}", f.line, f.fault.pointer, f.fault.code))
            .collect(),
    }
}

fn product(record: &ImportRecord) -> &ImportProduct {
    match &record.content {
        Ok(Record::Product(product)) => product,
        other => panic!("no product: {other:?}"),
    }
}

fn category(record: &ImportRecord) -> &ImportCategory {
    match &record.content {
        Ok(Record::Category(category)) => category,
        other => panic!("no category: {other:?}"),
    }
}

#[test]
fn a_format_is_known_by_its_first_bytes() {
    for start in [b"".as_slice(), b"{\"key\":", b"\xef\xbb\xbf\r\n  {"] {
        assert_eq!(Format::guess(start), Format::Ndjson);
    }
    for start in [b"Handle,Title".as_slice(), b"\xef\xbb\xbf\"Handle\""] {
        assert_eq!(Format::guess(start), Format::ShopifyCsv);
    }
}
