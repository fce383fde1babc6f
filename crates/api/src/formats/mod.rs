//! The files that merchants bring and take away.
//!
//! Invariant: memory stays flat however long a file is, and a record that cannot be read is a fault on its line, not
//! the end of the file.

mod export;
mod ndjson;
mod shopify;
mod source;
#[cfg(test)]
mod tests;

use domain::value::{Currency, Locale};

pub(crate) use export::{Exported, export};
pub(crate) use source::batches;

/// A file's layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object per line: a product with its variants, a category, a product type, a channel, a price list or a price.
    Ndjson,
    /// The CSV that Shopify exports products in.
    ShopifyCsv,
}

impl Format {
    pub(crate) const NAMES: &str = "ndjson or shopify-csv";

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::ShopifyCsv => "shopify-csv",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Ndjson, Self::ShopifyCsv]
            .into_iter()
            .find(|format| format.as_str() == name)
    }

    /// From places in records to places in the file.
    pub(crate) const fn places(self) -> fn(String) -> String {
        match self {
            Self::Ndjson => std::convert::identity,
            Self::ShopifyCsv => shopify::column_of,
        }
    }

    /// The format that a file's first bytes look like.
    pub(crate) fn guess(start: &[u8]) -> Self {
        let start = start.strip_prefix(BOM).unwrap_or(start);
        match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None | Some(b'{') => Self::Ndjson,
            Some(_) => Self::ShopifyCsv,
        }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) format: Format,
    /// The language of text that does not say its own.
    pub(crate) locale: Locale,
    /// The currency of prices that do not say their own.
    pub(crate) currency: Currency,
}

/// The UTF-8 byte order mark, which spreadsheets put in front.
const BOM: &[u8] = b"\xef\xbb\xbf";
