//! A writer's steps, free of I/O: [`Write::start`], then [`Write::step`] with each outcome, until it ends in
//! [`Effect::Acknowledge`], [`Effect::Refuse`] or [`Effect::Report`].
//!
//! Invariant: a commit is acknowledged only after it has been released, or the gate has been closed. Unless writes are
//! acknowledged at once, a fenced write commits only when no instance trusts anything from before the fence, so that its
//! commit is the one instant at which all answers change; and it is acknowledged only when none trusts anything from
//! before the commit.

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
    /// Until no instance trusts what it has, unless it still reaches the shared tier.
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
    /// Fenced, at these marks.
    Confirming(Vec<Mark>),
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
            (Self::Fencing, Event::Fenced(Some(marks)))
                if manner.acknowledge == Acknowledge::Linearizable =>
            {
                (Self::Confirming(marks.clone()), Effect::Settle(marks))
            }
            (Self::Fencing, Event::Fenced(marks)) => (Self::Committing(marks), Effect::Commit),
            (Self::Confirming(marks), Event::Settled) => (Self::Committing(Some(marks)), Effect::Commit),
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
            // Nothing was filled under the fence, and all had confirmed it before the commit, so that nobody has anything
            // from before. A fence that came back with a dump may have been lost before.
            (Self::Releasing(Some(fence), _), Event::Released(Some(released)))
                if released.intact && are_of_one_life(&fence, &released.marks) =>
            {
                (Self::Settling, Effect::Acknowledge)
            }
            (Self::Releasing(..), Event::Released(Some(released))) => {
                (Self::Settling, Effect::Settle(released.marks))
            }
            (Self::Releasing(None, _), Event::Released(None)) => (Self::Settling, Effect::WaitOut),
            // The fence bars fills until it expires. If it was lost as well, no wait would help: see `relay`.
            (Self::Releasing(Some(_), _), Event::Released(None)) | (Self::Settling, Event::Settled) => {
                (Self::Settling, Effect::Acknowledge)
            }
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

    fn fenced() -> Vec<Event> {
        vec![Event::Fenced(Some(vec![FENCE])), Event::Settled]
    }

    fn committed(outcome: Outcome) -> Vec<Event> {
        let commit = Event::Committed(outcome);
        fenced().into_iter().chain([commit]).collect()
    }

    fn done(last: Event) -> Vec<Event> {
        committed(Outcome::Done).into_iter().chain([last]).collect()
    }

    #[test]
    fn a_write_commits_when_its_fence_is_confirmed_and_an_intact_release_ends_it() {
        let fence = Event::Fenced(Some(vec![FENCE]));
        assert_eq!(run(USUAL, [fence.clone()]), Effect::Settle(vec![FENCE]));
        assert_eq!(run(USUAL, fenced()), Effect::Commit);
        assert_eq!(run(USUAL, done(released(true))), Effect::Acknowledge);
        let immediate = Manner {
            acknowledge: Acknowledge::Immediate,
            ..USUAL
        };
        assert_eq!(run(immediate, [fence.clone()]), Effect::Commit);
        for intact in [true, false] {
            let events = [fence.clone(), Event::Committed(Outcome::Done), released(intact)];
            assert_eq!(run(immediate, events), Effect::Acknowledge);
        }
    }

    #[test]
    fn where_the_fence_was_lost_a_write_waits_for_its_release() {
        assert_eq!(run(USUAL, done(released(false))), Effect::Settle(vec![RELEASE]));
        let elsewhere = vec![Mark { server: 1, ..RELEASE }];
        let restarted = Event::Released(Some(Released {
            intact: true,
            marks: elsewhere.clone(),
        }));
        assert_eq!(run(USUAL, done(restarted)), Effect::Settle(elsewhere));
        let settled = done(released(false)).into_iter().chain([Event::Settled]);
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
        assert_eq!(run(USUAL, [Event::Fenced(None)]), Effect::Commit);
        assert_eq!(run(USUAL, unfenced), Effect::Settle(vec![RELEASE]));
    }

    #[test]
    fn a_release_that_fails_is_waited_out_where_there_was_no_fence() {
        assert_eq!(run(STRICT, done(Event::Released(None))), Effect::Acknowledge);
        let unfenced = [
            Event::Fenced(None),
            Event::Committed(Outcome::Done),
            Event::Released(None),
        ];
        assert_eq!(run(USUAL, unfenced), Effect::WaitOut);
    }

    #[test]
    fn what_failed_is_reported_and_what_is_in_doubt_stays_fenced() {
        let nothing = committed(Outcome::Nothing).into_iter().chain([released(true)]);
        assert_eq!(run(USUAL, nothing), Effect::Report);
        let unknown = committed(Outcome::Unknown);
        assert_eq!(run(USUAL, unknown.clone()), Effect::FenceAgain);
        let again = unknown.into_iter().chain([Event::FencedAgain]);
        assert_eq!(run(USUAL, again), Effect::Report);
    }
}
