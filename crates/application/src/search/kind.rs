//! What kinds of values fields have: from what clients write to what columns hold, and back.
//!
//! Invariant: values of one kind are in columns in the order that they have themselves, and come back as the same.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use domain::Timestamp;
use domain::product_type::{AttributeValue, Kind, Measure, Target, UnitFamily};
use domain::value::{Currency, Json, JsonNumber, Locale, Localized, Money, Number, Weight};

use super::document::Value;
use super::fields::names;

/// One of the values that there are, with what people read for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldChoice {
    pub value: String,
    pub names: BTreeMap<Locale, String>,
}

impl FieldChoice {
    /// The name in the first of these locales that there is one in, else whatever there is.
    pub fn name(&self, locales: &[Locale]) -> Option<&str> {
        let preferred = locales.iter().find_map(|locale| self.names.get(locale));
        preferred
            .or_else(|| self.names.values().next())
            .map(String::as_str)
    }
}

/// How a field's values are written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FieldKind {
    Text,
    Integer,
    /// As strings.
    Decimal,
    Boolean,
    /// Such as `2026-01-31`.
    Date,
    /// RFC 3339, to the microsecond.
    DateTime,
    Enum(Vec<FieldChoice>),
    /// As `{"value", "unit"}`.
    Measure(UnitFamily),
    /// The same, of mass. Columns have whole milligrams, so that there are statistics of weights.
    Weight,
    /// The id of a resource.
    Reference(Target),
    /// The id of a category, `key:<key>` or `slug:<slug>`; whoever knows the categories looks these up.
    Category,
    /// Amounts as strings, in the request's currency.
    Money,
}

/// Why a value is none of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFault {
    /// A stable item code such as `wrong_type`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl ValueFault {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl FieldKind {
    /// The kind of an attribute's values; `None` for JSON, which is never searched.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        Some(match kind {
            Kind::Text { .. } | Kind::Url => Self::Text,
            Kind::Integer { .. } => Self::Integer,
            Kind::Decimal { .. } => Self::Decimal,
            Kind::Boolean => Self::Boolean,
            Kind::Date { .. } => Self::Date,
            Kind::DateTime => Self::DateTime,
            Kind::Enum { options } => Self::Enum(
                options
                    .iter()
                    .map(|choice| FieldChoice {
                        value: choice.value.to_string(),
                        names: names(choice.name.iter().flat_map(Localized::iter)),
                    })
                    .collect(),
            ),
            Kind::Measure { family, .. } => Self::Measure(*family),
            Kind::Reference { target } => Self::Reference(*target),
            Kind::Json { .. } => return None,
        })
    }

    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "dateTime",
            Self::Enum(_) => "enum",
            Self::Measure(_) | Self::Weight => "measure",
            Self::Reference(_) | Self::Category => "reference",
            Self::Money => "money",
        }
    }

    /// Whether columns have numbers, of which alone there are statistics.
    pub const fn is_number(&self) -> bool {
        match self {
            Self::Integer | Self::Decimal | Self::Date | Self::DateTime | Self::Weight | Self::Money => true,
            Self::Text
            | Self::Boolean
            | Self::Enum(_)
            | Self::Measure(_)
            | Self::Reference(_)
            | Self::Category => false,
        }
    }

    /// The columns' value for what a client wrote. References to categories other than by id are not looked up here.
    pub fn parse(&self, value: &Json, currency: Option<Currency>) -> Result<Value, ValueFault> {
        let as_attribute = |kind: &Kind| {
            let parsed = kind.parse(value).map_err(|fault| {
                let at = fault.path.join("/");
                let detail = if at.is_empty() {
                    fault.detail
                } else {
                    format!("{at} {}", fault.detail)
                };
                ValueFault::new(fault.code, detail)
            })?;
            encode(&parsed).ok_or_else(|| ValueFault::new("wrong_type", "cannot be searched for"))
        };
        match self {
            Self::Text => as_attribute(&TEXT),
            Self::Integer => as_attribute(&Kind::Integer { min: None, max: None }),
            Self::Decimal => as_attribute(&Kind::Decimal { min: None, max: None }),
            Self::Boolean => as_attribute(&Kind::Boolean),
            Self::Date => as_attribute(&Kind::Date { min: None, max: None }),
            Self::DateTime => as_attribute(&Kind::DateTime),
            Self::Measure(family) => as_attribute(&measure(*family)),
            Self::Reference(target) => as_attribute(&Kind::Reference { target: *target }),
            Self::Category => as_attribute(&Kind::Reference {
                target: Target::Category,
            }),
            Self::Enum(choices) => {
                let parsed = as_attribute(&TEXT)?;
                let is_known = |text: &str| choices.iter().any(|choice| choice.value == text);
                match &parsed {
                    Value::Text(text) if is_known(text) => Ok(parsed),
                    _ => Err(ValueFault::new("not_in_enum", listed(choices))),
                }
            }
            Self::Weight => match measure(UnitFamily::Mass).parse(value) {
                Ok(AttributeValue::Measure(measure)) => milligrams(&measure)
                    .map(Value::Number)
                    .ok_or_else(|| ValueFault::new("out_of_range", "is more than can be compared")),
                Ok(_) => Err(ValueFault::new("wrong_type", "must be a measure")),
                Err(fault) => Err(ValueFault::new(fault.code, fault.detail)),
            },
            Self::Money => {
                let Some(currency) = currency else {
                    return Err(ValueFault::new("required", "prices need a currency"));
                };
                let Json::Text(amount) = value else {
                    let detail = format!("must be a decimal as a string, not {}", value.kind());
                    return Err(ValueFault::new("wrong_type", detail));
                };
                Money::parse(amount, currency)
                    .map(|money| Value::Number(money.minor()))
                    .map_err(|error| ValueFault::new(error.code(), error.to_string()))
            }
        }
    }

    /// A columns' value as clients read it; `null` for one that is not of this kind.
    pub fn render(&self, value: &Value, currency: Option<Currency>) -> Json {
        self.shown(value, currency).unwrap_or(Json::Null)
    }

    fn shown(&self, value: &Value, currency: Option<Currency>) -> Option<Json> {
        Some(match (self, value) {
            (Self::Boolean, Value::Text(word)) => Json::Boolean(word == TRUE),
            (Self::Measure(family), Value::Text(text)) => {
                let measure = Measure::from_base(*family, decode_base(text)?)?;
                AttributeValue::Measure(measure).to_json()
            }
            (Self::Text | Self::Enum(_) | Self::Reference(_) | Self::Category, Value::Text(text)) => {
                Json::Text(text.clone())
            }
            (Self::Integer, Value::Number(number)) => Json::Number(JsonNumber::from_signed(*number)),
            (Self::Decimal, Value::Number(number)) => {
                Json::Text(Number::from_millionths((*number).into())?.to_string())
            }
            (Self::Date, Value::Number(days)) => {
                let date = NaiveDate::default().checked_add_signed(TimeDelta::try_days(*days)?)?;
                Json::Text(date.to_string())
            }
            (Self::DateTime, Value::Number(micros)) => {
                AttributeValue::DateTime(Timestamp::from_timestamp_micros(*micros)?).to_json()
            }
            (Self::Weight, Value::Number(milligrams)) => {
                let base = i128::from(*milligrams).checked_mul(BASE_PER_MILLIGRAM)?;
                AttributeValue::Measure(Measure::from_base(UnitFamily::Mass, base)?).to_json()
            }
            (Self::Money, Value::Number(minor)) => {
                Json::Text(Money::from_minor(*minor, currency?).ok()?.amount())
            }
            _ => return None,
        })
    }
}

