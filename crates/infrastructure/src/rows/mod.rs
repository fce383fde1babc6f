//! Row documents: the JSON form of a resource's whole state, as both databases store it and as the change log keeps
//! it. Reading one back checks every value again, so that a damaged row is an error and never a wrong answer.

mod attributes;
mod category;
mod channel;
mod media;
mod price;
mod price_list;
mod product;
mod product_type;
mod resource;
mod search;
mod search_settings;
mod text;
mod variant;

use chrono::{NaiveDate, SecondsFormat};
use domain::value::ValueError;
use domain::{Record, Timestamp, Version};
use serde::{Deserialize, Serialize};

pub(crate) use attributes::typed;
pub use category::CategoryDoc;
pub use channel::ChannelDoc;
pub use media::MediaFileDoc;
pub use price::PriceDoc;
pub use price_list::PriceListDoc;
pub use product::{CopiesDoc, ProductDoc};
pub use product_type::ProductTypeDoc;
pub use resource::{StateDoc, Stored};
pub(crate) use search::{PriceRow, ProductRow, VariantRow};
pub use search_settings::SearchSettingsDoc;
pub(crate) use variant::MoneyDoc;
pub use variant::VariantDoc;

/// Stored data that the domain does not accept.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error("a stored value {0}")]
    Value(#[from] ValueError),
    #[error("a stored instant is not one")]
    Time(#[from] chrono::ParseError),
    #[error("a stored document is not readable")]
    Json(#[from] serde_json::Error),
    #[error("a stored word is not known: {0}")]
    Word(String),
    #[error("a stored number is out of range")]
    Number(#[from] std::num::TryFromIntError),
}

/// An instant as RFC 3339 text with six digits of seconds: exact, readable, and in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Instant(pub(crate) Timestamp);

impl From<Instant> for String {
    fn from(instant: Instant) -> Self {
        instant.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}

impl TryFrom<String> for Instant {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(text.parse()?))
    }
}

/// A day as in `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Day(pub(crate) NaiveDate);

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.0.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(text.parse()?))
    }
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordDoc {
    pub(crate) version: Version,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    pub(crate) deleted_at: Option<Instant>,
}

impl From<&Record> for RecordDoc {
    fn from(record: &Record) -> Self {
        let Record {
            version,
            created_at,
            updated_at,
            deleted_at,
        } = record;
        Self {
            version: *version,
            created_at: Instant(*created_at),
            updated_at: Instant(*updated_at),
            deleted_at: deleted_at.map(Instant),
        }
    }
}

impl From<RecordDoc> for Record {
    fn from(doc: RecordDoc) -> Self {
        let RecordDoc {
            version,
            created_at,
            updated_at,
            deleted_at,
        } = doc;
        Self {
            version,
            created_at: created_at.0,
            updated_at: updated_at.0,
            deleted_at: deleted_at.map(|i| i.0),
        }
    }
}
