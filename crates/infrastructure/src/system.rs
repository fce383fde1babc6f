//! The machine's clock and its source of ids: the only places that read either.

use application::Clock;
use application::Ids;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// The system clock, cut to the microseconds that the databases keep.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter that all others take the time from"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// Version 7 UUIDs: random, and sorted by the time they were made.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7;

impl Ids for UuidV7 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter that all others take ids from"
    )]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_keeps_microseconds_and_no_more() {
        assert!((0..1_000).all(|_| SystemClock.now().timestamp_subsec_nanos().is_multiple_of(1_000)));
    }

    #[test]
    fn ids_are_version_7_and_ascend() {
        let ids: Vec<Uuid> = (0..1_000).map(|_| UuidV7.next()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.is_sorted());
    }
}