const TEXT: Kind = Kind::Text {
    min: None,
    max: None,
    pattern: None,
};
const TRUE: &str = "true";
const FALSE: &str = "false";

/// [`Measure::base`] of one milligram.
const BASE_PER_MILLIGRAM: i128 = 1_000_000_000_000;

const fn measure(family: UnitFamily) -> Kind {
    Kind::Measure {
        family,
        min: None,
        max: None,
    }
}

fn listed(choices: &[FieldChoice]) -> String {
    const SHOWN: usize = 20;
    let values: Vec<_> = choices.iter().take(SHOWN).map(|c| c.value.as_str()).collect();
    let more = if choices.len() > SHOWN { " and others" } else { "" };
    format!("must be one of {}{more}", values.join(", "))
}

/// A single value of an attribute as columns have it; `None` for what has no column.
pub(super) fn encode(value: &AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::Text(text) => Value::Text(text.clone()),
        AttributeValue::Integer(number) => Value::Number(*number),
        AttributeValue::Decimal(number) => Value::Number(number.millionths()),
        AttributeValue::Boolean(value) => boolean(*value),
        AttributeValue::Date(date) => {
            Value::Number(date.signed_duration_since(NaiveDate::default()).num_days())
        }
        AttributeValue::DateTime(time) => instant(*time),
        AttributeValue::Measure(measure) => Value::Text(encode_base(measure.base())),
        AttributeValue::Reference(_, id) => Value::Text(id.to_string()),
        AttributeValue::Raw(_)
        | AttributeValue::Json(_)
        | AttributeValue::Set(_)
        | AttributeValue::Localized(_) => return None,
    })
}

pub(super) fn boolean(value: bool) -> Value {
    Value::Text(if value { TRUE } else { FALSE }.to_owned())
}

pub(super) const fn instant(time: Timestamp) -> Value {
    Value::Number(time.timestamp_micros())
}

/// Of 32 digits, in the order of the numbers.
fn encode_base(base: i128) -> String {
    format!("{:032x}", base.cast_unsigned() ^ SIGN)
}

fn decode_base(text: &str) -> Option<i128> {
    Some((u128::from_str_radix(text, 16).ok()? ^ SIGN).cast_signed())
}

const SIGN: u128 = 1 << 127;

/// Cut to whole milligrams.
fn milligrams(measure: &Measure) -> Option<i64> {
    i64::try_from(measure.base().div_euclid(BASE_PER_MILLIGRAM)).ok()
}

/// The weight of a variant, cut to whole milligrams.
pub(super) fn weigh(weight: &Weight) -> Option<Value> {
    let number = Number::parse(weight.value.as_str()).ok()?;
    let measure = Measure::new(number, weight.unit.as_str()).ok()?;
    milligrams(&measure).map(Value::Number)
}

#[cfg(test)]
mod tests;
