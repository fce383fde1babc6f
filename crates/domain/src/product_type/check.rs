//! Whether attributes fit their type: the one function that decides it, for every way in which products are written
//! and for those that are stored when a type changes.

use super::attribute::{Attribute, Kind, Level, Required};
use super::read::{Faults, Read};
use super::value::{AttributeValue, Attributes};
use super::{AttributeFault, JsonSchemas, ProductTypeContent};
use crate::product::Options;
use crate::value::{Key, Locale};

/// What is about to happen to what is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// It is stored: what is `always` required must be there.
    Write,
    /// It is shown to shoppers: what is required `onPublish` must be there too.
    Publish,
}

impl Required {
    pub const fn at(self, moment: Moment) -> bool {
        match self {
            Self::Never => false,
            Self::OnPublish => matches!(moment, Moment::Publish),
            Self::Always => true,
        }
    }
}

impl ProductTypeContent {
    /// The attributes of a product, typed, and everything that is wrong with them.
    pub fn check_product(
        &self,
        attributes: &Attributes,
        moment: Moment,
        default: &Locale,
        schemas: &dyn JsonSchemas,
    ) -> (Attributes, Vec<AttributeFault>) {
        let read = self.read(Level::Product, attributes, default);
        self.check(Level::Product, read, moment, schemas)
    }

    /// The attributes of a variant, typed, and everything that is wrong with them; apart from these, what is wrong with
    /// its options. Whether it has the options that its product asks for is for the product to say.
    pub fn check_variant(
        &self,
        attributes: &Attributes,
        options: &Options,
        moment: Moment,
        default: &Locale,
        schemas: &dyn JsonSchemas,
    ) -> (Attributes, Vec<AttributeFault>, Vec<AttributeFault>) {
        let read = self.read(Level::Variant, attributes, default);
        let (attributes, faults) = self.check(Level::Variant, read, moment, schemas);
        let mut of_options = Vec::new();
        for (axis, value) in options {
            let attribute = self
                .option_attributes
                .iter()
                .find(|key| key.as_str() == axis.as_str());
            if let Some(attribute) = attribute.and_then(|key| self.attribute(key)) {
                let mut faults = Faults::new(&attribute.key);
                attribute.check(&AttributeValue::Text(value.to_string()), schemas, &mut faults);
                of_options.extend(faults.found);
            }
        }
        (attributes, faults, of_options)
    }

    fn check(
        &self,
        level: Level,
        read: Read,
        moment: Moment,
        schemas: &dyn JsonSchemas,
    ) -> (Attributes, Vec<AttributeFault>) {
        let Read {
            values,
            broken,
            mut faults,
        } = read;
        let of_level = self.attributes.iter().filter(|a| a.level == level);
        for attribute in of_level.filter(|a| !self.is_axis(&a.key)) {
            let mut found = Faults::new(&attribute.key);
            match values.get(&attribute.key) {
                Some(value) => {
                    attribute.check(value, schemas, &mut found);
                    if attribute.required.at(moment) && is_empty(value) {
                        found.refuse("required", "must have an item");
                    }
                }
                None if attribute.required.at(moment) && !broken.contains(&attribute.key) => {
                    let detail = match attribute.required {
                        Required::OnPublish => "is required to publish",
                        Required::Always | Required::Never => "is required",
                    };
                    found.refuse("required", detail);
                }
                None => {}
            }
            faults.extend(found.found);
        }
        (
            values
                .into_iter()
                .map(|(key, value)| (key, value.distinct()))
                .collect(),
            faults,
        )
    }

    /// What must be unique, as pairs of attribute and value.
    pub fn unique_values<'a>(
        &'a self,
        level: Level,
        attributes: &'a Attributes,
    ) -> impl Iterator<Item = (&'a Key, String)> {
        self.unique(level).filter_map(|attribute| {
            let identity = attributes.get(&attribute.key)?.identity()?;
            Some((&attribute.key, identity))
        })
    }
}

fn is_empty(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::Set(items) => items.is_empty(),
        AttributeValue::Localized(values) => values.values().any(is_empty),
        _ => false,
    }
}

impl Attribute {
    /// Whether a value of the right form is within the bounds.
    fn check(&self, value: &AttributeValue, schemas: &dyn JsonSchemas, faults: &mut Faults) {
        match (value, &self.kind) {
            (AttributeValue::Localized(values), _) => {
                for (locale, value) in values {
                    faults.within(locale.as_str(), |faults| self.check(value, schemas, faults));
                }
            }
            (AttributeValue::Set(items), _) => {
                for (index, item) in items.iter().enumerate() {
                    faults.within(index.to_string(), |faults| self.check(item, schemas, faults));
                }
            }
            (AttributeValue::Text(text), Kind::Text { min, max, pattern }) => {
                let length = text.chars().count();
                let is_more = |bound: u32| length > usize::try_from(bound).unwrap_or(usize::MAX);
                let is_less = |bound: u32| length < usize::try_from(bound).unwrap_or(usize::MAX);
                if let Some(max) = max.filter(|max| is_more(*max)) {
                    faults.refuse("too_long", format!("must have at most {max} characters"));
                }
                if let Some(min) = min.filter(|min| is_less(*min)) {
                    faults.refuse("out_of_range", format!("must have at least {min} characters"));
                }
                if let Some(pattern) = pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
                    faults.refuse("pattern", format!("must match {}", pattern.as_str()));
                }
            }
            (AttributeValue::Text(text), Kind::Enum { options })
                if !options.iter().any(|option| option.value.as_str() == text) =>
            {
                let known: Vec<_> = options.iter().take(20).map(|o| o.value.as_str()).collect();
                let more = if options.len() > known.len() { ", …" } else { "" };
                faults.refuse(
                    "not_in_enum",
                    format!("must be one of {}{more}", known.join(", ")),
                );
            }
            (AttributeValue::Integer(number), Kind::Integer { min, max }) => {
                within(number, *min, *max, faults);
            }
            (AttributeValue::Decimal(number), Kind::Decimal { min, max }) => {
                within(number, *min, *max, faults);
            }
            (AttributeValue::Date(date), Kind::Date { min, max }) => within(date, *min, *max, faults),
            (AttributeValue::Measure(measure), Kind::Measure { min, max, .. }) => {
                let text = |bound: super::Measure| format!("{} {}", bound.value(), bound.unit().symbol);
                if let Some(min) = min.filter(|min| measure.base() < min.base()) {
                    faults.refuse("out_of_range", format!("must be at least {}", text(min)));
                }
                if let Some(max) = max.filter(|max| measure.base() > max.base()) {
                    faults.refuse("out_of_range", format!("must be at most {}", text(max)));
                }
            }
            (AttributeValue::Json(value), Kind::Json { schema: Some(schema) }) => {
                for (path, detail) in schemas.faults(schema, value) {
                    let path = faults_path(&self.key, path);
                    faults
                        .found
                        .push(AttributeFault::new(path, "json_schema", detail));
                }
            }
            _ => {}
        }
    }
}

fn faults_path(key: &Key, path: Vec<String>) -> Vec<String> {
    [key.to_string()].into_iter().chain(path).collect()
}

fn within<T: PartialOrd + std::fmt::Display>(value: &T, min: Option<T>, max: Option<T>, faults: &mut Faults) {
    if let Some(min) = min.filter(|min| value < min) {
        faults.refuse("out_of_range", format!("must be at least {min}"));
    }
    if let Some(max) = max.filter(|max| value > max) {
        faults.refuse("out_of_range", format!("must be at most {max}"));
    }
}
