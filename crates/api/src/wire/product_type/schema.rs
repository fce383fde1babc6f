//! A product type as a JSON Schema (2020-12) of its products, which agrees with what the service itself accepts.
//!
//! What no schema can say stands in `$comment`: that references lead somewhere, names and unique values are free, and
//! option axes that a product chooses itself are those of its variants.

use domain::product::ProductContent;
use domain::product_type::{
    Attribute, Attributes, DATE_PATTERN, DATE_TIME_PATTERN, Kind, Level, Moment, ProductTypeState,
    REFERENCE_PATTERN, TEXT_PATTERNS, URL_PATTERN,
};
use domain::value::{Json, Key, MAX_SAFE_INTEGER, Number};
use serde_json::{Map, Value, json};

use super::range::{Bound, dates, decimals, millionths};
use crate::wire::values::JsonDto;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const KEY: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";
/// Well-formed language tags (RFC 5646, section 2.1), whatever their case.
const LOCALE: &str = "^([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?\
                      (-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(-[0-9A-WY-Za-wy-z](-[A-Za-z0-9]{2,8})+)*\
                      (-[xX](-[A-Za-z0-9]{1,8})+)?$";
const MAX_URL: usize = 2048;

/// The schema of a product of this type as clients write it.
pub(crate) fn product_schema(product_type: &ProductTypeState, moment: Moment) -> Value {
    let content = &product_type.content;
    let of = |level| {
        let attributes = content.attributes.iter().filter(move |a| a.level == level);
        attributes.filter(move |a| level == Level::Product || !content.is_axis(&a.key))
    };
    let mut required = vec!["name"];
    let attributes = attributes(of(Level::Product), moment);
    required.extend(asks(&attributes).then_some("attributes"));
    let title = content.name.iter().next().map(|(_, name)| name.as_str());
    json!({
        "$schema": DIALECT,
        "$id": format!("urn:vitrine:product-type:{}:{}", product_type.id, product_type.record.version),
        "$comment": "Not said here: whether references lead somewhere, keys, slugs, SKUs, GTINs and unique values are \
                     free, and options fit the axes that a product chooses itself.",
        "title": title,
        "type": "object",
        "properties": {
            "key": nullable(&json!({"type": "string", "pattern": KEY})),
            "productType": nullable(&json!({"enum": [product_type.id.to_string(), format!("key:{}", content.key)]})),
            "name": localized(&text(250)),
            "slug": nullable(&localized(&json!({"type": "string", "minLength": 1, "maxLength": 200}))),
            "description": nullable(&localized(&text(65_535))),
            "brand": nullable(&text(120)),
            "tags": array(&text(255), ProductContent::MAX_TAGS),
            "categories": array(&json!({"type": "string"}), ProductContent::MAX_CATEGORIES),
            "media": array(&media(), domain::value::MAX_MEDIA),
            "seo": nullable(&object(&json!({
                "title": nullable(&localized(&text(255))),
                "description": nullable(&localized(&text(1000))),
            }), &[])),
            "optionAxes": axes(product_type),
            "attributes": attributes,
            "metadata": metadata(),
            "variants": nullable(&array(&variant(product_type, of(Level::Variant), moment), 200)),
        },
        "required": required,
        "additionalProperties": false,
    })
}

/// The attributes of one level.
fn attributes<'a>(of_level: impl Iterator<Item = &'a Attribute>, moment: Moment) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for attribute in of_level {
        let must = attribute.required.at(moment);
        properties.insert(attribute.key.to_string(), value(attribute, must));
        if must {
            required.push(attribute.key.as_str());
        }
    }
    json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        "maxProperties": Attributes::MAX,
    })
}

fn asks(schema: &Value) -> bool {
    schema["required"]
        .as_array()
        .is_some_and(|required| !required.is_empty())
}

fn value(attribute: &Attribute, must: bool) -> Value {
    let single = single(attribute);
    let plain = if attribute.set {
        json!({
            "type": "array", "items": single, "maxItems": Attribute::MAX_ITEMS, "uniqueItems": true,
            "minItems": u8::from(must),
        })
    } else {
        single
    };
    let mut schema = if attribute.localizable {
        localized(&plain)
    } else {
        plain
    };
    if let (Some(name), Value::Object(members)) = (attribute.name.iter().next(), &mut schema) {
        members.entry("title").or_insert_with(|| name.1.as_str().into());
    }
    schema
}

