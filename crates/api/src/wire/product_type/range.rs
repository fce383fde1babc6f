//! Ranges of decimals and dates as regular expressions: JSON Schema compares numbers, but exact decimals are texts.

use chrono::NaiveDate;
use domain::value::Number;

/// Millionths in one.
const ONE: u64 = 1_000_000;
/// Beyond what a number can be.
const LIMIT: i128 = 1_000_000_000_000_000_000;

/// The least or greatest of a range, in millionths.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    AtLeast(i128),
    AtMost(i128),
}

/// What texts of numbers within the bound match; `None` where all do.
///
/// The texts are known to match [`Number::PATTERN`].
pub(super) fn decimals(bound: Bound) -> Option<String> {
    let parts = match bound {
        Bound::AtLeast(least) if least <= -LIMIT => return None,
        Bound::AtLeast(least) if least >= LIMIT => vec![],
        Bound::AtLeast(least) if least > 0 => vec![at_least(magnitude(least))],
        Bound::AtLeast(least) => vec!["[^-]".to_owned(), format!("-{}", at_most(magnitude(least)))],
        Bound::AtMost(most) if most >= LIMIT => return None,
        Bound::AtMost(most) if most <= -LIMIT => vec![],
        Bound::AtMost(most) if most < 0 => vec![format!("-{}", at_least(magnitude(most)))],
        Bound::AtMost(most) => vec!["-".to_owned(), at_most(magnitude(most))],
    };
    // A class that nothing is in: the bound is beyond every number.
    if parts.is_empty() {
        return Some("^[^\\s\\S]".to_owned());
    }
    Some(format!("^({})", parts.join("|")))
}

fn magnitude(number: i128) -> u64 {
    u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX)
}

fn parts(number: u64) -> (Vec<u8>, Vec<u8>) {
    let digits = |text: String| text.bytes().map(|b| b - b'0').collect();
    (
        digits((number / ONE).to_string()),
        digits(format!("{:06}", number % ONE)),
    )
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// For every place the digits before it, and another digit in it, then `rest` of the number of places left.
fn differing(
    digits: &[u8],
    others: impl Fn(usize, u8) -> Option<(u8, u8)>,
    rest: impl Fn(usize) -> String,
) -> Vec<String> {
    let place = |(index, digit): (usize, &u8)| {
        let (from, to) = others(index, *digit)?;
        let before = text(digits.get(..index).unwrap_or_default());
        Some(format!("{before}[{from}-{to}]{}", rest(digits.len() - index - 1)))
    };
    digits.iter().enumerate().filter_map(place).collect()
}

fn greater(digit: u8) -> Option<(u8, u8)> {
    (digit < 9).then(|| (digit + 1, 9))
}

fn less(digit: u8, least: u8) -> Option<(u8, u8)> {
    (digit > least).then(|| (least, digit - 1))
}

/// Numbers without sign that are no less.
fn at_least(number: u64) -> String {
    let (whole, fraction) = parts(number);
    let any_fraction = r"(\.[0-9]+)?$";
    let exactly = |places: usize| format!("[0-9]{{{places}}}{any_fraction}");
    let mut forms = differing(&whole, |_, digit| greater(digit), exactly);
    forms.push(format!("[1-9][0-9]{{{},}}{any_fraction}", whole.len()));
    let significant = fraction
        .iter()
        .rposition(|digit| *digit != 0)
        .map_or(0, |last| last + 1);
    let fraction = fraction.get(..significant).unwrap_or_default();
    if fraction.is_empty() {
        forms.push(format!("{}{any_fraction}", text(&whole)));
    } else {
        let mut tails = differing(fraction, |_, digit| greater(digit), |_| "[0-9]*$".to_owned());
        tails.push(format!("{}[0-9]*$", text(fraction)));
        forms.push(format!(r"{}\.({})", text(&whole), tails.join("|")));
    }
    format!("({})", forms.join("|"))
}

/// Numbers without sign that are no greater.
fn at_most(number: u64) -> String {
    let (whole, fraction) = parts(number);
    let any_fraction = r"(\.[0-9]+)?$";
    let exactly = |places: usize| format!("[0-9]{{{places}}}{any_fraction}");
    let first = u8::from(whole.len() > 1);
    let lesser = |index: usize, digit: u8| less(digit, if index == 0 { first } else { 0 });
    let mut forms = differing(&whole, lesser, exactly);
    if whole.len() > 1 {
        forms.push(format!("[0-9]{{1,{}}}{any_fraction}", whole.len() - 1));
    }
    // Equal in the whole: no fraction, a lesser one, or one that ends while it is still equal.
    let mut tails = differing(&fraction, |_, digit| less(digit, 0), |_| "[0-9]*$".to_owned());
    tails.extend(
        (1..=fraction.len()).map(|end| format!("{}$", text(fraction.get(..end).unwrap_or_default()))),
    );
    forms.push(format!(r"{}(\.({}))?$", text(&whole), tails.join("|")));
    format!("({})", forms.join("|"))
}

/// What dates within the bound match. The texts are known to be dates.
pub(super) fn dates(bound: NaiveDate, is_least: bool) -> String {
    let date = bound.to_string();
    let mut forms = vec![date.clone()];
    for (index, digit) in date.char_indices() {
        let Some(digit) = digit.to_digit(10).and_then(|digit| u8::try_from(digit).ok()) else {
            continue;
        };
        let others = if is_least { greater(digit) } else { less(digit, 0) };
        if let Some((from, to)) = others {
            forms.push(format!("{}[{from}-{to}]", date.get(..index).unwrap_or_default()));
        }
    }
    format!("^({})", forms.join("|"))
}

/// Whether a number is a bound that a schema must name.
pub(super) const fn millionths(number: Number) -> i128 {
    number.millionths() as i128
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use domain::product_type::Pattern;
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: Option<&str>, text: &str) -> bool {
        pattern.is_none_or(|pattern| Pattern::parse(pattern).unwrap().matches(text))
    }

    fn number() -> impl Strategy<Value = String> {
        let near = r"-?(0|[1-9]|10|11|99|100|101|199|999|1000)(\.(0|1|01|10|9|99|5|50|05|000001|999999))?";
        prop_oneof![near, r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn decimals_match_when_they_are_in_range(bound in number(), value in number()) {
            let at = millionths(Number::parse(&bound).unwrap());
            let is = millionths(Number::parse(&value).unwrap());
            let (least, most) = (decimals(Bound::AtLeast(at)), decimals(Bound::AtMost(at)));
            prop_assert_eq!(matches(least.as_deref(), &value), is >= at, "{} >= {}: {:?}", value, bound, least);
            prop_assert_eq!(matches(most.as_deref(), &value), is <= at, "{} <= {}: {:?}", value, bound, most);
        }

        #[test]
        fn dates_match_when_they_are_in_range(bound in 0..2000_i32, value in 0..2000_i32) {
            let day = |n: i32| NaiveDate::from_num_days_from_ce_opt(738_000 + n).unwrap();
            let (bound, value) = (day(bound), day(value));
            let text = value.to_string();
            prop_assert_eq!(matches(Some(&dates(bound, true)), &text), value >= bound);
            prop_assert_eq!(matches(Some(&dates(bound, false)), &text), value <= bound);
        }
    }
}
