//! Weights and dimensions: exact decimals with a unit.

use super::ValueError;

/// A non-negative decimal of up to 12 digits before and 6 after the point, without superfluous zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |s: &str, max: usize| (1..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 12) || !digits(fraction, 6) {
            return Err(ValueError::Pattern {
                expected: "a decimal number of up to 12 digits before and 6 after the point",
            });
        }
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let fraction = fraction.trim_end_matches('0');
        Ok(Self(if fraction.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{fraction}")
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $($variant:ident = $text:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($variant),+
        }

        impl $name {
            pub fn parse(unit: &str) -> Result<Self, ValueError> {
                match unit {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(ValueError::NotInEnum { expected: $expected }),
                }
            }

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }
    };
}

unit!(
    /// Units of weight.
    WeightUnit, "one of g, kg, oz, lb", Gram = "g", Kilogram = "kg", Ounce = "oz", Pound = "lb"
);
unit!(
    /// Units of length.
    LengthUnit, "one of mm, cm, m, in, ft",
    Millimetre = "mm", Centimetre = "cm", Metre = "m", Inch = "in", Foot = "ft"
);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    pub value: Decimal,
    pub unit: WeightUnit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimensions {
    pub length: Decimal,
    pub width: Decimal,
    pub height: Decimal,
    pub unit: LengthUnit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_normalised() {
        let parse = |t| Decimal::parse(t).map(|d| d.0).ok();
        assert_eq!(parse("1.50").as_deref(), Some("1.5"));
        assert_eq!(parse("007").as_deref(), Some("7"));
        assert_eq!(parse("0.0").as_deref(), Some("0"));
        for bad in ["", "-1", "1e3", "1.", "NaN", "1.2345678"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