fn single(attribute: &Attribute) -> Value {
    match &attribute.kind {
        Kind::Text { min, max, pattern } => {
            let mut schema = text(max.unwrap_or(Kind::MAX_TEXT));
            if let Value::Object(members) = &mut schema {
                members.insert("minLength".to_owned(), min.unwrap_or(1).into());
                if let Some(pattern) = pattern {
                    members.insert("pattern".to_owned(), pattern.as_str().into());
                }
            }
            schema
        }
        Kind::Integer { min, max } => json!({
            "type": "integer", "minimum": min.unwrap_or(-MAX_SAFE_INTEGER), "maximum": max.unwrap_or(MAX_SAFE_INTEGER),
        }),
        Kind::Decimal { min, max } => decimal(min.map(millionths), max.map(millionths)),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Date { min, max } => {
            let bounds = [min.map(|min| dates(min, true)), max.map(|max| dates(max, false))];
            string_of("date", DATE_PATTERN, bounds)
        }
        Kind::DateTime => string_of("date-time", DATE_TIME_PATTERN, [None, None]),
        Kind::Enum { options } => {
            let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
            json!({"enum": values})
        }
        Kind::Measure { family, min, max } => {
            let of_unit = |unit: &domain::product_type::Unit| {
                let (min, max) = (
                    min.map(|min| min.ceil_in(unit)),
                    max.map(|max| max.floor_in(unit)),
                );
                let members = json!({"value": decimal(min, max), "unit": {"const": unit.symbol}});
                object(&members, &["value", "unit"])
            };
            let units: Vec<_> = family.units().iter().map(of_unit).collect();
            json!({"type": "object", "anyOf": units})
        }
        Kind::Url => json!({"type": "string", "maxLength": MAX_URL, "pattern": URL_PATTERN}),
        Kind::Reference { .. } => json!({"type": "string", "pattern": REFERENCE_PATTERN}),
        Kind::Json { schema: None } => json!({}),
        Kind::Json { schema: Some(schema) } => embedded(attribute, schema),
    }
}

/// A schema of its own within the schema: what it refers to by fragment stays within it.
fn embedded(attribute: &Attribute, schema: &Json) -> Value {
    let JsonDto(mut schema) = JsonDto::from(schema.clone());
    if let Value::Object(members) = &mut schema {
        members.insert(
            "$id".to_owned(),
            format!("urn:vitrine:attribute:{}", attribute.key).into(),
        );
    }
    schema
}

fn decimal(min: Option<i128>, max: Option<i128>) -> Value {
    let bounds = [
        min.map(Bound::AtLeast).and_then(decimals),
        max.map(Bound::AtMost).and_then(decimals),
    ];
    let bounds: Vec<_> = bounds
        .into_iter()
        .flatten()
        .map(|b| json!({"pattern": b}))
        .collect();
    let mut schema = json!({"type": "string", "pattern": Number::PATTERN});
    if let (false, Value::Object(members)) = (bounds.is_empty(), &mut schema) {
        members.insert("allOf".to_owned(), bounds.into());
    }
    schema
}

fn string_of(format: &str, pattern: &str, bounds: [Option<String>; 2]) -> Value {
    let bounds: Vec<_> = bounds
        .into_iter()
        .flatten()
        .map(|b| json!({"pattern": b}))
        .collect();
    let mut schema = json!({"type": "string", "format": format, "pattern": pattern});
    if let (false, Value::Object(members)) = (bounds.is_empty(), &mut schema) {
        members.insert("allOf".to_owned(), bounds.into());
    }
    schema
}

/// Text of `min` 1 to `max` characters as every text here is.
fn text(max: u32) -> Value {
    let patterns = TEXT_PATTERNS.map(|pattern| json!({"pattern": pattern}));
    json!({"type": "string", "minLength": 1, "maxLength": max, "allOf": patterns})
}

