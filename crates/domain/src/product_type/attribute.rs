//! What one attribute may hold.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::pattern::Pattern;
use super::unit::{Measure, UnitFamily};
use super::{AttributeFault, JsonSchemas};
use crate::value::{Json, Key, Localized, MAX_SAFE_INTEGER, Number, Text, ValueError};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            pub fn parse(word: &str) -> Result<Self, ValueError> {
                match word {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(ValueError::NotInEnum { expected: $expected }),
                }
            }

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

words!(
    /// What carries the value.
    Level, "product or variant", Product = "product", Variant = "variant"
);
words!(
    /// When a value must be there.
    Required, "one of never, onPublish, always",
    Never = "never", OnPublish = "onPublish", Always = "always"
);
words!(
    /// What a reference leads to.
    Target, "product or category", Product = "product", Category = "category"
);

/// One of the values of an enumeration, with what people read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub value: Text<255>,
    pub name: Option<Localized<255>>,
}

/// The type of an attribute's values, with the bounds that only this type has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `min` and `max` count characters.
    Text {
        min: Option<u32>,
        max: Option<u32>,
        pattern: Option<Pattern>,
    },
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Decimal {
        min: Option<Number>,
        max: Option<Number>,
    },
    Boolean,
    Date {
        min: Option<NaiveDate>,
        max: Option<NaiveDate>,
    },
    DateTime,
    Enum {
        options: Vec<Choice>,
    },
    Measure {
        family: UnitFamily,
        min: Option<Measure>,
        max: Option<Measure>,
    },
    Url,
    Reference {
        target: Target,
    },
    Json {
        schema: Option<Json>,
    },
}

impl Kind {
    /// The words for types, for people.
    pub const EXPECTED: &'static str = "one of text, integer, decimal, boolean, date, dateTime, enum, measure, url, \
                                        reference, json";
    /// The most characters of a text.
    pub const MAX_TEXT: u32 = 65_535;
    pub const MAX_OPTIONS: usize = 1000;

    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Boolean => "boolean",
            Self::Date { .. } => "date",
            Self::DateTime => "dateTime",
            Self::Enum { .. } => "enum",
            Self::Measure { .. } => "measure",
            Self::Url => "url",
            Self::Reference { .. } => "reference",
            Self::Json { .. } => "json",
        }
    }

    /// Whether values can be told apart by one text.
    const fn may_be_unique(&self) -> bool {
        !matches!(self, Self::Boolean | Self::Json { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of one another"
)]
pub struct Attribute {
    pub key: Key,
    pub name: Localized<100>,
    pub kind: Kind,
    /// Whether it has several values.
    pub set: bool,
    pub level: Level,
    pub required: Required,
    /// Whether no two products, or variants, of the type have the same value.
    pub unique: bool,
    /// Whether it has a value per locale.
    pub localizable: bool,
    pub searchable: bool,
    pub filterable: bool,
    pub sortable: bool,
}

impl Attribute {
    /// The most values of a set.
    pub const MAX_ITEMS: usize = 250;

    /// Every way in which the definition contradicts itself; pointers are relative to it.
    pub fn faults(&self, schemas: &dyn JsonSchemas) -> Vec<AttributeFault> {
        let mut faults = Vec::new();
        let mut refuse = |member: &str, code, detail: &str| {
            faults.push(AttributeFault::new(vec![member.to_owned()], code, detail));
        };
        let textual = matches!(self.kind, Kind::Text { .. } | Kind::Url);
        if self.localizable && !textual {
            refuse(
                "localizable",
                CONTRADICTION,
                "only text and url have a value per locale",
            );
        }
        if self.unique && (self.set || self.localizable || !self.kind.may_be_unique()) {
            let detail = "sets, localizable attributes, booleans and json cannot be unique";
            refuse("unique", CONTRADICTION, detail);
        }
        if self.sortable && (self.set || matches!(self.kind, Kind::Json { .. })) {
            refuse("sortable", CONTRADICTION, "there is no order of sets and json");
        }
        if self.set && matches!(self.kind, Kind::Json { .. } | Kind::Boolean) {
            refuse("set", CONTRADICTION, "booleans and json come one at a time");
        }
        self.kind_faults(schemas, &mut refuse);
        faults
    }

    fn kind_faults(&self, schemas: &dyn JsonSchemas, refuse: &mut impl FnMut(&str, &'static str, &str)) {
        let mut bounds = |in_order: bool| {
            if !in_order {
                refuse("max", "out_of_range", "must not be less than min");
            }
        };
        match &self.kind {
            Kind::Text { min, max, .. } => {
                bounds(ordered(*min, *max));
                for (member, bound) in [("min", min), ("max", max)] {
                    if bound.is_some_and(|b| !(1..=Kind::MAX_TEXT).contains(&b)) {
                        refuse(
                            member,
                            "out_of_range",
                            "must be a length of 1 to 65,535 characters",
                        );
                    }
                }
            }
            Kind::Integer { min, max } => {
                bounds(ordered(*min, *max));
                for (member, bound) in [("min", min), ("max", max)] {
                    if bound.is_some_and(|b| b.abs() > MAX_SAFE_INTEGER) {
                        refuse(member, "out_of_range", "must be between -(2^53 - 1) and 2^53 - 1");
                    }
                }
            }
            Kind::Decimal { min, max } => bounds(ordered(*min, *max)),
            Kind::Date { min, max } => bounds(ordered(*min, *max)),
            Kind::Enum { options } => {
                let distinct: BTreeSet<_> = options.iter().map(|option| &option.value).collect();
                if options.is_empty() {
                    refuse("options", "required", "an enum has at least one option");
                } else if options.len() > Kind::MAX_OPTIONS {
                    refuse("options", "too_long", "an enum has at most 1,000 options");
                } else if distinct.len() < options.len() {
                    refuse("options", "duplicate", "a value stands in the list twice");
                }
            }
            Kind::Measure { family, min, max } => {
                let base = |m: &Option<Measure>| m.map(|m| m.base());
                bounds(ordered(base(min), base(max)));
                for (member, bound) in [("min", min), ("max", max)] {
                    if bound.is_some_and(|b| b.family() != *family) {
                        refuse(
                            member,
                            "unit_family",
                            "must have a unit of the attribute's family",
                        );
                    }
                }
            }
            Kind::Json { schema: Some(schema) } => {
                if let Some(detail) = schemas.schema_fault(schema) {
                    refuse("schema", "pattern", &detail);
                }
            }
            Kind::Boolean
            | Kind::DateTime
            | Kind::Url
            | Kind::Reference { .. }
            | Kind::Json { schema: None } => {}
        }
    }
}

/// The code of definitions whose members exclude one another.
const CONTRADICTION: &str = "contradiction";

fn ordered<T: Ord>(min: Option<T>, max: Option<T>) -> bool {
    min.zip(max).is_none_or(|(min, max)| min <= max)
}
