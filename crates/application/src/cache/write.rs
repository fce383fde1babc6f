//! A writer's steps, free of I/O: [`Write::start`], then [`Write::step`] with each outcome, until it ends in
//! [`Effect::Acknowledge`], [`Effect::Refuse`] or [`Effect::Report`].
//!
//! Invariant: a commit is acknowledged only after it has been released, or the gate has been closed; and, unless writes
//! are acknowledged at once, when no instance trusts anything from before it.

use super::{Acknowledge, Mark, Released, WriteMode};

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    Fence,
    Commit,
    Release,
    /// Nobody may fill until the database's time-outs have passed.
    FenceAgain,
    /// Until every instance has confirmed these marks.
    Settle(Vec<Mark>),
    /// Until no instance trusts what it had when the fence was set, or tried to be.
    WaitOut,
    Acknowledge,
    /// Nothing was done.
    Refuse,
    /// The outcome is the commit's error.
    Report,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Done,
    /// It is certain that nothing was stored.
    Nothing,
    /// It may have taken effect, or yet may.
    Unknown,
}

/// What came of it. A step of the cache that failed has closed the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Fenced(Option<Vec<Mark>>),
    Committed(Outcome),
    Released(Option<Released>),
    FencedAgain,
    Settled,
}

/// Where a write stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    Fencing,
    /// With the marks of its fence, if it has one.
    Committing(Option<Vec<Mark>>),
    Releasing(Option<Vec<Mark>>, Outcome),
    Settling,
}

/// How this write is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    pub mode: WriteMode,
    pub acknowledge: Acknowledge,
}

impl Write {
    pub const fn start(cache_is_up: bool, manner: Manner) -> (Self, Effect) {
        match (cache_is_up, manner.mode) {
            (true, _) => (Self::Fencing, Effect::Fence),
            (false, WriteMode::Strict) => (Self::Fencing, Effect::Refuse),
            (false, WriteMode::Available) => (Self::Committing(None), Effect::Commit),
        }
    }

    #[must_use]
    pub fn step(self, event: Event, manner: Manner) -> (Self, Effect) {
        match (self, event) {
            (Self::Fencing, Event::Fenced(None)) if manner.mode == WriteMode::Strict => {
                (Self::Fencing, Effect::Refuse)
            }
            (Self::Fencing, Event::Fenced(marks)) => (Self::Committing(marks), Effect::Commit),
            (Self::Committing(_), Event::Committed(Outcome::Unknown)) => (Self::Settling, Effect::FenceAgain),
            (Self::Committing(fence), Event::Committed(outcome)) => {
                (Self::Releasing(fence, outcome), Effect::Release)
            }
            (Self::Releasing(_, Outcome::Nothing | Outcome::Unknown), Event::Released(_)) => {
                (Self::Settling, Effect::Report)
            }
            (Self::Releasing(..), Event::Released(_)) if manner.acknowledge == Acknowledge::Immediate => {
                (Self::Settling, Effect::Acknowledge)
            }
            // Nothing was filled under the fence, so that who has heard of it has nothing from before the commit. A fence
            // that came back with a dump may have been lost before.
            (Self::Releasing(Some(fence), _), Event::Released(Some(released)))
                if released.intact && are_of_one_life(&fence, &released.marks) =>
            {
                (Self::Settling, Effect::Settle(fence))
            }
            (Self::Releasing(..), Event::Released(Some(released))) => {
                (Self::Settling, Effect::Settle(released.marks))
            }
            (Self::Releasing(..), Event::Released(None)) => (Self::Settling, Effect::WaitOut),
            (Self::Settling, Event::Settled) => (Self::Settling, Effect::Acknowledge),
            (state, _) => (state, Effect::Report),
        }
    }
}

fn are_of_one_life(some: &[Mark], others: &[Mark]) -> bool {
    let is_of = |mark: &Mark, all: &[Mark]| all.iter().any(|other| other.server == mark.server);
    some.iter().all(|mark| is_of(mark, others)) && others.iter().all(|mark| is_of(mark, some))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FENCE: Mark = Mark { server: 0, at: 1 };
    const RELEASE: Mark = Mark { server: 0, at: 2 };
    const USUAL: Manner = Manner {
        mode: WriteMode::Available,
        acknowledge: Acknowledge::Linearizable,
    };
    const STRICT: Manner = Manner {
        mode: WriteMode::Strict,
        ..USUAL
    };

    fn released(intact: bool) -> Event {
        Event::Released(Some(Released {
            intact,
            marks: vec![RELEASE],
        }))
    }

    fn run(manner: Manner, events: impl IntoIterator<Item = Event>) -> Effect {
        let (mut write, mut effect) = Write::start(true, manner);
        for event in events {
            (write, effect) = write.step(event, manner);
        }
        effect
    }

    #[test]
    fn a_write_waits_for_its_fence_and_for_its_release_where_the_fence_was_lost() {
        let until = |intact| {
            [
                Event::Fenced(Some(vec![FENCE])),
                Event::Committed(Outcome::Done),
                released(intact),
            ]
        };
        assert_eq!(run(USUAL, until(true)), Effect::Settle(vec![FENCE]));
        assert_eq!(run(USUAL, until(false)), Effect::Settle(vec![RELEASE]));
        let elsewhere = vec![Mark { server: 1, ..RELEASE }];
        let restarted = [
            Event::Fenced(Some(vec![FENCE])),
            Event::Committed(Outcome::Done),
            Event::Released(Some(Released {
                intact: true,
                marks: elsewhere.clone(),
            })),
        ];
        assert_eq!(run(USUAL, restarted), Effect::Settle(elsewhere));
        let immediate = Manner {
            acknowledge: Acknowledge::Immediate,
            ..USUAL
        };
        assert_eq!(run(immediate, until(true)), Effect::Acknowledge);
        let settled = until(true).into_iter().chain([Event::Settled]);
        assert_eq!(run(USUAL, settled), Effect::Acknowledge);
    }

    #[test]
    fn without_a_fence_a_strict_write_does_nothing_and_another_waits_for_its_release() {
        assert_eq!(run(STRICT, [Event::Fenced(None)]), Effect::Refuse);
        assert_eq!(Write::start(false, STRICT).1, Effect::Refuse);
        let unfenced = [
            Event::Fenced(None),
            Event::Committed(Outcome::Done),
            released(false),
        ];
        assert_eq!(run(USUAL, unfenced), Effect::Settle(vec![RELEASE]));
    }

    #[test]
    fn a_release_that_fails_is_waited_out() {
        let events = [
            Event::Fenced(Some(vec![FENCE])),
            Event::Committed(Outcome::Done),
            Event::Released(None),
        ];
        assert_eq!(run(STRICT, events), Effect::WaitOut);
    }

    #[test]
    fn what_failed_is_reported_and_what_is_in_doubt_stays_fenced() {
        let nothing = [
            Event::Fenced(Some(vec![FENCE])),
            Event::Committed(Outcome::Nothing),
            released(true),
        ];
        assert_eq!(run(USUAL, nothing), Effect::Report);
        let unknown = [
            Event::Fenced(Some(vec![FENCE])),
            Event::Committed(Outcome::Unknown),
        ];
        assert_eq!(run(USUAL, unknown.clone()), Effect::FenceAgain);
        let again = unknown.into_iter().chain([Event::FencedAgain]);
        assert_eq!(run(USUAL, again), Effect::Report);
    }
}
