//! Money as exact integers of a currency's smallest unit.

use std::collections::BTreeMap;

use super::ValueError;

/// An ISO 4217 currency that has a minor unit defined (so no precious metals or test codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    inner: iso_currency::Currency,
    digits: u32,
}

impl Currency {
    pub fn parse(code: &str) -> Result<Self, ValueError> {
        let unknown = ValueError::NotInEnum {
            expected: "an ISO 4217 currency code such as EUR",
        };
        let inner = iso_currency::Currency::from_code(code).ok_or_else(|| unknown.clone())?;
        let digits = inner.exponent().ok_or(unknown)?;
        Ok(Self {
            inner,
            digits: u32::from(digits),
        })
    }

    pub fn code(self) -> &'static str {
        self.inner.code()
    }

    /// Digits after the decimal point: 0 for JPY, 2 for EUR, 3 for KWD.
    pub const fn digits(self) -> u32 {
        self.digits
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

/// A non-negative amount of money, below 10^15 minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    const LIMIT: i64 = 1_000_000_000_000_000;

    pub fn parse(amount: &str, currency: Currency) -> Result<Self, ValueError> {
        if amount.is_empty() {
            return Err(ValueError::Required);
        }
        let too_large = ValueError::OutOfRange {
            expected: "from 0 to below 10^15 minor units",
        };
        let unsigned = amount.strip_prefix('-').unwrap_or(amount);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(ValueError::Pattern {
                expected: "a decimal number such as 19.99",
            });
        }
        if unsigned.len() != amount.len() {
            return Err(too_large);
        }
        let fraction = if amount.contains('.') { fraction } else { "" };
        let places = currency.digits() as usize;
        if fraction.len() > places {
            return Err(ValueError::CurrencyDigits {
                currency: currency.code(),
                digits: currency.digits(),
            });
        }
        format!("{whole}{fraction:0<places$}")
            .parse()
            .ok()
            .filter(|minor| *minor < Self::LIMIT)
            .map(|minor| Self { minor, currency })
            .ok_or(too_large)
    }

    /// From minor units, as stored.
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, ValueError> {
        if (0..Self::LIMIT).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(ValueError::OutOfRange {
                expected: "from 0 to below 10^15 minor units",
            })
        }
    }

    pub const fn minor(self) -> i64 {
        self.minor
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount in decimal notation with all of the currency's digits.
    pub fn amount(self) -> String {
        let places = self.currency.digits() as usize;
        let digits = format!("{:0>width$}", self.minor, width = places + 1);
        match digits.split_at_checked(digits.len() - places) {
            Some((whole, fraction)) if places > 0 => format!("{whole}.{fraction}"),
            _ => digits,
        }
    }
}

/// What a variant costs in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    amount: Money,
    compare_at: Option<Money>,
}

impl Price {
    /// `compare_at`, the crossed-out amount, must be in the same currency and greater than `amount`.
    pub fn new(amount: Money, compare_at: Option<Money>) -> Result<Self, ValueError> {
        if compare_at.is_some_and(|c| c.currency != amount.currency || c.minor <= amount.minor) {
            return Err(ValueError::OutOfRange {
                expected: "greater than the amount",
            });
        }
        Ok(Self { amount, compare_at })
    }

    pub const fn amount(self) -> Money {
        self.amount
    }

    pub const fn compare_at(self) -> Option<Money> {
        self.compare_at
    }
}

/// At most one price per currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<Currency, Price>);

impl Prices {
    /// Takes the price in, or refuses it when its currency has one already.
    pub fn add(&mut self, price: Price) -> Result<(), ValueError> {
        match self.0.insert(price.amount.currency, price) {
            None => Ok(()),
            Some(_) => Err(ValueError::Duplicate),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Price> {
        self.0.values().copied()
    }

    pub fn get(&self, currency: Currency) -> Option<Price> {
        self.0.get(&currency).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(amount: &str, code: &str) -> Result<String, &'static str> {
        let currency = Currency::parse(code).map_err(|e| e.code())?;
        Money::parse(amount, currency)
            .map(Money::amount)
            .map_err(|e| e.code())
    }

    #[test]
    fn amounts_have_their_currencys_digits() {
        assert_eq!(money("19.9", "EUR"), Ok("19.90".into()));
        assert_eq!(money("0", "EUR"), Ok("0.00".into()));
        assert_eq!(money("1200", "JPY"), Ok("1200".into()));
        assert_eq!(money("1.234", "KWD"), Ok("1.234".into()));
        assert_eq!(money("12.5", "JPY"), Err("currency_digits"));
        assert_eq!(money("1.999", "EUR"), Err("currency_digits"));
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for bad in [
            "1e3", "NaN", "inf", "1,5", ".5", "5.", "+5", " 5", "0x1", "--1", "١",
        ] {
            assert_eq!(money(bad, "EUR"), Err("pattern"), "{bad}");
        }
        assert_eq!(money("-5", "EUR"), Err("out_of_range"));
        assert_eq!(money("99999999999999999999", "EUR"), Err("out_of_range"));
        assert_eq!(money("5", "XAU"), Err("not_in_enum"));
        assert_eq!(money("5", "eur"), Err("not_in_enum"));
    }

    proptest! {
        #[test]
        fn notation_and_minor_units_agree(minor in 0..Money::LIMIT, code in prop::sample::select(vec!["EUR", "JPY", "KWD", "CLF"])) {
            let currency = Currency::parse(code).unwrap_or_else(|_| unreachable!());
            let money = Money::from_minor(minor, currency).unwrap_or_else(|_| unreachable!());
            prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
        }
    }
}
