//! What bytes are known by.

use std::fmt::{self, Write as _};

use super::ValueError;

/// The SHA-256 of some bytes; in text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Only the one form that [`Display`](fmt::Display) gives, so that nothing has two addresses.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let malformed = ValueError::Pattern {
            expected: "64 lower-case hexadecimal digits",
        };
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut digest = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != digest.len() || !rest.is_empty() {
            return Err(malformed);
        }
        for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
            match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => *byte = high << 4 | low,
                _ => return Err(malformed),
            }
        }
        Ok(Self(digest))
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            write!(text, "{byte:02x}")?;
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_form() {
        let text = "00ff10a9".repeat(8);
        assert_eq!(Digest::parse(&text).unwrap().to_string(), text);
        for bad in [
            String::new(),
            text.to_uppercase(),
            format!("{text}0"),
            "0".repeat(63),
            "g".repeat(64),
            "é".repeat(32),
        ] {
            assert!(Digest::parse(&bad).is_err(), "{bad}");
        }
    }
}
