//! From bytes to wire types, gathering every fault of shape on the way.

use std::ops::ControlFlow;

use application::{Fault, Faults, pointer_to};
use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};
use serde_json::Value;

/// How deep JSON may be nested.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why bytes are not JSON that we read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("the JSON ends too early or is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the JSON is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Parses JSON of limited depth. Lone surrogates and other text that is no Unicode are malformed.
pub(crate) fn read_json(bytes: &[u8]) -> Result<Value, JsonError> {
    let value: Value = serde_json::from_slice(bytes)?;
    if depth(&value) > MAX_DEPTH {
        Err(JsonError::TooDeep)
    } else {
        Ok(value)
    }
}

/// How many arrays and objects lie inside one another.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The wire type, or every unknown field, missing field and wrong type.
pub(crate) fn decode<T: Deserr<ShapeFaults>>(value: Value) -> Result<T, Faults> {
    deserr::deserialize::<T, _, ShapeFaults>(value).map_err(|ShapeFaults(faults)| faults)
}

/// Gathers what `deserr` finds, in the words of the problem documents.
#[derive(Debug)]
pub(crate) struct ShapeFaults(Faults);

impl MergeWithError<Self> for ShapeFaults {
    fn merge(this: Option<Self>, other: Self, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut faults = this.map(|Self(faults)| faults).unwrap_or_default();
        faults.extend(other.0.into_vec());
        ControlFlow::Continue(Self(faults))
    }
}

impl DeserializeError for ShapeFaults {
    fn error<V: IntoValue>(
        this: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let at = pointer(location);
        let fault = match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let accepted: Vec<_> = accepted.iter().copied().map(kind).collect();
                let detail = format!("must be {}, not {}", accepted.join(" or "), kind(actual.kind()));
                Fault::new(at, "wrong_type", detail)
            }
            ErrorKind::MissingField { field } => {
                Fault::new(pointer_to(&at, field), "required", "is required")
            }
            ErrorKind::UnknownKey { key, .. } => {
                Fault::new(pointer_to(&at, key), "unknown_field", "is not a field here")
            }
            ErrorKind::UnknownValue { accepted, .. } => Fault::new(
                at,
                "not_in_enum",
                format!("must be one of {}", accepted.join(", ")),
            ),
            ErrorKind::BadSequenceLen { expected, .. } => {
                Fault::new(at, "out_of_range", format!("must have {expected} items"))
            }
            ErrorKind::Unexpected { msg } => Fault::new(at, "out_of_range", msg),
        };
        let mut faults = this.map(|Self(faults)| faults).unwrap_or_default();
        faults.push(fault);
        ControlFlow::Continue(Self(faults))
    }
}

const AN_OBJECT: &str = "an object";

const fn kind(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "a boolean",
        ValueKind::Integer => "an integer",
        ValueKind::NegativeInteger => "a negative integer",
        ValueKind::Float => "a number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => AN_OBJECT,
    }
}

fn pointer(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => pointer_to(&pointer(*prev), key),
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
}

/// How often faulty parts are mended to see what is wrong behind them: a part that was taken out may be missing.
const ROUNDS: usize = 3;

/// Decodes and parses, so that faults of shape and of value are told together.
///
/// Where the shape is at fault, the faulty parts are taken out or stood in for, and what is left is looked at too.
pub(crate) fn parse_all<D, T>(value: Value, parse: impl Fn(D) -> Result<T, Faults>) -> Result<T, Faults>
where
    D: Deserr<ShapeFaults>,
{
    let mut value = value;
    let mut found: Vec<Fault> = Vec::new();
    for _ in 0..ROUNDS {
        // A part that is empty because what was in it was taken out is at no further fault.
        let emptied = |fault: &Fault, other: &Fault| {
            fault.code == "required" && is_within(&other.pointer, &fault.pointer)
        };
        let known = |fault: &Fault| {
            found
                .iter()
                .any(|other| is_within(&fault.pointer, &other.pointer) || emptied(fault, other))
        };
        match decode::<D>(value.clone()) {
            Ok(input) => match parse(input) {
                Ok(parsed) if found.is_empty() => return Ok(parsed),
                Ok(_) => break,
                Err(faults) => {
                    let further: Vec<_> = faults
                        .into_vec()
                        .into_iter()
                        .filter(|fault| !known(fault))
                        .collect();
                    found.extend(further);
                    break;
                }
            },
            Err(faults) => {
                let faults = faults.into_vec();
                for fault in &faults {
                    mend(&mut value, fault);
                }
                let further: Vec<_> = faults.into_iter().filter(|fault| !known(fault)).collect();
                found.extend(further);
            }
        }
    }
    let mut faults = Faults::default();
    faults.extend(found);
    Err(faults)
}

