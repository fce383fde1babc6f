//! Statements with their parameters, and rows of text.
//!
//! Values only ever travel as parameters; the text of a statement is made of constants.

use std::fmt::Write;

use domain::Timestamp;
use uuid::Uuid;

use crate::rows::RowError;

#[derive(Debug, Clone)]
pub enum Param {
    Text(String),
    OptionalText(Option<String>),
    Uuid(Uuid),
    Int(i64),
    Time(Timestamp),
    Bytes(Vec<u8>),
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Option<String>> for Param {
    fn from(text: Option<String>) -> Self {
        Self::OptionalText(text)
    }
}

impl From<Uuid> for Param {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Timestamp> for Param {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<Vec<u8>> for Param {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// A statement, with `$1`, `$2` … standing for its parameters.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) text: String,
    pub(crate) params: Vec<Param>,
}

impl Query {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            params: Vec::new(),
        }
    }

    /// Adds the value of the next parameter that the text names already.
    pub(crate) fn with(mut self, param: impl Into<Param>) -> Self {
        self.params.push(param.into());
        self
    }

    /// The statement that tells how the database would run this one.
    #[must_use]
    pub fn explained(&self) -> Self {
        Self {
            text: format!("explain query plan {}", self.text),
            params: self.params.clone(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter, both its place and its value.
    pub(crate) fn bind(&mut self, param: impl Into<Param>) -> &mut Self {
        self.params.push(param.into());
        // Writing to a string cannot fail.
        let _ = write!(self.text, "${}", self.params.len());
        self
    }
}

#[derive(Debug, Clone)]
pub enum Cell {
    Null,
    Text(String),
    Bytes(Vec<u8>),
}

/// A row whose columns are text, or bytes where the column holds bytes.
#[derive(Debug, Clone)]
pub struct Row(pub(crate) std::vec::IntoIter<Cell>);

impl Row {
    /// The next column.
    pub(crate) fn optional(&mut self) -> Result<Option<String>, RowError> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            Some(Cell::Bytes(_)) | None => Err(RowError::Word("a column that is not text".to_owned())),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, RowError> {
        self.optional()?
            .ok_or_else(|| RowError::Word("a column without a value".to_owned()))
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, RowError> {
        self.parse()
    }

    /// A value in its usual notation.
    pub(crate) fn parse<T: std::str::FromStr>(&mut self) -> Result<T, RowError> {
        let text = self.text()?;
        text.parse().map_err(|_| RowError::Word(text))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, RowError> {
        Ok(serde_json::from_str(&self.text()?)?)
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, RowError> {
        match self.0.next() {
            Some(Cell::Bytes(bytes)) => Ok(bytes),
            _ => Err(RowError::Word("a column that is not bytes".to_owned())),
        }
    }
}

/// The documents of a result whose only column is `data`, parsed into states.
pub(crate) fn states<D, S>(rows: Vec<Row>) -> Result<Vec<S>, RowError>
where
    D: serde::de::DeserializeOwned,
    S: TryFrom<D, Error = RowError>,
{
    rows.into_iter()
        .map(|mut row| S::try_from(row.json::<D>()?))
        .collect()
}
