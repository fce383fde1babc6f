//! The instances that share the cache, as this one has last seen them, and the wait for them.
//!
//! Invariant: an instance that may answer from its own tier has signed the list on the server, at the beat that gave it
//! its trust. Whoever reads the list after a fence, therefore finds every instance that may not have heard of it; unless
//! the list was lost since, which its birth tells.
//!
//! Only this process's clock is used to tell silence, and only the server's to order what it did. A server's clock that
//! is set back could make an old confirmation look new: what is later than the server's present is no confirmation.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use application::cache::Instance;
use redis::{FromRedisValue, ParsingError, Value};
use tokio::time::Instant;
use uuid::Uuid;

/// After so long without a sign of life an instance is taken off the list.
const GONE: Duration = Duration::from_secs(10);

/// The list as the server gives it.
pub(super) struct Sighting {
    /// The server's clock, in microseconds.
    pub(super) at: i64,
    born: String,
    members: Vec<(Uuid, String)>,
}

impl FromRedisValue for Sighting {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (at, mut all): (i64, HashMap<String, String>) = redis::from_redis_value(value)?;
        let born = all.remove("born").unwrap_or_default();
        let member = |(id, signed): (String, String)| Some((Uuid::try_parse(&id).ok()?, signed));
        let members = all.into_iter().filter_map(member).collect();
        Ok(Self { at, born, members })
    }
}

/// Something and since when it is known to be so.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    text: String,
    since: Instant,
}

impl Known {
    /// `old` if nothing has changed.
    fn new(text: String, old: Option<&Self>, now: Instant) -> Self {
        let since = old.filter(|old| old.text == text).map_or(now, |old| old.since);
        Self { text, since }
    }
}

/// The list as this instance knows it.
#[derive(Debug, Clone)]
pub(super) struct View {
    at: i64,
    /// Before the server was asked.
    asked: Instant,
    born: Known,
    members: HashMap<Uuid, Known>,
}

impl View {
    fn is_after(&self, mark: i64) -> bool {
        self.at > mark
    }

    /// How many may not have heard of what was done at `mark`, an instant before this view was taken.
    fn behind(&self, me: Uuid, mark: i64, trust: Duration) -> usize {
        let is_silent = |signed: &Known| self.asked > signed.since + trust;
        let has_heard = |signed: &Known| confirmed(&signed.text).is_some_and(|at| at > mark && at <= self.at);
        let behind = self
            .members
            .iter()
            .filter(|(id, signed)| **id != me && !is_silent(signed) && !has_heard(signed))
            .count();
        // Those who signed an earlier list have spent their trust when this one is older than that lasts.
        let may_lack = self.asked <= self.born.since + trust;
        behind.max(usize::from(may_lack))
    }
}

/// From "last sign of life, last confirmed".
fn confirmed(signed: &str) -> Option<i64> {
    let at = signed.split_once(' ')?.1.parse().ok()?;
    (at > 0).then_some(at)
}

pub(super) struct Fleet {
    pub(super) me: Uuid,
    trust: Duration,
    view: Mutex<Option<View>>,
}

