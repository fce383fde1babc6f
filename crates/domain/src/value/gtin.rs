//! Global Trade Item Numbers.

use super::ValueError;

/// A GTIN-8, -12, -13 or -14 whose check digit is right.
///
/// Source: GS1 General Specifications, section 7.9 "Check digit calculations".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(String);

impl Gtin {
    pub fn parse(digits: impl Into<String>) -> Result<Self, ValueError> {
        let digits = digits.into();
        if !matches!(digits.len(), 8 | 12 | 13 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ValueError::Pattern {
                expected: "8, 12, 13 or 14 digits",
            });
        }
        let (body, check) = digits.split_at(digits.len() - 1);
        let expected = check_digit(body);
        if check.as_bytes() != [b'0' + expected] {
            return Err(ValueError::GtinCheckDigit { expected });
        }
        Ok(Self(digits))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Digits are weighted 3, 1, 3, … from the right; the check digit fills the sum up to a multiple of ten.
fn check_digit(body: &str) -> u8 {
    let sum: u32 = body
        .bytes()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_published_examples_of_every_length() {
        for gtin in ["96385074", "614141000036", "4006381333931", "10614141000415"] {
            assert!(Gtin::parse(gtin).is_ok(), "{gtin}");
        }
    }

    #[test]
    fn refuses_a_wrong_check_digit_and_tells_the_right_one() {
        assert_eq!(
            Gtin::parse("4006381333932"),
            Err(ValueError::GtinCheckDigit { expected: 1 })
        );
    }

    #[test]
    fn refuses_other_lengths_and_characters() {
        for bad in ["", "123", "40063813339311", "400638133393a", "٤٠٠٦٣٨١٣"] {
            assert!(Gtin::parse(bad).is_err(), "{bad}");
        }
    }
}
