//! JSON without a meaning of its own: what clients write before it is typed, and what attributes of type `json` keep.

use std::collections::BTreeMap;

use super::ValueError;

/// A JSON value. Numbers are text in one canonical form, so that equal numbers are equal here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Json {
    Null,
    Boolean(bool),
    Number(JsonNumber),
    Text(String),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
}

/// The text of a JSON number: whole numbers as their digits, others in the shortest form that reads back the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonNumber(String);

/// Whole numbers up to this are exact in every JSON implementation (RFC 7493, section 2.2).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

impl JsonNumber {
    pub fn from_signed(number: i64) -> Self {
        Self(number.to_string())
    }

    pub fn from_unsigned(number: u64) -> Self {
        Self(number.to_string())
    }

    /// `None` for what is no number in JSON.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "within the bound both conversions are exact"
    )]
    pub fn from_float(number: f64) -> Option<Self> {
        let whole = number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER as f64;
        match number.is_finite() {
            true if whole => Some(Self::from_signed(number as i64)),
            true => Some(Self(format!("{number:e}"))),
            false => None,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Json {
    /// Whether every text in it can be stored: no store takes U+0000.
    pub fn storable(&self) -> Result<(), ValueError> {
        let text = |text: &str| {
            if text.contains('\0') {
                Err(ValueError::ControlCharacter)
            } else {
                Ok(())
            }
        };
        match self {
            Self::Null | Self::Boolean(_) | Self::Number(_) => Ok(()),
            Self::Text(value) => text(value),
            Self::List(items) => items.iter().try_for_each(Self::storable),
            Self::Object(members) => members
                .iter()
                .try_for_each(|(name, value)| text(name).and_then(|()| value.storable())),
        }
    }

    /// What kind of value it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_equal() {
        let float = |number| JsonNumber::from_float(number).map(|n| n.0);
        assert_eq!(float(1.0).as_deref(), Some("1"));
        assert_eq!(float(-0.0).as_deref(), Some("0"));
        assert_eq!(float(1e300).as_deref(), Some("1e300"));
        assert_eq!(float(0.1).as_deref(), Some("1e-1"));
        assert_eq!(float(f64::NAN), None);
    }
}
