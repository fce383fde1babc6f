//! The types of attributes: which members each has, and what its bounds look like.

use chrono::NaiveDate;
use domain::product_type::{Kind, Measure, Pattern, Target, UnitFamily};
use domain::value::{Number, ValueError};
use serde_json::{Value, json};

use super::attribute::AttributeDto;
use crate::wire::parse::Parser;
use crate::wire::values::JsonDto;

/// Takes the members that the type has out of the definition; any that is left is refused.
pub(super) fn parse(dto: &mut AttributeDto, p: &mut Parser<'_>, at: &str) -> Option<Kind> {
    let to = |member: &str| format!("{at}/{member}");
    let kind = match dto.kind.as_str() {
        "text" => {
            let (min, max) = bounds(dto, p, at, "a whole number", |value| {
                value.as_u64().and_then(|n| u32::try_from(n).ok())
            });
            let pattern = p.maybe(dto.pattern.take(), |p, pattern| {
                p.take(&to("pattern"), Pattern::parse(pattern))
            });
            kind_of(|| {
                Some(Kind::Text {
                    min: min?,
                    max: max?,
                    pattern: pattern?,
                })
            })
        }
        "integer" => {
            let (min, max) = bounds(dto, p, at, "an integer", Value::as_i64);
            kind_of(|| Some(Kind::Integer { min: min?, max: max? }))
        }
        "decimal" => {
            let read = |value: &Value| value.as_str().and_then(|text| Number::parse(text).ok());
            let (min, max) = bounds(dto, p, at, "a decimal as a string", read);
            kind_of(|| Some(Kind::Decimal { min: min?, max: max? }))
        }
        "boolean" => Some(Kind::Boolean),
        "date" => {
            let read = |value: &Value| {
                let text = value.as_str().filter(|text| text.len() == 10)?;
                text.parse::<NaiveDate>().ok()
            };
            let (min, max) = bounds(dto, p, at, "a date such as 2026-01-31", read);
            kind_of(|| Some(Kind::Date { min: min?, max: max? }))
        }
        "dateTime" => Some(Kind::DateTime),
        "enum" => {
            let options = dto.options.take().unwrap_or_default();
            let options = p.list(&to("options"), options, Kind::MAX_OPTIONS, |p, at, option| {
                option.parse(p, at)
            });
            options.map(|options| Kind::Enum { options })
        }
        "measure" => {
            let (min, max) = bounds(dto, p, at, "a measure with value and unit", measure);
            let family = match dto.unit_family.take() {
                Some(family) => p.take(&to("unitFamily"), UnitFamily::parse(&family)),
                None => p.take(&to("unitFamily"), Err(ValueError::Required)),
            };
            kind_of(|| {
                Some(Kind::Measure {
                    family: family?,
                    min: min?,
                    max: max?,
                })
            })
        }
        "url" => Some(Kind::Url),
        "reference" => {
            let target = match dto.target.take() {
                Some(target) => p.take(&to("target"), Target::parse(&target)),
                None => p.take(&to("target"), Err(ValueError::Required)),
            };
            target.map(|target| Kind::Reference { target })
        }
        "json" => Some(Kind::Json {
            schema: dto.schema.take().map(|schema| schema.to_json()),
        }),
        _ => {
            let error = ValueError::NotInEnum {
                expected: Kind::EXPECTED,
            };
            return p.take(&to("type"), Err(error));
        }
    };
    let left = [
        ("options", dto.options.is_some()),
        ("min", dto.min.is_some()),
        ("max", dto.max.is_some()),
        ("pattern", dto.pattern.is_some()),
        ("unitFamily", dto.unit_family.is_some()),
        ("schema", dto.schema.is_some()),
        ("target", dto.target.is_some()),
    ];
    for (member, _) in left.into_iter().filter(|(_, is_left)| *is_left) {
        let detail = format!("is no member of an attribute of type {}", dto.kind);
        p.refuse(&to(member), "unknown_field", &detail);
    }
    kind
}

fn kind_of(kind: impl FnOnce() -> Option<Kind>) -> Option<Kind> {
    kind()
}

/// `min` and `max`, each absent or valid, else `None`.
#[expect(
    clippy::option_option,
    reason = "the outer one is whether it is valid, the inner one whether it is there"
)]
fn bounds<T>(
    dto: &mut AttributeDto,
    p: &mut Parser<'_>,
    at: &str,
    expected: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> (Option<Option<T>>, Option<Option<T>>) {
    let mut bound = |member: &str, value: Option<JsonDto>| {
        p.maybe(value, |p, JsonDto(value)| {
            let bound = read(&value).ok_or(ValueError::Pattern { expected });
            p.take(&format!("{at}/{member}"), bound)
        })
    };
    let min = bound("min", dto.min.take());
    (min, bound("max", dto.max.take()))
}

fn measure(value: &Value) -> Option<Measure> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    let number = Number::parse(members.get("value")?.as_str()?).ok()?;
    Measure::new(number, members.get("unit")?.as_str()?).ok()
}

/// Gives the definition the members that its type has.
pub(super) fn fill(kind: &Kind, dto: &mut AttributeDto) {
    let whole = |bound: Option<u32>| bound.map(|bound| JsonDto(json!(bound)));
    let text = |bound: Option<String>| bound.map(|bound| JsonDto(json!(bound)));
    let measured = |bound: &Option<Measure>| {
        bound.map(|m| JsonDto(json!({"value": m.value().to_string(), "unit": m.unit().symbol})))
    };
    match kind {
        Kind::Text { min, max, pattern } => {
            dto.min = whole(*min);
            dto.max = whole(*max);
            dto.pattern = pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
        }
        Kind::Integer { min, max } => {
            dto.min = min.map(|bound| JsonDto(json!(bound)));
            dto.max = max.map(|bound| JsonDto(json!(bound)));
        }
        Kind::Decimal { min, max } => {
            dto.min = text(min.map(|bound| bound.to_string()));
            dto.max = text(max.map(|bound| bound.to_string()));
        }
        Kind::Date { min, max } => {
            dto.min = text(min.map(|bound| bound.to_string()));
            dto.max = text(max.map(|bound| bound.to_string()));
        }
        Kind::Enum { options } => dto.options = Some(options.iter().map(Into::into).collect()),
        Kind::Measure { family, min, max } => {
            dto.unit_family = Some(family.as_str().to_owned());
            dto.min = measured(min);
            dto.max = measured(max);
        }
        Kind::Reference { target } => dto.target = Some(target.as_str().to_owned()),
        Kind::Json { schema } => dto.schema = schema.clone().map(JsonDto::from),
        Kind::Boolean | Kind::DateTime | Kind::Url => {}
    }
}
