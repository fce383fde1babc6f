//! Columns by name, and the fields of a row.

use std::collections::HashMap;

use application::Fault;
use application::import::{ImportFault, SourceError};
use csv::ByteRecord;

/// The columns that are read. All others are left alone.
pub(super) mod column {
    pub(in super::super) const HANDLE: &str = "Handle";
    pub(in super::super) const TITLE: &str = "Title";
    pub(in super::super) const BODY: &str = "Body (HTML)";
    pub(in super::super) const VENDOR: &str = "Vendor";
    pub(in super::super) const TYPE: &str = "Type";
    pub(in super::super) const TAGS: &str = "Tags";
    pub(in super::super) const PUBLISHED: &str = "Published";
    pub(in super::super) const STATUS: &str = "Status";
    pub(in super::super) const OPTIONS: [(&str, &str); 3] = [
        ("Option1 Name", "Option1 Value"),
        ("Option2 Name", "Option2 Value"),
        ("Option3 Name", "Option3 Value"),
    ];
    pub(in super::super) const SKU: &str = "Variant SKU";
    pub(in super::super) const BARCODE: &str = "Variant Barcode";
    pub(in super::super) const GRAMS: &str = "Variant Grams";
    pub(in super::super) const POLICY: &str = "Variant Inventory Policy";
    pub(in super::super) const PRICE: &str = "Variant Price";
    pub(in super::super) const COMPARE_AT: &str = "Variant Compare At Price";
    pub(in super::super) const VARIANT_IMAGE: &str = "Variant Image";
    pub(in super::super) const IMAGE: &str = "Image Src";
    pub(in super::super) const IMAGE_POSITION: &str = "Image Position";
    pub(in super::super) const IMAGE_ALT: &str = "Image Alt Text";
    pub(in super::super) const SEO_TITLE: &str = "SEO Title";
    pub(in super::super) const SEO_DESCRIPTION: &str = "SEO Description";
    pub(in super::super) const MPN: &str = "Google Shopping / MPN";
}

const REQUIRED: [&str; 2] = [column::HANDLE, column::TITLE];

/// Where each column stands.
pub(super) struct Columns {
    places: HashMap<String, usize>,
    count: usize,
}

impl Columns {
    /// Reads the header. A column that is there twice counts where it comes first.
    pub(super) fn new(header: &ByteRecord) -> Result<Self, SourceError> {
        let mut places = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim().to_owned();
            places.entry(name).or_insert(place);
        }
        let missing: Vec<_> = REQUIRED
            .into_iter()
            .filter(|name| !places.contains_key(*name))
            .collect();
        if missing.is_empty() {
            let count = header.len();
            return Ok(Self { places, count });
        }
        let missing = missing.join(", ");
        Err(SourceError(format!(
            "the first line does not name the columns of a Shopify product file; missing: {missing}"
        )))
    }

    pub(super) fn bytes<'a>(&self, row: &'a Row, name: &str) -> &'a [u8] {
        let place = self.places.get(name);
        place.and_then(|place| row.fields.get(*place)).unwrap_or_default()
    }

    /// Whether the row has text in the column.
    pub(super) fn has(&self, row: &Row, name: &str) -> bool {
        self.bytes(row, name)
            .iter()
            .any(|byte| !byte.is_ascii_whitespace())
    }

    /// The text without white space around it; empty where there is none. Not a fault twice: text that is no UTF-8 is
    /// refused by [`Columns::faults`].
    pub(super) fn text<'a>(&self, row: &'a Row, name: &str) -> &'a str {
        std::str::from_utf8(self.bytes(row, name))
            .unwrap_or_default()
            .trim()
    }

    /// What is wrong with the row as such.
    pub(super) fn faults(&self, row: &Row) -> Vec<ImportFault> {
        if row.fields.len() != self.count {
            let (found, wanted) = (row.fields.len(), self.count);
            let detail = format!("the row has {found} fields where the header has {wanted}");
            return vec![row.fault("", "malformed_csv", detail)];
        }
        let mut garbled: Vec<_> = self
            .places
            .iter()
            .filter(|(_, place)| {
                let field = row.fields.get(**place).unwrap_or_default();
                std::str::from_utf8(field).is_err()
            })
            .collect();
        garbled.sort_by_key(|(_, place)| **place);
        garbled
            .into_iter()
            .map(|(name, _)| row.fault(name, "invalid_encoding", "the text is not UTF-8"))
            .collect()
    }
}

/// One row of the file, and the line on which it begins.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fields: ByteRecord,
}

impl Row {
    /// Bytes of text.
    pub(super) fn len(&self) -> usize {
        self.fields.as_slice().len()
    }

    /// A fault in a column of this row, or in the row itself where `column` is empty.
    pub(super) fn fault(&self, column: &str, code: &'static str, detail: impl Into<String>) -> ImportFault {
        ImportFault {
            line: self.line,
            fault: Fault::new(pointer(column), code, detail),
        }
    }
}

/// The column as a JSON Pointer (RFC 6901).
pub(super) fn pointer(column: &str) -> String {
    if column.is_empty() {
        String::new()
    } else {
        application::pointer_to("", column)
    }
}

/// The column that a place in a record came from.
pub(in super::super) fn column_of(place: String) -> String {
    let mut parts = place.split('/').skip(1);
    let name = match (parts.next(), parts.nth(1)) {
        (Some("key" | "slug"), _) => column::HANDLE,
        (Some("name"), _) => column::TITLE,
        (Some("categories" | "parent"), _) => column::TYPE,
        (Some("status"), _) => column::STATUS,
        (Some("optionAxes"), _) => "Option1 Name",
        (Some("variants"), Some("options")) => "Option1 Value",
        (Some("variants"), Some("gtin")) => column::BARCODE,
        (Some("variants"), _) => column::SKU,
        _ => return place,
    };
    pointer(name)
}
