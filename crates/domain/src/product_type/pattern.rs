//! Regular expressions that definitions hold texts against.
//!
//! They are ECMA-262 patterns as JSON Schema has them, found anywhere in the text unless anchored, and matched in time
//! linear in the text: look-around and back-references, which cannot be, are refused.

use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};

use crate::value::ValueError;

/// A pattern that compiles. It does so again when it is first used.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Pattern {
    pub const MAX: usize = 1000;
    /// Keeps counted repetitions from making programs of any size.
    const MAX_PROGRAM: usize = 1 << 20;

    pub fn parse(source: impl Into<String>) -> Result<Self, ValueError> {
        let source = source.into();
        if source.chars().count() > Self::MAX {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "characters",
            });
        }
        if source.contains('\0') {
            return Err(ValueError::ControlCharacter);
        }
        let compiled = compile(&source).ok_or(ValueError::Pattern {
            expected: "a regular expression (ECMA-262) without look-around and back-references",
        })?;
        let pattern = Self::stored(source);
        let _ = pattern.compiled.set(Some(compiled));
        Ok(pattern)
    }

    /// A pattern that was parsed before it was stored: compiled only if it is used.
    pub fn stored(source: String) -> Self {
        Self {
            source,
            compiled: Arc::default(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.source
    }

    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(&self.source));
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn compile(source: &str) -> Option<Regex> {
    let translated = jsonschema_regex::to_rust_regex(source).ok()?;
    RegexBuilder::new(&translated)
        .size_limit(Pattern::MAX_PROGRAM)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_ecma() -> Result<(), ValueError> {
        assert!(Pattern::parse(r"^\d+$")?.matches("12"));
        assert!(
            !Pattern::parse(r"^\d+$")?.matches("١٢"),
            "not the digits of other scripts"
        );
        assert!(Pattern::parse("b")?.matches("abc"), "found anywhere");
        Ok(())
    }

    #[test]
    fn what_is_not_linear_is_refused() {
        for bad in ["(?=a)", r"(a)\1", "(", "[z-a]", "(?:a{1000}){1000}"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        assert!(Pattern::parse("a".repeat(1001)).is_err());
    }
}
