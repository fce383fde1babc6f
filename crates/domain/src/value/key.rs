//! Names that clients choose for their resources.

use super::ValueError;

/// A client's own name for a resource: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique per resource kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    pub const MAX: usize = 128;

    pub fn parse(key: impl Into<String>) -> Result<Self, ValueError> {
        let key = key.into();
        if key.is_empty() {
            return Err(ValueError::Required);
        }
        if key.len() > Self::MAX {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "characters",
            });
        }
        let tail = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !key.starts_with(|c: char| c.is_ascii_alphanumeric()) || !key.bytes().all(tail) {
            return Err(ValueError::Pattern {
                expected: "letters, digits, dots, underscores and hyphens, beginning with a letter or digit",
            });
        }
        Ok(Self(key))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stock keeping unit: 1 to 128 characters, no control characters, no white space at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

impl Sku {
    pub const MAX: usize = 128;

    pub fn parse(sku: impl Into<String>) -> Result<Self, ValueError> {
        let sku = sku.into();
        if sku.trim().is_empty() {
            return Err(ValueError::Required);
        }
        if sku.chars().count() > Self::MAX {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "characters",
            });
        }
        if sku.chars().any(char::is_control) {
            return Err(ValueError::ControlCharacter);
        }
        if sku.trim() != sku {
            return Err(ValueError::Pattern {
                expected: "without white space at either end",
            });
        }
        Ok(Self(sku))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Sku {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_pattern() {
        assert!(Key::parse("Shoe_1.2-b").is_ok());
        for bad in ["-a", ".a", "a b", "ä", "a/b"] {
            assert!(
                matches!(Key::parse(bad), Err(ValueError::Pattern { .. })),
                "{bad}"
            );
        }
        assert!(Key::parse("a".repeat(128)).is_ok());
        assert!(matches!(
            Key::parse("a".repeat(129)),
            Err(ValueError::TooLong { .. })
        ));
    }

    #[test]
    fn skus_are_trimmed_by_whoever_writes_them() {
        assert!(Sku::parse("AB 12/3").is_ok());
        assert!(matches!(Sku::parse(" AB"), Err(ValueError::Pattern { .. })));
        assert_eq!(Sku::parse(""), Err(ValueError::Required));
    }
}
