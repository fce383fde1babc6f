//! The spans of time over which views are summed, cut into slots.
//!
//! Invariant: a window is the slot of the present, all but one of those before it, and of the oldest the part that it
//! still reaches, so that it slides instead of jumping.

use std::time::Duration;

use domain::Timestamp;

/// A span of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    Hour,
    Day,
    Week,
}

/// A slot of a window, and what its views weigh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Counted from 1970.
    pub number: i64,
    /// 0 to 1.
    pub weight: f64,
}

impl Window {
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// As it is written: `1h`, `24h` or `7d`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.as_str() == text)
    }

    /// How many slots, and how many seconds each.
    const fn cut(self) -> (i64, i64) {
        match self {
            Self::Hour => (12, 5 * 60),
            Self::Day => (24, 60 * 60),
            Self::Week => (7, 24 * 60 * 60),
        }
    }

    /// The number of the slot that an instant lies in.
    pub const fn slot_of(self, at: Timestamp) -> i64 {
        at.timestamp().div_euclid(self.cut().1)
    }

    /// The slots that the window reaches, the present one first.
    pub fn slots(self, at: Timestamp) -> impl Iterator<Item = Slot> {
        let (count, seconds) = self.cut();
        let present = self.slot_of(at);
        let whole = (0..count).map(move |back| Slot {
            number: present - back,
            weight: 1.0,
        });
        #[expect(clippy::cast_precision_loss, reason = "seconds of a slot are far below 2^52")]
        let gone = at.timestamp().rem_euclid(seconds) as f64 / seconds as f64;
        whole.chain([Slot {
            number: present - count,
            weight: 1.0 - gone,
        }])
    }

    /// For how long the counts of a slot are needed from its beginning on.
    pub const fn keep(self) -> Duration {
        let (count, seconds) = self.cut();
        Duration::from_secs(((count + 2) * seconds).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_window_slides_over_its_slots() {
        for window in Window::ALL {
            assert_eq!(Window::parse(window.as_str()), Some(window));
            let (count, seconds) = window.cut();
            let begin = DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds * 100);
            for quarter in 0..4 {
                let at = begin + TimeDelta::seconds(seconds / 4 * quarter);
                let slots: Vec<_> = window.slots(at).collect();
                assert_eq!(slots.first().map(|slot| slot.number), Some(100));
                let oldest = slots.last().map(|slot| (slot.number, slot.weight * 4.0));
                let left = f64::from(4 - i32::try_from(quarter).unwrap_or_default());
                assert_eq!(oldest, Some((100 - count, left)));
                assert_eq!(i64::try_from(slots.len()), Ok(count + 1));
            }
        }
        assert_eq!(Window::parse("2h"), None);
        assert_eq!(
            Window::Hour.slot_of(DateTime::UNIX_EPOCH - TimeDelta::seconds(1)),
            -1
        );
    }
}
