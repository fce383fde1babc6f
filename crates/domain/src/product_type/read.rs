//! From what clients write to typed values: the form of values, whatever their bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};
use regex::Regex;
use uuid::Uuid;

use super::attribute::{Attribute, Kind, Level};
use super::unit::Measure;
use super::value::{AttributeValue, Attributes};
use super::{AttributeFault, ProductTypeContent};
use crate::value::{Json, Key, Locale, Localized, MAX_SAFE_INTEGER, Number, ValueError};

/// What texts must match: no control characters but tab and line breaks, and not white space alone. White space is
/// spelled out, as the dialects of regular expressions do not agree on it.
pub const TEXT_PATTERNS: [&str; 2] = [
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
    r"[^\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
];
/// Days of years that RFC 3339 writes with four digits in every time zone.
pub const DATE_PATTERN: &str = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
/// RFC 3339 with all of its parts, without leap seconds.
pub const DATE_TIME_PATTERN: &str = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
/// Absolute `http` and `https` addresses in ASCII, without credentials.
pub const URL_PATTERN: &str =
    r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!-~]*)?$";
/// The canonical form of ids.
pub const REFERENCE_PATTERN: &str = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

pub(super) const MAX_URL: usize = 2048;

static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(DATE_PATTERN).ok());
static DATE_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(DATE_TIME_PATTERN).ok());
static URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(URL_PATTERN).ok());

fn has_form(form: &LazyLock<Option<Regex>>, text: &str) -> bool {
    form.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Values of the right form, and what is wrong with the others.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) values: Attributes,
    /// Keys of values that are not of the right form.
    pub(super) broken: BTreeSet<Key>,
    pub(super) faults: Vec<AttributeFault>,
}

impl ProductTypeContent {
    /// Types the values that are still raw, and those that were typed by another definition.
    pub(super) fn read(&self, level: Level, values: &Attributes, default: &Locale) -> Read {
        let mut read = Read::default();
        for (key, value) in values.iter() {
            let mut faults = Faults::new(key);
            let value = match self.attribute(key) {
                Some(_) if level == Level::Variant && self.is_axis(key) => {
                    faults.refuse("unknown_field", "is an axis: its value stands in `options`");
                    None
                }
                Some(attribute) if attribute.level == level => {
                    attribute.read(&value.to_json(), default, &mut faults)
                }
                Some(_) => {
                    let detail = match level {
                        Level::Product => "is an attribute of variants",
                        Level::Variant => "is an attribute of products",
                    };
                    faults.refuse("unknown_field", detail);
                    None
                }
                None => {
                    faults.refuse("unknown_field", "the product type has no such attribute");
                    None
                }
            };
            if value.is_none() || !faults.found.is_empty() {
                read.broken.insert(key.clone());
            }
            // What is of the right form among the parts of a value is looked at further.
            if let Some(value) = value {
                read.values.insert(key.clone(), value);
            }
            read.faults.extend(faults.found);
        }
        read
    }
}

/// Gathers faults below a path.
pub(super) struct Faults {
    path: Vec<String>,
    pub(super) found: Vec<AttributeFault>,
}

impl Faults {
    pub(super) fn new(key: &Key) -> Self {
        Self {
            path: vec![key.to_string()],
            found: Vec::new(),
        }
    }

    pub(super) fn refuse(&mut self, code: &'static str, detail: impl Into<String>) {
        self.found
            .push(AttributeFault::new(self.path.clone(), code, detail));
    }

    pub(super) fn within<T>(&mut self, step: impl Into<String>, look: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.into());
        let seen = look(self);
        self.path.pop();
        seen
    }

    fn take<T>(&mut self, value: Result<T, ValueError>) -> Option<T> {
        value
            .map_err(|error| self.refuse(error.code(), error.to_string()))
            .ok()
    }

    fn wrong_type(&mut self, expected: &str, actual: &Json) {
        self.refuse("wrong_type", format!("must be {expected}, not {}", actual.kind()));
    }
}

