//! Who is asking.

use super::{AccessError, Scope, Scopes};

/// Whoever a verified token speaks for, or the program itself at the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    subject: String,
    scopes: Scopes,
}

impl Principal {
    /// Longest subject, in characters: it is stored with every change.
    pub const MAX_SUBJECT: usize = 255;

    /// `subject` is 1 to 255 characters, none of them a control character (databases refuse NUL).
    pub fn new(subject: impl Into<String>, scopes: Scopes) -> Result<Self, AccessError> {
        let subject = subject.into();
        if subject.is_empty() {
            return Err(AccessError::Invalid("it names no subject"));
        }
        if subject.chars().count() > Self::MAX_SUBJECT {
            return Err(AccessError::Invalid("its subject is longer than 255 characters"));
        }
        if subject.chars().any(char::is_control) {
            return Err(AccessError::Invalid("its subject has control characters"));
        }
        Ok(Self { subject, scopes })
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub const fn scopes(&self) -> Scopes {
        self.scopes
    }

    /// Whether this principal may do what `scope` guards; `catalog:admin` may do everything.
    pub const fn allows(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_subject_is_1_to_255_characters_without_controls() {
        assert!(Principal::new("ü".repeat(255), Scopes::NONE).is_ok());
        for subject in ["", "a\0b", "a\nb", &"x".repeat(256)] {
            assert!(
                matches!(
                    Principal::new(subject, Scopes::NONE),
                    Err(AccessError::Invalid(_))
                ),
                "{subject:?}"
            );
        }
    }

    #[test]
    fn admin_allows_everything_and_others_only_themselves() {
        for held in Scope::ALL {
            let principal = Principal::new("x", Scopes::from(held)).unwrap();
            for asked in Scope::ALL {
                assert_eq!(
                    principal.allows(asked),
                    held == Scope::CatalogAdmin || held == asked,
                    "{held} {asked}"
                );
            }
        }
    }
}
