//! A product type: which attributes its products and their variants have.
//!
//! Invariant: a type's definitions do not contradict themselves, and no two of its attributes have one key. That
//! stored products fit their type is a rule over many resources: use cases check each against the type, and the store
//! sees to it that the type is still the one that was checked against.

mod attribute;
mod check;
mod narrowing;
mod pattern;
mod read;
mod unit;
mod value;

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::resource::{Content, Resource, State};
use crate::value::{Json, Key, Localized, Metadata};
use crate::{ProductTypeId, RuleError};

pub use attribute::{Attribute, Choice, Kind, Level, Required, Target};
pub use check::Moment;
pub use pattern::Pattern;
pub use read::{DATE_PATTERN, DATE_TIME_PATTERN, REFERENCE_PATTERN, TEXT_PATTERNS, URL_PATTERN};
pub use unit::{Measure, Unit, UnitFamily};
pub use value::{AttributeValue, Attributes};

/// One fault of a definition or of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeFault {
    /// The steps of a JSON Pointer (RFC 6901), not escaped.
    pub path: Vec<String>,
    pub code: &'static str,
    pub detail: String,
}

impl AttributeFault {
    pub fn new(path: Vec<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            path,
            code,
            detail: detail.into(),
        }
    }
}

/// Judges by JSON Schemas (draft 2020-12). Answers MUST depend on the arguments alone, and take time linear in the
/// value for every pattern.
pub trait JsonSchemas: Send + Sync {
    /// Why `schema` cannot be used, if so.
    fn schema_fault(&self, schema: &Json) -> Option<String>;

    /// Where `value` does not fit `schema`, and why.
    fn faults(&self, schema: &Json, value: &Json) -> Vec<(Vec<String>, String)>;
}

/// Everything about a product type that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTypeContent {
    pub key: Key,
    pub name: Localized<100>,
    pub attributes: Vec<Attribute>,
    /// The axes along which variants differ: keys of attributes.
    pub option_attributes: Vec<Key>,
    pub metadata: Metadata,
}

impl ProductTypeContent {
    pub const MAX_OPTION_ATTRIBUTES: usize = 10;

    /// Every contradiction within and between the definitions.
    pub fn faults(&self, schemas: &dyn JsonSchemas) -> Vec<AttributeFault> {
        let mut faults = Vec::new();
        let mut keys = BTreeSet::new();
        for (index, attribute) in self.attributes.iter().enumerate() {
            let at = |path: Vec<String>| {
                let steps = ["attributes".to_owned(), index.to_string()];
                steps.into_iter().chain(path).collect::<Vec<_>>()
            };
            if !keys.insert(&attribute.key) {
                let detail = "another attribute has this key";
                faults.push(AttributeFault::new(
                    at(vec!["key".to_owned()]),
                    "duplicate",
                    detail,
                ));
            }
            let own = attribute.faults(schemas);
            faults.extend(own.into_iter().map(|fault| AttributeFault {
                path: at(fault.path),
                ..fault
            }));
        }
        let mut axes = BTreeSet::new();
        for (index, key) in self.option_attributes.iter().enumerate() {
            let mut refuse = |code, detail: &str| {
                let path = vec!["optionAttributes".to_owned(), index.to_string()];
                faults.push(AttributeFault::new(path, code, detail));
            };
            if !axes.insert(key) {
                refuse("duplicate", "stands in the list twice");
            }
            match self.attribute(key) {
                None => refuse("reference_not_found", "the type has no such attribute"),
                Some(attribute) if !attribute.may_be_axis() => refuse(
                    "contradiction",
                    "an axis is a text or enum attribute of variants, neither a set nor localizable nor unique",
                ),
                Some(_) => {}
            }
        }
        if self.attributes.len() > Attributes::MAX {
            let detail = "a type has at most 500 attributes";
            faults.push(AttributeFault::new(
                vec!["attributes".to_owned()],
                "too_long",
                detail,
            ));
        }
        if self.option_attributes.len() > Self::MAX_OPTION_ATTRIBUTES {
            let detail = "a type has at most 10 option attributes";
            let path = vec!["optionAttributes".to_owned()];
            faults.push(AttributeFault::new(path, "too_long", detail));
        }
        faults
    }

    pub fn attribute(&self, key: &Key) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.key == *key)
    }

    /// Whether the attribute's value stands among a variant's options.
    pub fn is_axis(&self, key: &Key) -> bool {
        self.option_attributes.contains(key)
    }

    /// Whether something of this level may be missing from a draft but not from what is published.
    pub fn asks_more_when_publishing(&self, level: Level) -> bool {
        let asks = |a: &Attribute| a.level == level && a.required == Required::OnPublish;
        self.attributes.iter().any(asks)
    }

    /// The attributes without those that only one may have.
    #[must_use]
    pub fn without_unique(&self, attributes: &Attributes, level: Level) -> Attributes {
        let mut shared = Attributes::default();
        for (key, value) in attributes.iter() {
            if self.unique(level).all(|unique| unique.key != *key) {
                shared.insert(key.clone(), value.clone());
            }
        }
        shared
    }

    /// The attributes of this level whose values are unique.
    pub fn unique(&self, level: Level) -> impl Iterator<Item = &Attribute> {
        let of_level = move |a: &&Attribute| a.unique && a.level == level;
        self.attributes.iter().filter(of_level)
    }
}

impl Attribute {
    const fn may_be_axis(&self) -> bool {
        matches!(self.level, Level::Variant)
            && matches!(self.kind, Kind::Text { .. } | Kind::Enum { .. })
            && !self.set
            && !self.localizable
            && !self.unique
    }
}

impl ProductTypeId {
    /// The type that every catalog begins with, and that products have unless they name another.
    pub const GENERIC: Self = Self::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
}

impl Content for ProductTypeContent {
    type Id = ProductTypeId;

    const KIND: &'static str = "product type";

    fn key(&self) -> Option<&Key> {
        Some(&self.key)
    }

    fn may_go(id: ProductTypeId) -> Result<(), RuleError> {
        if id == ProductTypeId::GENERIC {
            return Err(RuleError::DefaultType);
        }
        Ok(())
    }
}

pub type ProductTypeState = State<ProductTypeContent>;
pub type ProductType = Resource<ProductTypeContent>;

#[cfg(test)]
mod tests;