impl Attribute {
    fn read(&self, value: &Json, default: &Locale, faults: &mut Faults) -> Option<AttributeValue> {
        if !self.localizable {
            return self.read_plain(value, faults);
        }
        let Json::Object(texts) = value else {
            let only = self.read_plain(value, faults)?;
            return Some(AttributeValue::Localized(BTreeMap::from([(
                default.clone(),
                only,
            )])));
        };
        let max = Localized::<1>::MAX_LOCALES;
        match texts.len() {
            0 => faults.refuse("required", "must have a value in one locale at least"),
            n if n > max => faults.refuse("too_long", format!("must have at most {max} locales")),
            _ => {}
        }
        let mut values = BTreeMap::new();
        for (tag, value) in texts {
            faults.within(tag, |faults| {
                let locale = faults.take(Locale::parse(tag));
                let value = self.read_plain(value, faults);
                if let Some((locale, value)) = locale.zip(value) {
                    values.insert(locale, value);
                }
            });
        }
        (!values.is_empty()).then_some(AttributeValue::Localized(values))
    }

    fn read_plain(&self, value: &Json, faults: &mut Faults) -> Option<AttributeValue> {
        if !self.set {
            return self.kind.read(value, faults);
        }
        let Json::List(items) = value else {
            faults.wrong_type("an array", value);
            return None;
        };
        let max = Self::MAX_ITEMS;
        if items.len() > max {
            faults.refuse("too_long", format!("must have at most {max} items"));
            return None;
        }
        let mut read: Vec<AttributeValue> = Vec::with_capacity(items.len());
        let mut seen = std::collections::HashSet::new();
        for (index, item) in items.iter().enumerate() {
            faults.within(index.to_string(), |faults| {
                if !seen.insert(item) {
                    faults.refuse("duplicate", "stands in the list twice");
                    return;
                }
                read.extend(self.kind.read(item, faults));
            });
        }
        // With an item missing, the others would be looked at in the wrong places.
        (read.len() == items.len()).then_some(AttributeValue::Set(read))
    }
}

impl Kind {
    /// One value as a client wrote it, whatever its bounds; the path of the fault is relative to it.
    pub fn parse(&self, value: &Json) -> Result<AttributeValue, AttributeFault> {
        let mut faults = Faults {
            path: Vec::new(),
            found: Vec::new(),
        };
        let read = self.read(value, &mut faults);
        let unread = || AttributeFault::new(Vec::new(), "wrong_type", "is not a value of the attribute");
        read.ok_or_else(|| faults.found.into_iter().next().unwrap_or_else(unread))
    }

    fn read(&self, value: &Json, faults: &mut Faults) -> Option<AttributeValue> {
        match self {
            Kind::Text { .. } | Kind::Enum { .. } => read_text(value, faults).map(AttributeValue::Text),
            Kind::Integer { .. } => read_integer(value, faults).map(AttributeValue::Integer),
            Kind::Decimal { .. } => {
                let text = expect_text(value, "a decimal as a string", faults)?;
                faults.take(Number::parse(text)).map(AttributeValue::Decimal)
            }
            Kind::Boolean => match value {
                Json::Boolean(value) => Some(AttributeValue::Boolean(*value)),
                other => {
                    faults.wrong_type("a boolean", other);
                    None
                }
            },
            Kind::Date { .. } => {
                let text = expect_text(value, "a string", faults)?;
                let date = Some(text).filter(|text| has_form(&DATE, text));
                let date = date.and_then(|text| text.parse::<NaiveDate>().ok());
                or_pattern(
                    date,
                    "a date such as 2026-01-31, of the years 1000 to 2999",
                    faults,
                )
                .map(AttributeValue::Date)
            }
            Kind::DateTime => {
                let text = expect_text(value, "a string", faults)?;
                let time = Some(text).filter(|text| has_form(&DATE_TIME, text));
                let time = time.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
                let time = time.map(|time| time.with_timezone(&Utc).trunc_subsecs(6));
                or_pattern(time, "an instant such as 2026-01-31T12:00:00Z (RFC 3339)", faults)
                    .map(AttributeValue::DateTime)
            }
            Kind::Url => {
                let text = expect_text(value, "a string", faults)?;
                if text.len() > MAX_URL {
                    faults.refuse("too_long", format!("must have at most {MAX_URL} characters"));
                    return None;
                }
                let url = Some(text.to_owned()).filter(|text| has_form(&URL, text));
                let expected = "an absolute http or https URL in ASCII without credentials";
                or_pattern(url, expected, faults).map(AttributeValue::Text)
            }
            Kind::Reference { target } => {
                let text = expect_text(value, "an id as a string", faults)?;
                let id = Uuid::try_parse(text).ok().filter(|id| id.to_string() == text);
                or_pattern(id, "an id", faults).map(|id| AttributeValue::Reference(*target, id))
            }
            Kind::Measure { family, .. } => read_measure(*family, value, faults),
            Kind::Json { .. } => {
                faults.take(value.storable())?;
                Some(AttributeValue::Json(value.clone()))
            }
        }
    }
}

