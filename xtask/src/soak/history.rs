//! What a value that was read says about a cache that must not lie.
//!
//! Invariant: a register's values are written one after the other, each one higher than the last, and whatever took
//! effect is followed by higher ones only. So a read is right when it shows a value that is not below the highest one
//! acknowledged before it began, not above the highest one begun before it ended, and not below what any read had
//! shown that ended before it began.

/// What is known of one value that grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Register {
    begun: u64,
    acknowledged: u64,
    /// The highest value that a read has shown.
    seen: u64,
}

/// What was known when a read began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    acknowledged: u64,
    seen: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    /// Older than a write that was acknowledged before: `at_least` was to be seen.
    Stale {
        at_least: u64,
    },
    /// Older than what an earlier read has shown of a write that was not acknowledged yet.
    Backwards {
        shown: u64,
    },
    /// A value that nobody has begun to write.
    Future {
        at_most: u64,
    },
}

impl Register {
    /// The value to write next. It may be seen from now on, until it is acknowledged it need not.
    pub(super) fn begin_write(&mut self) -> u64 {
        self.begun += 1;
        self.begun
    }

    /// The writer was told that `value` is written. A write whose outcome is unknown is just never acknowledged.
    pub(super) fn acknowledge(&mut self, value: u64) {
        self.acknowledged = self.acknowledged.max(value);
    }

    pub(super) fn begin_read(&self) -> Reading {
        Reading {
            acknowledged: self.acknowledged,
            seen: self.seen,
        }
    }

    /// Judges what a read has shown: a value, or that there is nothing, which is never right.
    pub(super) fn end_read(&mut self, reading: Reading, value: Option<u64>) -> Verdict {
        let Some(value) = value else {
            return Verdict::Stale {
                at_least: reading.acknowledged,
            };
        };
        if value > self.begun {
            return Verdict::Future { at_most: self.begun };
        }
        self.seen = self.seen.max(value);
        if value < reading.acknowledged {
            Verdict::Stale {
                at_least: reading.acknowledged,
            }
        } else if value < reading.seen {
            Verdict::Backwards { shown: reading.seen }
        } else {
            Verdict::Right
        }
    }
}

impl Reading {
    /// A read that asked for at least what a write left.
    pub(super) fn of_write(mut self, value: u64) -> Self {
        self.acknowledged = self.acknowledged.max(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(values: u64) -> Register {
        let mut register = Register::default();
        for _ in 0..values {
            let value = register.begin_write();
            register.acknowledge(value);
        }
        register
    }

    fn read(register: &mut Register, value: u64) -> Verdict {
        let reading = register.begin_read();
        register.end_read(reading, Some(value))
    }

    #[test]
    fn what_was_acknowledged_last_is_right() {
        let mut register = written(3);
        assert_eq!(read(&mut register, 3), Verdict::Right);
    }

    #[test]
    fn what_is_older_than_an_acknowledged_write_is_stale() {
        let mut register = written(3);
        assert_eq!(read(&mut register, 2), Verdict::Stale { at_least: 3 });
    }

    #[test]
    fn nothing_is_stale_even_before_the_first_write() {
        let mut register = Register::default();
        let reading = register.begin_read();
        assert_eq!(register.end_read(reading, None), Verdict::Stale { at_least: 0 });
    }

    #[test]
    fn a_write_that_is_acknowledged_during_a_read_need_not_be_seen() {
        let mut register = written(3);
        let (early, late) = (register.begin_read(), register.begin_read());
        let value = register.begin_write();
        register.acknowledge(value);
        assert_eq!(register.end_read(early, Some(3)), Verdict::Right);
        assert_eq!(register.end_read(late, Some(4)), Verdict::Right);
        assert_eq!(read(&mut register, 3), Verdict::Stale { at_least: 4 });
    }

    #[test]
    fn a_write_under_way_may_be_seen_or_not_but_not_unseen() {
        let mut register = written(1);
        register.begin_write();
        assert_eq!(read(&mut register, 1), Verdict::Right);
        let during = register.begin_read();
        assert_eq!(read(&mut register, 2), Verdict::Right);
        assert_eq!(read(&mut register, 1), Verdict::Backwards { shown: 2 });
        // It began before the other one ended.
        assert_eq!(register.end_read(during, Some(1)), Verdict::Right);
    }

    #[test]
    fn an_unknown_outcome_may_take_effect_later_or_never() {
        let mut register = written(1);
        register.begin_write();
        assert_eq!(read(&mut register, 1), Verdict::Right);
        assert_eq!(read(&mut register, 1), Verdict::Right);
        assert_eq!(read(&mut register, 2), Verdict::Right, "later");

        let mut register = written(1);
        register.begin_write();
        let value = register.begin_write();
        register.acknowledge(value);
        assert_eq!(read(&mut register, 3), Verdict::Right, "never");
        assert_eq!(
            read(&mut register, 2),
            Verdict::Stale { at_least: 3 },
            "after a later write"
        );
    }

    #[test]
    fn a_value_that_nobody_began_to_write_is_of_the_future() {
        let mut register = written(2);
        assert_eq!(read(&mut register, 3), Verdict::Future { at_most: 2 });
        register.begin_write();
        assert_eq!(read(&mut register, 3), Verdict::Right);
    }

    #[test]
    fn a_read_that_asks_for_a_write_must_see_it() {
        let mut register = written(1);
        let value = register.begin_write();
        let reading = register.begin_read().of_write(value);
        assert_eq!(
            register.end_read(reading, Some(1)),
            Verdict::Stale { at_least: 2 }
        );
    }
}
