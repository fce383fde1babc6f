//! The variants of a demo product: how many, in which options, at what prices.

use super::ground::packed;
use super::line::{Dimensions, Money, Pairs, Variant, Weight, decimal_of};
use super::random::Random;
use super::words::{Axis, Noun, Words};

/// No product has more, so that product and variant number fit together into one GTIN.
pub(super) const MOST: u64 = 24;

/// The lowest twelve digits used: GS1 leaves 200 to 299 to shops, 200 is kept for other data.
const GTIN_FROM: u64 = 201_000_000_000;
const GTIN_TO: u64 = 299_999_999_999;

/// A product's option axes and its variants, at least one.
pub(super) fn all(
    words: &Words,
    noun: &Noun,
    index: u64,
    random: &mut Random,
) -> (Vec<&'static str>, Vec<Variant>) {
    let base = Base::new(noun, index, random);
    let axes: Vec<&Axis> = noun.axes.iter().filter_map(|at| words.axes.get(*at)).collect();
    let wanted = wanted(random);
    let (axes, options) = match axes.as_slice() {
        _ if wanted == 1 => (vec![], vec![(0, vec![])]),
        [first, second] if wanted > 3 => {
            let columns = random
                .between(2, 4)
                .max(wanted.div_ceil(first.values.len() as u64));
            let rows = wanted.div_ceil(columns);
            let first_values = some(first, rows, random);
            let second_values = some(second, columns, random);
            let grid = first_values.iter().flat_map(|a| {
                second_values
                    .iter()
                    .map(|b| (a.0 + b.0, vec![(first.name, a.1), (second.name, b.1)]))
            });
            let most = usize::try_from(wanted).unwrap_or(1);
            (vec![first.name, second.name], grid.take(most).collect())
        }
        [first, ..] => {
            let values = some(first, wanted, random).into_iter();
            (
                vec![first.name],
                values.map(|(step, v)| (step, vec![(first.name, v)])).collect(),
            )
        }
        [] => (vec![], vec![(0, vec![])]),
    };
    let variants = (0..)
        .zip(options)
        .map(|(n, (step, options))| base.variant(n, step, options));
    (axes, variants.collect())
}

/// How many variants the product should have: mostly a few, now and then many, about 3 on average.
fn wanted(random: &mut Random) -> u64 {
    match random.below(100) {
        0..32 => 1,
        32..55 => 2,
        55..73 => 3,
        73..85 => 4,
        85..93 => random.between(5, 6),
        93..98 => random.between(7, 12),
        _ => random.between(13, MOST),
    }
}

/// `wanted` neighbouring values of the axis from a random start, each with its price step.
fn some(axis: &Axis, wanted: u64, random: &mut Random) -> Vec<(u64, &'static str)> {
    let spare = (axis.values.len() as u64).saturating_sub(wanted);
    let start = random.between(0, spare);
    (0..)
        .zip(&axis.values)
        .filter(|(at, _)| (start..start.saturating_add(wanted)).contains(at))
        .map(|(at, value)| (if axis.graded { at - start } else { 0 }, *value))
        .collect()
}

/// What the variants of one product have in common.
struct Base {
    index: u64,
    euros: u64,
    /// The hundredths every price of the product ends in.
    ending: u64,
    grams: u64,
    size: [u64; 3],
    has_gtin: bool,
    has_mpn: bool,
    has_measures: bool,
}

impl Base {
    fn new(noun: &Noun, index: u64, random: &mut Random) -> Self {
        let euros = random.between(noun.euros.0, noun.euros.1);
        let ending = random.pick(&[0, 50, 90, 95, 99]).copied().unwrap_or(0);
        let scale = random.between(85, 120);
        Self {
            index,
            euros,
            ending,
            grams: (noun.grams * scale / 100).max(5),
            size: noun.size.map(|mm| (mm * scale / 100).max(2)),
            has_gtin: random.chance(88),
            has_mpn: random.chance(30),
            has_measures: random.chance(90),
        }
    }

    /// Variant number `n`, `step` sizes up from the smallest.
    fn variant(&self, n: u64, step: u64, options: Vec<(&'static str, &'static str)>) -> Variant {
        let cents = self.euros * (100 + 18 * step) / 100 * 100 + self.ending;
        let grams = self.grams * (100 + 15 * step) / 100;
        let options = options.into_iter().map(|(axis, value)| (axis, value.to_owned()));
        Variant {
            sku: format!("VD-{:07}-{:02}", self.index, n + 1),
            gtin: self.has_gtin.then(|| gtin(self.index, n)).flatten(),
            mpn: self.has_mpn.then(|| format!("{:05X}.{}", self.index, n + 1)),
            options: Pairs(options.collect()),
            prices: prices(cents),
            weight: self.has_measures.then(|| weight(grams)),
            dimensions: self.has_measures.then(|| dimensions(self.size)),
            attributes: self.has_measures.then(|| packed(grams)),
        }
    }
}

/// The price in three currencies. Yen have no decimals.
fn prices(cents: u64) -> [Money; 3] {
    let pence = cents * 86 / 100 / 50 * 50 + 45;
    let yen = (cents * 164 / 100 / 10 * 10).max(10);
    [
        Money {
            amount: decimal(cents),
            currency: "EUR",
        },
        Money {
            amount: decimal(pence),
            currency: "GBP",
        },
        Money {
            amount: yen.to_string(),
            currency: "JPY",
        },
    ]
}

fn decimal(hundredths: u64) -> String {
    decimal_of(hundredths, 100)
}

fn weight(grams: u64) -> Weight {
    if grams < 1_000 {
        return Weight {
            value: grams.to_string(),
            unit: "g",
        };
    }
    Weight {
        value: decimal(grams / 10),
        unit: "kg",
    }
}

fn dimensions([length, width, height]: [u64; 3]) -> Dimensions {
    let cm = |mm: u64| format!("{}.{}", mm / 10, mm % 10);
    Dimensions {
        length: cm(length),
        width: cm(width),
        height: cm(height),
        unit: "cm",
    }
}

/// An EAN-13 of the range for restricted circulation; `None` once that range is used up.
fn gtin(index: u64, n: u64) -> Option<String> {
    let number = index.checked_mul(MOST)?.checked_add(n)?.checked_add(GTIN_FROM)?;
    if number > GTIN_TO {
        return None;
    }
    let (mut rest, mut sum, mut factor) = (number, 0, 3);
    while rest > 0 {
        sum += rest % 10 * factor;
        factor = 4 - factor;
        rest /= 10;
    }
    Some(format!("{number}{}", (10 - sum % 10) % 10))
}