fn or_pattern<T>(value: Option<T>, expected: &str, faults: &mut Faults) -> Option<T> {
    if value.is_none() {
        faults.refuse("pattern", format!("must be {expected}"));
    }
    value
}

fn expect_text<'a>(value: &'a Json, expected: &str, faults: &mut Faults) -> Option<&'a str> {
    if let Json::Text(text) = value {
        return Some(text);
    }
    faults.wrong_type(expected, value);
    None
}

fn read_text(value: &Json, faults: &mut Faults) -> Option<String> {
    let text = expect_text(value, "a string", faults)?;
    let parsed = crate::value::Text::<{ Kind::MAX_TEXT as usize }>::parse(text);
    faults.take(parsed).map(|text| text.to_string())
}

fn read_integer(value: &Json, faults: &mut Faults) -> Option<i64> {
    let Json::Number(number) = value else {
        faults.wrong_type("an integer", value);
        return None;
    };
    let text = number.as_str();
    if let Ok(integer) = text.parse::<i64>()
        && integer.abs() <= MAX_SAFE_INTEGER
    {
        return Some(integer);
    }
    // What has an exponent is either beyond the bound or between two integers.
    let is_whole = text.parse::<f64>().is_ok_and(|float| float.fract() == 0.0);
    if is_whole {
        faults.refuse("out_of_range", "must be between -(2^53 - 1) and 2^53 - 1");
    } else {
        faults.wrong_type("an integer", value);
    }
    None
}

fn read_measure(family: super::UnitFamily, value: &Json, faults: &mut Faults) -> Option<AttributeValue> {
    let Json::Object(members) = value else {
        faults.wrong_type("an object with value and unit", value);
        return None;
    };
    for name in members
        .keys()
        .filter(|name| !["value", "unit"].contains(&name.as_str()))
    {
        faults.within(name, |faults| {
            faults.refuse("unknown_field", "is not a field here");
        });
    }
    let number = faults.within("value", |faults| match members.get("value") {
        None => {
            faults.refuse("required", "is required");
            None
        }
        Some(value) => {
            let text = expect_text(value, "a decimal as a string", faults)?;
            faults.take(Number::parse(text))
        }
    });
    let unit = faults.within("unit", |faults| match members.get("unit") {
        None => {
            faults.refuse("required", "is required");
            None
        }
        Some(unit) => {
            let symbol = expect_text(unit, "a string", faults)?;
            if family.units().iter().any(|unit| unit.symbol == symbol) {
                return Some(symbol);
            }
            let detail = format!(
                "must be a unit of {}: one of {}",
                family.as_str(),
                family.symbols()
            );
            faults.refuse("unit_family", detail);
            None
        }
    });
    let measure = Measure::new(number?, unit?);
    faults.take(measure).map(AttributeValue::Measure)
}