impl Fleet {
    pub(super) fn new(me: Uuid, trust: Duration) -> Self {
        Self {
            me,
            trust,
            view: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<View>> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what was asked at `asked` and answered at `now`.
    pub(super) fn saw(&self, sighting: Sighting, asked: Instant, now: Instant) {
        let mut view = self.lock();
        // Answers may overtake each other, on different connections.
        if view.as_ref().is_some_and(|old| old.asked > asked) {
            return;
        }
        let old = view.take();
        let old_member = |id: &Uuid| old.as_ref().and_then(|old| old.members.get(id));
        let members = sighting
            .members
            .into_iter()
            .map(|(id, signed)| (id, Known::new(signed, old_member(&id), now)))
            .collect();
        let born = Known::new(sighting.born, old.as_ref().map(|old| &old.born), now);
        *view = Some(View {
            at: sighting.at,
            asked,
            born,
            members,
        });
    }

    /// How many others may not have heard of what was done at `mark`; `None` when nothing was seen since.
    pub(super) fn behind(&self, mark: i64) -> Option<usize> {
        let view = self.lock();
        let view = view.as_ref().filter(|view| view.is_after(mark))?;
        Some(view.behind(self.me, mark, self.trust))
    }

    /// When what is known was asked for.
    pub(super) fn seen(&self) -> Option<Instant> {
        self.lock().as_ref().map(|view| view.asked)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.lock()
            .as_ref()
            .is_some_and(|view| view.members.keys().all(|id| *id == self.me))
    }

    /// What this instance has signed last.
    pub(super) fn signed(&self) -> Option<String> {
        Some(self.lock().as_ref()?.members.get(&self.me)?.text.clone())
    }

    /// Those who are gone, with what they signed last.
    pub(super) fn gone(&self) -> Vec<(Uuid, String)> {
        let view = self.lock();
        let all = view.iter().flat_map(|view| {
            let is_gone = |signed: &Known| view.asked > signed.since + GONE;
            view.members.iter().filter(move |(_, signed)| is_gone(signed))
        });
        all.map(|(id, signed)| (*id, signed.text.clone())).collect()
    }

    pub(super) fn instances(&self) -> Vec<Instance> {
        let view = self.lock();
        let Some(view) = view.as_ref() else { return vec![] };
        let since = |at: i64| Duration::from_micros(u64::try_from(view.at - at).unwrap_or_default());
        let instance = |(id, signed): (&Uuid, &Known)| {
            let (beat, _) = signed.text.split_once(' ')?;
            Some(Instance {
                id: *id,
                is_this: *id == self.me,
                silent_for: since(beat.parse().ok()?),
                behind: confirmed(&signed.text).map(since),
            })
        };
        let mut all: Vec<_> = view.members.iter().filter_map(instance).collect();
        all.sort_unstable_by_key(|instance| instance.id);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const TRUST: Duration = Duration::from_millis(75);

    /// A fleet and the time, which passes when the test says so.
    struct Scene {
        fleet: Fleet,
        now: Instant,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                fleet: Fleet::new(ME, TRUST),
                now: Instant::now(),
            }
        }

        fn see(&self, at: i64, born: &str, members: &[(Uuid, &str)]) {
            let members = members.iter().map(|(id, text)| (*id, (*text).to_owned()));
            let sighting = Sighting {
                at,
                born: born.into(),
                members: members.collect(),
            };
            self.fleet.saw(sighting, self.now, self.now);
        }

        fn pass(&mut self, millis: u64) {
            self.now += Duration::from_millis(millis);
        }

        fn behind(&self, mark: i64) -> Option<usize> {
            self.fleet.behind(mark)
        }
    }

    #[test]
    fn others_are_waited_for_until_they_confirm_or_are_silent_for_too_long() {
        let mut scene = Scene::new();
        assert_eq!(scene.behind(10), None);
        scene.see(5, "b", &[(ME, "1 0")]);
        scene.pass(76);
        scene.see(11, "b", &[(ME, "1 0")]);
        assert_eq!(scene.behind(11), None, "seen too early");
        assert_eq!(scene.behind(10), Some(0), "alone");
        for (signed, behind) in [
            ("9 0", 1),
            ("9 10", 1),
            ("11 11", 0),
            ("11 13", 1),
            ("x", 1),
            ("11", 1),
        ] {
            scene.see(12, "b", &[(ME, "1 0"), (OTHER, signed)]);
            assert_eq!(scene.behind(10), Some(behind), "{signed}");
        }
        scene.pass(75);
        scene.see(80, "b", &[(OTHER, "11")]);
        assert_eq!(scene.behind(10), Some(1));
        scene.pass(1);
        scene.see(81, "b", &[(OTHER, "11")]);
        assert_eq!(scene.behind(10), Some(0), "silent");
        scene.see(82, "b", &[(OTHER, "82 9")]);
        assert_eq!(scene.behind(10), Some(1), "there again");
    }

    #[test]
    fn a_new_list_says_nothing_until_those_of_the_old_one_have_spent_their_trust() {
        let mut scene = Scene::new();
        scene.see(5, "b", &[(ME, "1 0")]);
        assert_eq!(scene.behind(1), Some(1));
        scene.pass(76);
        scene.see(6, "b", &[(ME, "1 0")]);
        assert_eq!(scene.behind(1), Some(0));
        scene.see(7, "c", &[(ME, "1 0")]);
        assert_eq!(scene.behind(1), Some(1));
    }

    #[test]
    fn what_is_answered_out_of_order_is_not_taken_for_new() {
        let mut scene = Scene::new();
        scene.see(5, "b", &[(OTHER, "5 0")]);
        let early = scene.now;
        scene.pass(100);
        scene.see(9, "b", &[(OTHER, "9 0")]);
        let late = Sighting {
            at: 6,
            born: "b".into(),
            members: vec![],
        };
        scene.fleet.saw(late, early, scene.now);
        assert_eq!(scene.behind(7), Some(1));
    }

    #[test]
    fn who_says_nothing_for_long_is_gone() {
        let mut scene = Scene::new();
        scene.see(5, "b", &[(OTHER, "1 0")]);
        scene.pass(10_001);
        scene.see(6, "b", &[(OTHER, "1 0"), (ME, "2 0")]);
        assert_eq!(scene.fleet.gone(), [(OTHER, "1 0".to_owned())]);
    }
}
