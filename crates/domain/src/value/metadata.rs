//! Free string pairs that clients keep with a resource.

use std::collections::BTreeMap;

use super::ValueError;

/// At most 50 pairs; names of 1 to 64 characters, values of at most 1,000.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    pub const MAX: usize = 50;

    /// Takes one pair in.
    pub fn add(&mut self, name: String, value: String) -> Result<(), ValueError> {
        if name.is_empty() {
            return Err(ValueError::Required);
        }
        for (text, max) in [(&name, 64), (&value, 1000)] {
            if text.chars().count() > max {
                return Err(ValueError::TooLong {
                    max,
                    of: "characters",
                });
            }
            if text
                .chars()
                .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
            {
                return Err(ValueError::ControlCharacter);
            }
        }
        if self.0.len() >= Self::MAX && !self.0.contains_key(&name) {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "pairs",
            });
        }
        self.0.insert(name, value);
        Ok(())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
