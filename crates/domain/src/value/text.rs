//! Text of limited length without characters that no store or terminal should meet.

use super::ValueError;

/// 1 to `MAX` Unicode scalar values, not all of them white space, no control characters but tab and line breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    pub fn parse(text: impl Into<String>) -> Result<Self, ValueError> {
        let text = text.into();
        if text.trim().is_empty() {
            return Err(ValueError::Required);
        }
        // Bytes first: a text within the limit in bytes is so in characters, and most are.
        if text.len() > MAX && text.chars().count() > MAX {
            return Err(ValueError::TooLong {
                max: MAX,
                of: "characters",
            });
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        {
            return Err(ValueError::ControlCharacter);
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_script_and_counts_characters() {
        assert!(Text::<4>::parse("🧸ちび").is_ok());
        assert!(Text::<20>::parse("\u{202e}مرحبا").is_ok());
        assert_eq!(
            Text::<2>::parse("äöü"),
            Err(ValueError::TooLong {
                max: 2,
                of: "characters"
            })
        );
    }

    #[test]
    fn refuses_blank_text_and_control_characters() {
        assert_eq!(Text::<9>::parse(" \n"), Err(ValueError::Required));
        assert_eq!(Text::<9>::parse("a\0b"), Err(ValueError::ControlCharacter));
        assert!(Text::<9>::parse("a\tb\r\nc").is_ok());
    }
}
