//! Units by what they measure, with exact conversion to one base unit per family.
//!
//! Invariant: every conversion is exact, which is why temperatures are compared in degrees Rankine: it is the only
//! scale to which Celsius, Fahrenheit and Kelvin all convert by finite decimals.

use crate::value::{Number, ValueError, decimal_text};

/// A unit: a value is `value · factor + offset` in the family's base unit. Both are in units of 10⁻ˢᶜᵃˡᵉ.
#[derive(Debug, PartialEq, Eq)]
pub struct Unit {
    pub symbol: &'static str,
    factor: i128,
    offset: i128,
}

const fn unit(symbol: &'static str, factor: i128) -> Unit {
    Unit {
        symbol,
        factor,
        offset: 0,
    }
}

macro_rules! families {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $scale:literal, [$($unit:expr),+ $(,)?];)+) => {
        /// What a measure measures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum UnitFamily {
            $($(#[$doc])* $name),+
        }

        impl UnitFamily {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),+
                }
            }

            /// The units of the family.
            pub const fn units(self) -> &'static [Unit] {
                match self {
                    $(Self::$name => const { &[$($unit),+] }),+
                }
            }

            /// How many digits after the point the factors have.
            const fn scale(self) -> u32 {
                match self {
                    $(Self::$name => $scale),+
                }
            }
        }
    };
}

families! {
    /// In grams.
    Mass = "mass", 9, [
        unit("mg", 1_000_000), unit("g", 1_000_000_000), unit("kg", 1_000_000_000_000), unit("t", 1_000_000_000_000_000),
        unit("oz", 28_349_523_125), unit("lb", 453_592_370_000),
    ];
    /// In metres.
    Length = "length", 6, [
        unit("um", 1), unit("mm", 1_000), unit("cm", 10_000), unit("dm", 100_000), unit("m", 1_000_000),
        unit("km", 1_000_000_000), unit("in", 25_400), unit("ft", 304_800), unit("yd", 914_400), unit("mi", 1_609_344_000),
    ];
    /// In square metres.
    Area = "area", 8, [
        unit("mm2", 100), unit("cm2", 10_000), unit("m2", 100_000_000), unit("ha", 1_000_000_000_000),
        unit("km2", 100_000_000_000_000), unit("in2", 64_516), unit("ft2", 9_290_304),
    ];
    /// In litres.
    Volume = "volume", 13, [
        unit("ml", 10_000_000_000), unit("cl", 100_000_000_000), unit("dl", 1_000_000_000_000),
        unit("l", 10_000_000_000_000), unit("cm3", 10_000_000_000), unit("m3", 10_000_000_000_000_000),
        unit("fl_oz", 295_735_295_625), unit("gal", 37_854_117_840_000),
    ];
    /// In degrees Rankine.
    Temperature = "temperature", 2, [
        Unit { symbol: "C", factor: 180, offset: 49_167 }, Unit { symbol: "F", factor: 100, offset: 45_967 },
        unit("K", 180),
    ];
    /// In seconds.
    Time = "time", 3, [
        unit("ms", 1), unit("s", 1_000), unit("min", 60_000), unit("h", 3_600_000), unit("d", 86_400_000),
    ];
    /// In watts.
    Power = "power", 3, [unit("mW", 1), unit("W", 1_000), unit("kW", 1_000_000), unit("MW", 1_000_000_000)];
    /// In joules.
    Energy = "energy", 3, [
        unit("J", 1_000), unit("kJ", 1_000_000), unit("Wh", 3_600_000), unit("kWh", 3_600_000_000), unit("kcal", 4_184_000),
    ];
    /// In volts.
    Voltage = "voltage", 3, [unit("mV", 1), unit("V", 1_000), unit("kV", 1_000_000)];
    /// In amperes.
    Current = "current", 3, [unit("mA", 1), unit("A", 1_000)];
    /// In hertz.
    Frequency = "frequency", 0, [unit("Hz", 1), unit("kHz", 1_000), unit("MHz", 1_000_000), unit("GHz", 1_000_000_000)];
    /// In bytes.
    Data = "data", 0, [
        unit("B", 1), unit("kB", 1_000), unit("MB", 1_000_000), unit("GB", 1_000_000_000), unit("TB", 1_000_000_000_000),
        unit("KiB", 1 << 10), unit("MiB", 1 << 20), unit("GiB", 1 << 30), unit("TiB", 1 << 40),
    ];
}

impl UnitFamily {
    pub fn parse(family: &str) -> Result<Self, ValueError> {
        let found = Self::ALL.iter().copied().find(|f| f.as_str() == family);
        found.ok_or(ValueError::NotInEnum {
            expected: "one of mass, length, area, volume, temperature, time, power, energy, voltage, current, \
                       frequency, data",
        })
    }

    /// The symbols of the units, for people.
    pub fn symbols(self) -> String {
        let symbols: Vec<_> = self.units().iter().map(|u| u.symbol).collect();
        symbols.join(", ")
    }
}

/// A value with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    value: Number,
    family: UnitFamily,
    unit: &'static Unit,
}

impl Measure {
    /// Units of all families have different symbols.
    pub fn new(value: Number, symbol: &str) -> Result<Self, ValueError> {
        let of = |family: &UnitFamily| {
            let unit = family.units().iter().find(|unit| unit.symbol == symbol)?;
            Some((*family, unit))
        };
        let found = UnitFamily::ALL.iter().find_map(of);
        let (family, unit) = found.ok_or(ValueError::NotInEnum {
            expected: "a unit that is known",
        })?;
        Ok(Self { value, family, unit })
    }

