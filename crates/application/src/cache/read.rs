//! A reader's steps through the shared tier, free of I/O: [`Read::start`], then [`Read::step`] with each outcome, until
//! it ends in [`Effect::Answer`] or [`Effect::Load`].
//!
//! Invariant: a body is kept only by a reader that was given a lease before it began to load.

use std::sync::Arc;
use std::time::Duration;

use super::{Entry, Lease, Miss};

/// Why the database is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// To fill, under this lease.
    Granted(Lease),
    Fenced,
    Busy,
    Failed,
    Bypass,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Get,
    Miss,
    Wait(Duration),
    Load(Reason),
    Answer(Arc<Entry>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Got(Option<Arc<Entry>>),
    Missed(Miss),
    Waited,
    /// The cache failed.
    Failed,
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Read {
    First,
    Missing,
    /// Someone else fills; so many waits are over.
    Waiting(u32),
}

const FIRST_WAIT: Duration = Duration::from_millis(2);
/// So that a reader does not look much later than the filler is done.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

impl Read {
    pub const fn start(cache_is_up: bool) -> (Self, Effect) {
        (
            Self::First,
            if cache_is_up {
                Effect::Get
            } else {
                Effect::Load(Reason::Bypass)
            },
        )
    }

    /// A reader behind another one gives up when `patience` is over.
    #[must_use]
    pub fn step(self, event: Event, patience: Duration) -> (Self, Effect) {
        match (self, event) {
            (_, Event::Failed) => (self, Effect::Load(Reason::Failed)),
            (_, Event::Got(Some(entry)) | Event::Missed(Miss::Usable(entry))) => {
                (self, Effect::Answer(entry))
            }
            (_, Event::Missed(Miss::Granted(lease))) => (self, Effect::Load(Reason::Granted(lease))),
            (_, Event::Missed(Miss::Fenced)) => (self, Effect::Load(Reason::Fenced)),
            (Self::Waiting(done), Event::Missed(Miss::Busy(_))) => Self::wait(done + 1, patience),
            (Self::First | Self::Missing, Event::Missed(Miss::Busy(_))) => Self::wait(0, patience),
            // Not only whether it is filled is asked, but whether the filler still is at it: if not, this one fills.
            (Self::Waiting(_), Event::Waited | Event::Got(None)) => (self, Effect::Miss),
            (Self::First | Self::Missing, Event::Waited) => (self, Effect::Get),
            (Self::First | Self::Missing, Event::Got(None)) => (Self::Missing, Effect::Miss),
        }
    }

    fn wait(done: u32, patience: Duration) -> (Self, Effect) {
        let wait = |turn: u32| {
            FIRST_WAIT
                .saturating_mul(2_u32.saturating_pow(turn))
                .min(LONGEST_WAIT)
        };
        let waited: Duration = (0..done).map(wait).sum();
        let effect = if waited < patience {
            Effect::Wait(wait(done))
        } else {
            Effect::Load(Reason::Busy)
        };
        (Self::Waiting(done), effect)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn run(events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
        let (mut read, first) = Read::start(true);
        let mut effects = vec![first];
        for event in events {
            let (next, effect) = read.step(event, Duration::from_millis(100));
            read = next;
            effects.push(effect);
        }
        effects
    }

    #[test]
    fn a_closed_gate_asks_the_database_only() {
        assert_eq!(Read::start(false).1, Effect::Load(Reason::Bypass));
    }

    #[test]
    fn only_a_lease_lets_a_reader_fill() {
        let lease = Lease {
            token: Uuid::nil(),
            epoch: 1,
        };
        let granted = run([Event::Got(None), Event::Missed(Miss::Granted(lease))]);
        assert_eq!(
            granted,
            [Effect::Get, Effect::Miss, Effect::Load(Reason::Granted(lease))]
        );
        let fenced = run([Event::Got(None), Event::Missed(Miss::Fenced)]);
        assert_eq!(fenced.last(), Some(&Effect::Load(Reason::Fenced)));
        assert_eq!(run([Event::Failed]).last(), Some(&Effect::Load(Reason::Failed)));
    }

    #[test]
    fn a_reader_behind_another_waits_while_its_patience_lasts_and_then_loads_without_filling() {
        let busy = || Event::Missed(Miss::Busy(Duration::from_secs(3)));
        let mut events = vec![Event::Got(None), busy()];
        events.extend((0..6).flat_map(|_| [Event::Waited, busy()]));
        let effects = run(events);
        let waits: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Wait(time) => Some(time.as_millis()),
                _ => None,
            })
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 50]);
        assert_eq!(effects.last(), Some(&Effect::Load(Reason::Busy)));
    }
}