/// A value per locale, or one for the default locale.
fn localized(plain: &Value) -> Value {
    json!({"anyOf": [plain, {
        "type": "object", "minProperties": 1, "maxProperties": 60,
        "propertyNames": {"pattern": LOCALE, "maxLength": 35}, "additionalProperties": plain,
    }]})
}

fn nullable(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn array(items: &Value, max: usize) -> Value {
    json!({"type": "array", "items": items, "maxItems": max})
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn metadata() -> Value {
    let text = |max: u32| json!({"type": "string", "maxLength": max, "pattern": TEXT_PATTERNS[0]});
    json!({
        "type": "object", "maxProperties": 50, "propertyNames": {"minLength": 1, "allOf": [text(64)]},
        "additionalProperties": text(1000),
    })
}

fn media() -> Value {
    let properties = json!({
        "url": {"type": "string", "maxLength": MAX_URL},
        "alt": nullable(&localized(&text(500))),
        "role": nullable(&json!({"enum": ["main", "gallery", "swatch", "document"]})),
    });
    object(&properties, &["url"])
}

fn axes(product_type: &ProductTypeState) -> Value {
    let keys: Vec<_> = product_type
        .content
        .option_attributes
        .iter()
        .map(Key::as_str)
        .collect();
    if keys.is_empty() {
        let mut schema = array(&text(64), ProductContent::MAX_AXES);
        if let Value::Object(members) = &mut schema {
            members.insert("uniqueItems".to_owned(), true.into());
        }
        return schema;
    }
    json!({"type": "array", "items": {"enum": keys}, "uniqueItems": true, "anyOf": [
        {"maxItems": 0}, {"minItems": keys.len(), "maxItems": keys.len()},
    ]})
}

fn variant<'a>(
    product_type: &'a ProductTypeState,
    of_level: impl Iterator<Item = &'a Attribute>,
    moment: Moment,
) -> Value {
    let attributes = attributes(of_level, moment);
    let options = options(product_type);
    let mut required = vec!["sku"];
    required.extend(asks(&attributes).then_some("attributes"));
    required.extend(asks(&options).then_some("options"));
    let amount = json!({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"});
    let decimal = json!({"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,6})?$"});
    let price = json!({"amount": amount, "currency": {"type": "string"}, "compareAt": nullable(&amount)});
    let weight = json!({"value": decimal, "unit": {"enum": ["g", "kg", "oz", "lb"]}});
    let dimensions = json!({
        "length": decimal, "width": decimal, "height": decimal, "unit": {"enum": ["mm", "cm", "m", "in", "ft"]},
    });
    let properties = json!({
        "key": nullable(&json!({"type": "string", "pattern": KEY})),
        "sku": {"type": "string", "minLength": 1, "maxLength": 128},
        "gtin": nullable(&json!({"type": "string", "pattern": "^([0-9]{8}|[0-9]{12,14})$"})),
        "mpn": nullable(&text(70)),
        "options": options,
        "prices": array(&object(&price, &["amount", "currency"]), 200),
        "media": array(&media(), domain::value::MAX_MEDIA),
        "weight": nullable(&object(&weight, &["value", "unit"])),
        "dimensions": nullable(&object(&dimensions, &["length", "width", "height", "unit"])),
        "position": {"type": "integer", "minimum": 0, "maximum": u32::MAX},
        "attributes": attributes,
        "metadata": metadata(),
    });
    object(&properties, &required)
}

/// The options of variants: those of the type's axes, or whatever the product chooses.
fn options(product_type: &ProductTypeState) -> Value {
    let content = &product_type.content;
    let axes: Vec<_> = content
        .option_attributes
        .iter()
        .filter_map(|key| content.attribute(key))
        .collect();
    if axes.is_empty() {
        return json!({"type": "object", "additionalProperties": text(255)});
    }
    let option = |axis: &&Attribute| (axis.key.to_string(), json!({"allOf": [text(255), single(axis)]}));
    let properties: Map<_, _> = axes.iter().map(option).collect();
    let required: Vec<_> = axes.iter().map(|axis| axis.key.as_str()).collect();
    object(&Value::Object(properties), &required)
}
