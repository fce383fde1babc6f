//! A reader's steps, free of I/O: [`Read::start`], then [`Read::step`] with each outcome, until it ends in
//! [`Effect::Answer`] or [`Effect::Load`].
//!
//! Invariant: a body is kept only by a reader that was given a lease before it began to load.

use std::time::Duration;

use super::{Entry, Lease, Miss};

/// Why the database is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// To fill, under this lease.
    Granted(Lease),
    Fenced,
    Busy,
    Failed,
    Bypass,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    Get,
    Miss,
    Wait(Duration),
    Load(Reason),
    Answer(Entry),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Got(Option<Entry>),
    Missed(Miss),
    Waited,
    /// The cache failed.
    Failed,
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    First,
    Missing,
    /// Someone else fills; so many waits are over.
    Waiting(usize),
}

impl Read {
    pub(crate) const fn start(cache_is_up: bool) -> (Self, Effect) {
        (
            Self::First,
            if cache_is_up {
                Effect::Get
            } else {
                Effect::Load(Reason::Bypass)
            },
        )
    }

    /// `waits` are those before a reader behind another one gives up.
    pub(crate) fn step(self, event: Event, waits: &[Duration]) -> (Self, Effect) {
        match (self, event) {
            (_, Event::Failed) => (self, Effect::Load(Reason::Failed)),
            (_, Event::Got(Some(entry)) | Event::Missed(Miss::Usable(entry))) => {
                (self, Effect::Answer(entry))
            }
            (_, Event::Missed(Miss::Granted(lease))) => (self, Effect::Load(Reason::Granted(lease))),
            (_, Event::Missed(Miss::Fenced)) => (self, Effect::Load(Reason::Fenced)),
            (_, Event::Missed(Miss::Busy(_))) => Self::wait(0, waits),
            (_, Event::Waited) => (self, Effect::Get),
            (Self::Waiting(done), Event::Got(None)) => Self::wait(done + 1, waits),
            (Self::First | Self::Missing, Event::Got(None)) => (Self::Missing, Effect::Miss),
        }
    }

    fn wait(done: usize, waits: &[Duration]) -> (Self, Effect) {
        let effect = waits
            .get(done)
            .map_or(Effect::Load(Reason::Busy), |wait| Effect::Wait(*wait));
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
            let (next, effect) = read.step(event, &[Duration::from_millis(2); 4]);
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
            floor: 3,
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
    fn a_reader_behind_another_waits_a_little_and_then_loads_without_filling() {
        let mut events = vec![
            Event::Got(None),
            Event::Missed(Miss::Busy(Duration::from_secs(3))),
        ];
        events.extend((0..4).flat_map(|_| [Event::Waited, Event::Got(None)]));
        let effects = run(events);
        let waits: Vec<_> = effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Wait(_)))
            .collect();
        assert_eq!(waits.len(), 4);
        assert_eq!(effects.last(), Some(&Effect::Load(Reason::Busy)));
    }
}
