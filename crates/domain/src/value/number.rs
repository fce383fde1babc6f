//! Exact signed decimals.

use super::ValueError;

/// An exact decimal of up to 12 digits before and 6 after the point. Equal numbers are equal however they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(i64);

impl Number {
    /// Digits before and after the point.
    pub const WHOLE_DIGITS: u32 = 12;
    pub const FRACTION_DIGITS: u32 = 6;
    /// What a number looks like, as a regular expression.
    pub const PATTERN: &'static str = r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$";
    const ONE: i64 = 1_000_000;

    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Self::read(text).ok_or(ValueError::Pattern {
            expected: "a decimal number of up to 12 digits before and 6 after the point",
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (digits, None),
        };
        let is_digits =
            |s: &str, max: usize| (1..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        let superfluous_zero = whole.len() > 1 && whole.starts_with('0');
        if !is_digits(whole, 12) || superfluous_zero || !fraction.is_none_or(|f| is_digits(f, 6)) {
            return None;
        }
        let millionths = format!("{:0<6}", fraction.unwrap_or_default());
        let number = whole.parse::<i64>().ok()? * Self::ONE + millionths.parse::<i64>().ok()?;
        Some(Self(if negative { -number } else { number }))
    }

    /// The number in millionths.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// `None` beyond the digits that a number has.
    pub fn from_millionths(millionths: i128) -> Option<Self> {
        let number = i64::try_from(millionths).ok()?;
        (number.unsigned_abs() < 1_000_000_000_000_000_000).then_some(Self(number))
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&decimal_text(i128::from(self.0), Self::FRACTION_DIGITS))
    }
}

/// `number / 10^scale` without superfluous zeros.
pub(crate) fn decimal_text(number: i128, scale: u32) -> String {
    let width = scale as usize + 1;
    let digits = format!("{:0>width$}", number.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let fraction = fraction.trim_end_matches('0');
    let sign = if number < 0 { "-" } else { "" };
    if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_decimals_are_numbers() {
        let text = |t| Number::parse(t).map(|n| n.to_string()).ok();
        assert_eq!(text("-1.50").as_deref(), Some("-1.5"));
        assert_eq!(text("-0.0").as_deref(), Some("0"));
        assert_eq!(
            text("999999999999.999999").as_deref(),
            Some("999999999999.999999")
        );
        for bad in [
            "",
            "-",
            "1.",
            ".5",
            "+1",
            "1e3",
            "01",
            "--1",
            "NaN",
            "1.2345678",
            "1234567890123",
        ] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_and_number_are_the_same(number in -999_999_999_999_999_999_i64..=999_999_999_999_999_999) {
            prop_assert_eq!(Number::parse(&Number(number).to_string()), Ok(Number(number)));
        }
    }
}
