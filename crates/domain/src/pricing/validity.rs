//! When something holds.

use crate::Timestamp;
use crate::value::ValueError;

/// From an instant, inclusive, until another, exclusive; open where there is none. Never empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Validity {
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Validity {
    pub const ALWAYS: Self = Self {
        from: None,
        until: None,
    };

    pub fn new(from: Option<Timestamp>, until: Option<Timestamp>) -> Result<Self, ValueError> {
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(ValueError::OutOfRange {
                expected: "after the start",
            });
        }
        Ok(Self { from, until })
    }

    pub const fn from(self) -> Option<Timestamp> {
        self.from
    }

    pub const fn until(self) -> Option<Timestamp> {
        self.until
    }

    pub fn contains(self, at: Timestamp) -> bool {
        !self.begins_after(at) && !self.ended_by(at)
    }

    pub fn begins_after(self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| from > at)
    }

    pub fn ended_by(self, at: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= at)
    }

    /// Whether there is an instant that both contain; intervals that only touch have none.
    pub fn overlaps(self, other: Self) -> bool {
        let begins_before_end_of =
            |a: Self, b: Self| a.from.zip(b.until).is_none_or(|(from, until)| from < until);
        begins_before_end_of(self, other) && begins_before_end_of(other, self)
    }

    /// When both hold, if that ever is.
    pub fn intersection(self, other: Self) -> Option<Self> {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        // No instant is before one that is absent.
        Self::new(self.from.max(other.from), until).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_timestamp_micros(micros).unwrap_or_else(|| unreachable!())
    }

    fn validity() -> impl Strategy<Value = Validity> {
        let instant = prop::option::of((0..12i64).prop_map(at));
        (instant.clone(), instant).prop_filter_map("empty", |(from, until)| Validity::new(from, until).ok())
    }

    #[test]
    fn an_interval_is_not_empty_and_has_its_start_but_not_its_end() {
        assert!(Validity::new(Some(at(5)), Some(at(5))).is_err());
        assert!(Validity::new(Some(at(6)), Some(at(5))).is_err());
        let one = Validity::new(Some(at(5)), Some(at(6))).unwrap_or_else(|_| unreachable!());
        assert_eq!([4, 5, 6].map(|t| one.contains(at(t))), [false, true, false]);
    }

    proptest! {
        #[test]
        fn overlap_and_intersection_are_having_an_instant_in_common(a in validity(), b in validity()) {
            let common = |t: i64| a.contains(at(t)) && b.contains(at(t));
            let any = (-1..13).any(common);
            prop_assert_eq!(a.overlaps(b), any);
            prop_assert_eq!(b.overlaps(a), any);
            let both = a.intersection(b);
            prop_assert_eq!(both.is_some(), any);
            for t in -1..13 {
                prop_assert_eq!(both.is_some_and(|both| both.contains(at(t))), common(t));
            }
        }
    }
}
