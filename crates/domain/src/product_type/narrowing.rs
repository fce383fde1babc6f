//! Which changes of a type could leave stored products unfit for it.

use super::attribute::{Attribute, Kind, Required};
use super::{Level, ProductTypeContent};

impl ProductTypeContent {
    /// Whether there may be products that fit `before` but not this. `false` is certain; `true` means that the stored
    /// products have to be looked at.
    pub fn may_refuse_what_fits(&self, before: &Self) -> bool {
        if self.option_attributes != before.option_attributes {
            return true;
        }
        let gone = before.attributes.iter().any(|a| self.attribute(&a.key).is_none());
        gone || self
            .attributes
            .iter()
            .any(|now| match before.attribute(&now.key) {
                None => now.required != Required::Never,
                Some(before) => now.is_stricter_than(before),
            })
    }

    /// Whether another set of values has to be unique.
    pub fn differs_in_uniqueness(&self, before: &Self) -> bool {
        let unique = |content: &Self, level| {
            let keys = content.unique(level).map(|a| (a.key.clone(), a.kind.as_str()));
            keys.collect::<std::collections::BTreeSet<_>>()
        };
        [Level::Product, Level::Variant]
            .into_iter()
            .any(|level| unique(self, level) != unique(before, level))
    }
}

impl Attribute {
    fn is_stricter_than(&self, before: &Self) -> bool {
        let strictness = |required| match required {
            Required::Never => 0,
            Required::OnPublish => 1,
            Required::Always => 2,
        };
        self.level != before.level
            || self.set != before.set
            || self.localizable != before.localizable
            || strictness(self.required) > strictness(before.required)
            || self.kind.is_stricter_than(&before.kind)
    }
}

impl Kind {
    fn is_stricter_than(&self, before: &Self) -> bool {
        match (self, before) {
            (
                Self::Text { min, max, pattern },
                Self::Text {
                    min: min_before,
                    max: max_before,
                    pattern: pattern_before,
                },
            ) => {
                raised(min.as_ref(), min_before.as_ref())
                    || lowered(max.as_ref(), max_before.as_ref())
                    || (pattern.is_some() && pattern != pattern_before)
            }
            (Self::Integer { min, max }, Self::Integer { min: a, max: b }) => {
                raised(min.as_ref(), a.as_ref()) || lowered(max.as_ref(), b.as_ref())
            }
            (Self::Decimal { min, max }, Self::Decimal { min: a, max: b }) => {
                raised(min.as_ref(), a.as_ref()) || lowered(max.as_ref(), b.as_ref())
            }
            (Self::Date { min, max }, Self::Date { min: a, max: b }) => {
                raised(min.as_ref(), a.as_ref()) || lowered(max.as_ref(), b.as_ref())
            }
            (Self::Enum { options }, Self::Enum { options: before }) => before
                .iter()
                .any(|before| !options.iter().any(|option| option.value == before.value)),
            (
                Self::Measure { family, min, max },
                Self::Measure {
                    family: family_before,
                    min: a,
                    max: b,
                },
            ) => {
                let base = |measure: &Option<super::Measure>| measure.map(|m| m.base());
                family != family_before
                    || raised(base(min).as_ref(), base(a).as_ref())
                    || lowered(base(max).as_ref(), base(b).as_ref())
            }
            (Self::Json { schema }, Self::Json { schema: before }) => schema.is_some() && schema != before,
            // All else that is equal in type has nothing to be stricter in.
            (Self::Text { min, max, pattern }, Self::Enum { .. }) => {
                min.is_some() || max.is_some() || pattern.is_some()
            }
            (one, other) => one != other,
        }
    }
}

fn raised<T: Ord>(now: Option<&T>, before: Option<&T>) -> bool {
    now.is_some_and(|now| before.is_none_or(|before| now > before))
}

fn lowered<T: Ord>(now: Option<&T>, before: Option<&T>) -> bool {
    now.is_some_and(|now| before.is_none_or(|before| now < before))
}