    /// The measure that is so much in the base unit, in the first of the family's units that can say so exactly, if
    /// possible the base unit.
    pub fn from_base(family: UnitFamily, base: i128) -> Option<Self> {
        let one = 10_i128.pow(family.scale());
        let is_base = |unit: &&Unit| unit.factor == one && unit.offset == 0;
        let units = family.units();
        let by_choice = units
            .iter()
            .filter(is_base)
            .chain(units.iter().filter(|unit| !is_base(unit)));
        by_choice.into_iter().find_map(|unit| {
            let difference = base.checked_sub(millionths(unit.offset))?;
            let exact = difference.rem_euclid(unit.factor) == 0;
            let value = Number::from_millionths(difference.div_euclid(unit.factor)).filter(|_| exact)?;
            Some(Self { value, family, unit })
        })
    }

    pub const fn value(&self) -> Number {
        self.value
    }

    pub const fn family(&self) -> UnitFamily {
        self.family
    }

    pub const fn unit(&self) -> &'static Unit {
        self.unit
    }

    /// The value in the base unit, exact: measures of one family compare by it.
    pub fn base(&self) -> i128 {
        in_base(self.value, self.unit)
    }

    /// The value in the base unit as a decimal.
    pub fn base_text(&self) -> String {
        decimal_text(self.base(), self.family.scale() + Number::FRACTION_DIGITS)
    }

    /// The least number of `unit` that is no less than this measure.
    pub fn ceil_in(&self, unit: &Unit) -> i128 {
        let difference = self.base() - millionths(unit.offset);
        difference.div_euclid(unit.factor) + i128::from(difference.rem_euclid(unit.factor) != 0)
    }

    /// The greatest number of `unit`, in millionths, that is no more than this measure.
    pub fn floor_in(&self, unit: &Unit) -> i128 {
        (self.base() - millionths(unit.offset)).div_euclid(unit.factor)
    }
}

const fn millionths(number: i128) -> i128 {
    number * 1_000_000
}

fn in_base(value: Number, unit: &Unit) -> i128 {
    i128::from(value.millionths()) * unit.factor + millionths(unit.offset)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn measure(value: &str, unit: &str) -> Measure {
        Measure::new(Number::parse(value).unwrap(), unit).unwrap()
    }

    #[test]
    fn conversions_are_exact() {
        for (value, unit, base) in [
            ("1", "lb", "453.59237"),
            ("16", "oz", "453.59237"),
            ("1", "mi", "1609.344"),
            ("100", "C", "671.67"),
            ("212", "F", "671.67"),
            ("373.15", "K", "671.67"),
            ("1", "gal", "3.785411784"),
            ("128", "fl_oz", "3.785411784"),
            ("144", "in2", "0.09290304"),
            ("1", "KiB", "1024"),
            ("-40", "C", "419.67"),
            ("-40", "F", "419.67"),
            ("1", "kWh", "3600000"),
        ] {
            assert_eq!(measure(value, unit).base_text(), base, "{value} {unit}");
        }
    }

    #[test]
    fn no_two_units_have_one_symbol() {
        let symbols: Vec<_> = UnitFamily::ALL
            .iter()
            .flat_map(|f| f.units())
            .map(|u| u.symbol)
            .collect();
        assert_eq!(symbols.iter().collect::<BTreeSet<_>>().len(), symbols.len());
    }

    #[test]
    fn the_largest_values_do_not_overflow() {
        for family in UnitFamily::ALL {
            for unit in family.units() {
                let most = measure("999999999999.999999", unit.symbol);
                let least = measure("-999999999999.999999", unit.symbol);
                assert!(most.base() > least.base());
            }
        }
    }

    #[test]
    fn what_is_known_by_its_base_is_told_in_a_unit_of_its_own() {
        for (value, unit, told) in [
            ("1.5", "kg", "1500 g"),
            ("21.5", "C", "21.5 C"),
            ("0.5", "um", "0.5 um"),
        ] {
            let measure = measure(value, unit);
            let again = Measure::from_base(measure.family(), measure.base()).unwrap();
            assert_eq!(format!("{} {}", again.value(), again.unit().symbol), told);
        }
        assert!(Measure::from_base(UnitFamily::Mass, 1).is_none());
    }

    proptest! {
        #[test]
        fn every_measure_has_one_of_the_same_base(
            value in -999_999_999_999_999_999_i128..=999_999_999_999_999_999, family in 0..UnitFamily::ALL.len(),
            unit in 0_usize..20,
        ) {
            let units = UnitFamily::ALL.get(family).unwrap().units();
            let unit = units.get(unit % units.len()).unwrap();
            let measure = Measure::new(Number::from_millionths(value).unwrap(), unit.symbol).unwrap();
            let again = Measure::from_base(measure.family(), measure.base());
            prop_assert_eq!(again.map(|again| again.base()), Some(measure.base()));
        }

        #[test]
        fn bounds_in_another_unit_are_the_same_bounds(
            bound in -10_000_000_000_i64..10_000_000_000, value in -10_000_000_000_i64..10_000_000_000,
            family in 0..UnitFamily::ALL.len(), of_bound in 0_usize..20, of_value in 0_usize..20,
        ) {
            let units = UnitFamily::ALL.get(family).unwrap().units();
            let pick = |n: usize| units.get(n % units.len()).unwrap();
            let number = |n: i64| Number::from_millionths(n.into()).unwrap();
            let bound = Measure::new(number(bound), pick(of_bound).symbol).unwrap();
            let unit = pick(of_value);
            let measure = Measure::new(number(value), unit.symbol).unwrap();
            prop_assert_eq!(measure.base() >= bound.base(), i128::from(value) >= bound.ceil_in(unit));
            prop_assert_eq!(measure.base() <= bound.base(), i128::from(value) <= bound.floor_in(unit));
        }
    }
}
