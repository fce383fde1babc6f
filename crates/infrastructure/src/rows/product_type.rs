//! The row document of a product type.

use application::json::JsonDoc;
use domain::product_type::{
    Attribute, Choice, Kind, Level, Pattern, ProductTypeContent, Required, Target, UnitFamily,
};
use domain::value::{Key, Number, Text, ValueError};
use serde::{Deserialize, Serialize};

use super::attributes::MeasureDoc;
use super::resource::Stored;
use super::text::{Texts, localized, metadata, pairs, texts};
use super::{Day, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductTypeDoc {
    key: String,
    name: Texts,
    attributes: Vec<AttributeDoc>,
    option_attributes: Vec<String>,
    metadata: Texts,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of one another"
)]
struct AttributeDoc {
    key: String,
    name: Texts,
    kind: KindDoc,
    set: bool,
    level: String,
    required: String,
    unique: bool,
    localizable: bool,
    searchable: bool,
    filterable: bool,
    sortable: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum KindDoc {
    Text {
        min: Option<u32>,
        max: Option<u32>,
        pattern: Option<String>,
    },
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Decimal {
        min: Option<String>,
        max: Option<String>,
    },
    Boolean,
    Date {
        min: Option<Day>,
        max: Option<Day>,
    },
    DateTime,
    Enum {
        options: Vec<ChoiceDoc>,
    },
    Measure {
        family: String,
        min: Option<MeasureDoc>,
        max: Option<MeasureDoc>,
    },
    Url,
    Reference {
        target: String,
    },
    Json {
        schema: Option<JsonDoc>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ChoiceDoc {
    value: String,
    name: Option<Texts>,
}

impl Stored for ProductTypeContent {
    const TABLE: &'static str = "product_types";
    const RESOURCE: &'static str = "productType";

    type Doc = ProductTypeDoc;
}

impl From<&ProductTypeContent> for ProductTypeDoc {
    fn from(content: &ProductTypeContent) -> Self {
        let ProductTypeContent {
            key,
            name,
            attributes,
            option_attributes,
            metadata,
        } = content;
        Self {
            key: key.to_string(),
            name: texts(name),
            attributes: attributes.iter().map(Into::into).collect(),
            option_attributes: option_attributes.iter().map(ToString::to_string).collect(),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<ProductTypeDoc> for ProductTypeContent {
    type Error = RowError;

    fn try_from(doc: ProductTypeDoc) -> Result<Self, Self::Error> {
        let ProductTypeDoc {
            key,
            name,
            attributes,
            option_attributes,
            metadata: pairs,
        } = doc;
        Ok(Self {
            key: Key::parse(key)?,
            name: localized(name)?,
            attributes: attributes
                .into_iter()
                .map(Attribute::try_from)
                .collect::<Result<_, _>>()?,
            option_attributes: option_attributes
                .into_iter()
                .map(Key::parse)
                .collect::<Result<_, _>>()?,
            metadata: metadata(pairs)?,
        })
    }
}

impl From<&Attribute> for AttributeDoc {
    fn from(attribute: &Attribute) -> Self {
        let Attribute {
            key,
            name,
            kind,
            set,
            level,
            required,
            unique,
            localizable,
            searchable,
            filterable,
            sortable,
        } = attribute;
        Self {
            key: key.to_string(),
            name: texts(name),
            kind: kind.into(),
            set: *set,
            level: level.as_str().to_owned(),
            required: required.as_str().to_owned(),
            unique: *unique,
            localizable: *localizable,
            searchable: *searchable,
            filterable: *filterable,
            sortable: *sortable,
        }
    }
}

impl TryFrom<AttributeDoc> for Attribute {
    type Error = RowError;

    fn try_from(doc: AttributeDoc) -> Result<Self, Self::Error> {
        let AttributeDoc {
            key,
            name,
            kind,
            set,
            level,
            required,
            unique,
            localizable,
            searchable,
            filterable,
            sortable,
        } = doc;
        Ok(Self {
            key: Key::parse(key)?,
            name: localized(name)?,
            kind: kind.try_into()?,
            set,
            level: Level::parse(&level)?,
            required: Required::parse(&required)?,
            unique,
            localizable,
            searchable,
            filterable,
            sortable,
        })
    }
}

impl From<&Kind> for KindDoc {
    fn from(kind: &Kind) -> Self {
        match kind {
            Kind::Text { min, max, pattern } => Self::Text {
                min: *min,
                max: *max,
                pattern: pattern.as_ref().map(|p| p.as_str().to_owned()),
            },
            Kind::Integer { min, max } => Self::Integer { min: *min, max: *max },
            Kind::Decimal { min, max } => Self::Decimal {
                min: min.map(|n| n.to_string()),
                max: max.map(|n| n.to_string()),
            },
            Kind::Boolean => Self::Boolean,
            Kind::Date { min, max } => Self::Date {
                min: min.map(Day),
                max: max.map(Day),
            },
            Kind::DateTime => Self::DateTime,
            Kind::Enum { options } => Self::Enum {
                options: options.iter().map(Into::into).collect(),
            },
            Kind::Measure { family, min, max } => Self::Measure {
                family: family.as_str().to_owned(),
                min: min.as_ref().map(Into::into),
                max: max.as_ref().map(Into::into),
            },
            Kind::Url => Self::Url,
            Kind::Reference { target } => Self::Reference {
                target: target.as_str().to_owned(),
            },
            Kind::Json { schema } => Self::Json {
                schema: schema.clone().map(JsonDoc),
            },
        }
    }
}

impl TryFrom<KindDoc> for Kind {
    type Error = RowError;

    fn try_from(doc: KindDoc) -> Result<Self, Self::Error> {
        let number = |text: Option<String>| text.map(|text| Number::parse(&text)).transpose();
        let measure = |doc: Option<MeasureDoc>| doc.map(TryInto::try_into).transpose();
        Ok(match doc {
            KindDoc::Text { min, max, pattern } => Self::Text {
                min,
                max,
                pattern: pattern.map(Pattern::stored),
            },
            KindDoc::Integer { min, max } => Self::Integer { min, max },
            KindDoc::Decimal { min, max } => Self::Decimal {
                min: number(min)?,
                max: number(max)?,
            },
            KindDoc::Boolean => Self::Boolean,
            KindDoc::Date { min, max } => Self::Date {
                min: min.map(|Day(day)| day),
                max: max.map(|Day(day)| day),
            },
            KindDoc::DateTime => Self::DateTime,
            KindDoc::Enum { options } => Self::Enum {
                options: options
                    .into_iter()
                    .map(Choice::try_from)
                    .collect::<Result<_, _>>()?,
            },
            KindDoc::Measure { family, min, max } => Self::Measure {
                family: UnitFamily::parse(&family)?,
                min: measure(min)?,
                max: measure(max)?,
            },
            KindDoc::Url => Self::Url,
            KindDoc::Reference { target } => Self::Reference {
                target: Target::parse(&target)?,
            },
            KindDoc::Json { schema } => Self::Json {
                schema: schema.map(|JsonDoc(schema)| schema),
            },
        })
    }
}

impl From<&Choice> for ChoiceDoc {
    fn from(Choice { value, name }: &Choice) -> Self {
        Self {
            value: value.to_string(),
            name: name.as_ref().map(texts),
        }
    }
}

impl TryFrom<ChoiceDoc> for Choice {
    type Error = ValueError;

    fn try_from(ChoiceDoc { value, name }: ChoiceDoc) -> Result<Self, Self::Error> {
        Ok(Self {
            value: Text::parse(value)?,
            name: name.map(localized).transpose()?,
        })
    }
}