/// Whether a pointer is the other one or below it.
fn is_within(pointer: &str, other: &str) -> bool {
    pointer
        .strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Takes a faulty part out; where one is missing or stands in a list, a text stands in, as all required parts are text,
/// or an empty object where one has to be.
fn mend(value: &mut Value, fault: &Fault) {
    let Some((parent, token)) = fault.pointer.rsplit_once('/') else {
        return;
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) if fault.code == "required" => {
            fields.insert(token, "x".into());
        }
        Some(Value::Object(fields)) => {
            fields.remove(&token);
        }
        Some(Value::Array(items)) => {
            if let Some(item) = token.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                *item = if fault.detail.starts_with(&format!("must be {AN_OBJECT}")) {
                    Value::Object(serde_json::Map::new())
                } else {
                    "x".into()
                };
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::ProductInput;
    use domain::value::Locale;

    fn faults(value: Value) -> Vec<(String, &'static str)> {
        let locale = Locale::parse("en").unwrap();
        let parsed = parse_all(value, |input: ProductInput| input.parse_with_variants(&locale));
        let mut faults: Vec<_> = parsed
            .unwrap_err()
            .into_vec()
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect();
        faults.sort();
        faults
    }

    #[test]
    fn faults_of_shape_and_value_are_told_together() {
        let input = json!({
            "name": 5, "brand": " ", "extra": 1, "tags": [1, "", "fine"], "categories": ["key:-"],
            "variants": [
                {"gtin": "4006381333932", "prices": [{"amount": "1e3", "currency": "EUR"}, {"amount": 1, "currency": "JPY"}]},
                {"sku": "A", "prices": [{"amount": "1.5", "currency": "JPY"}, {"currency": "EUR"}]},
            ],
        });
        let expected = [
            ("/brand", "required"),
            ("/categories/0", "pattern"),
            ("/extra", "unknown_field"),
            ("/name", "wrong_type"),
            ("/tags/0", "wrong_type"),
            ("/tags/1", "required"),
            ("/variants/0/gtin", "gtin_check_digit"),
            ("/variants/0/prices/0/amount", "pattern"),
            ("/variants/0/prices/1/amount", "wrong_type"),
            ("/variants/0/sku", "required"),
            ("/variants/1/prices/0/amount", "currency_digits"),
            ("/variants/1/prices/1/amount", "required"),
        ];
        assert_eq!(
            faults(input),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
    }

    #[test]
    fn pointers_are_escaped() {
        let input = json!({"name": "x", "metadata": {"a/b~c": ""}, "m/n~o": 1});
        assert_eq!(faults(input), [("/m~1n~0o".to_owned(), "unknown_field")]);
    }

    #[test]
    fn depth_is_limited_and_half_characters_are_no_text() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
        assert!(read_json(&nested(32)).is_ok());
        assert!(matches!(read_json(&nested(33)), Err(JsonError::TooDeep)));
        assert!(matches!(read_json(&nested(5000)), Err(JsonError::Malformed(_))));
        assert!(matches!(read_json(br#""\ud800""#), Err(JsonError::Malformed(_))));
        assert!(matches!(read_json(b"{"), Err(JsonError::Malformed(_))));
    }
}
