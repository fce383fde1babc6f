//! How an instance knows that what it keeps, or is about to keep, has not been written since.
//!
//! Invariant: a write raises the generation of its entities when it begins and when it has ended, and while it is under
//! way they have no stamp. What was loaded under a stamp is as new as the last write whose end had been noted then.

use std::hash::{BuildHasher, RandomState};
#[cfg(not(test))]
use std::sync::atomic::{AtomicU64, Ordering};

// In this crate's own tests every access is a point at which another thread may come in.
#[cfg(test)]
use shuttle::sync::atomic::{AtomicU64, Ordering};

use super::Entity;

/// The generations of an entity and of everything, at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stamp {
    one: u64,
    all: u64,
}

impl Stamp {
    pub(crate) const NONE: Self = Self {
        one: u64::MAX,
        all: u64::MAX,
    };

    /// By an entity's slot and the generation of everything; `None` while a write is under way.
    pub(crate) const fn of(one: u64, all: u64) -> Option<Self> {
        if one & UNDER_WAY == 0 {
            Some(Self { one, all })
        } else {
            None
        }
    }
}

/// Entities share slots: one that is raised for another one's write costs a load.
const SLOTS: usize = 1 << 14;
/// The lower bits of a slot count the writes that are under way, the others are the generation.
const UNDER_WAY: u64 = (1 << 16) - 1;

/// What a slot is moved on by when someone else wrote,
pub(crate) const RAISED: u64 = 1 << 16;
/// when a write begins,
pub(crate) const BEGUN: u64 = RAISED + 1;
/// and when one that began has ended.
pub(crate) const ENDED: u64 = RAISED - 1;

pub(crate) struct Generations {
    slots: Box<[AtomicU64]>,
    all: AtomicU64,
    hasher: RandomState,
}

impl Default for Generations {
    fn default() -> Self {
        Self::new(SLOTS)
    }
}

impl Generations {
    fn new(slots: usize) -> Self {
        Self {
            slots: (0..slots).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }

    /// The present stamp; `None` while a write is under way.
    pub(crate) fn stamp(&self, entity: Entity) -> Option<Stamp> {
        let all = self.all.load(Ordering::SeqCst);
        let one = self.slot(entity)?.load(Ordering::SeqCst);
        Stamp::of(one, all)
    }

    /// The present stamp, if what is kept is trusted. Trust is asked for first: it says that whatever was acknowledged until
    /// then has been heard of, which a stamp that was noted earlier may not show.
    pub(crate) fn trusted(&self, entity: Entity, trusts: impl FnOnce() -> bool) -> Option<Stamp> {
        trusts().then(|| self.stamp(entity)).flatten()
    }

    /// A write begins.
    pub(crate) fn begin(&self, entity: Entity) {
        if let Some(slot) = self.slot(entity) {
            slot.fetch_add(BEGUN, Ordering::SeqCst);
        }
    }

    /// A write that began has ended.
    pub(crate) fn end(&self, entity: Entity) {
        if let Some(slot) = self.slot(entity) {
            slot.fetch_add(ENDED, Ordering::SeqCst);
        }
    }

    /// Someone else wrote.
    pub(crate) fn raise(&self, entity: Entity) {
        if let Some(slot) = self.slot(entity) {
            slot.fetch_add(RAISED, Ordering::SeqCst);
        }
    }

    /// Anything may have been written.
    pub(crate) fn raise_all(&self) {
        self.all.fetch_add(1, Ordering::SeqCst);
    }

    fn slot(&self, entity: Entity) -> Option<&AtomicU64> {
        let hash = usize::try_from(self.hasher.hash_one(entity) >> 32).ok()?;
        self.slots.get(hash % self.slots.len())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a lock is poisoned by a test that fails")]

    use std::sync::Arc;

    use shuttle::sync::Mutex;
    use shuttle::thread;

    use super::*;
    use crate::cache::Scope;

    const ENTITY: Entity = Entity::Scope(Scope::Shelf);

    #[test]
    fn a_stamp_lasts_until_the_next_write_and_there_is_none_during_one() {
        let check = || {
            let generations = Generations::new(2);
            let first = generations.stamp(ENTITY);
            assert!(first.is_some());
            assert_eq!(generations.stamp(ENTITY), first);
            generations.begin(ENTITY);
            assert_eq!(generations.stamp(ENTITY), None);
            generations.begin(ENTITY);
            generations.end(ENTITY);
            assert_eq!(generations.stamp(ENTITY), None);
            generations.end(ENTITY);
            let second = generations.stamp(ENTITY);
            assert!(second.is_some() && second != first);
            generations.raise(ENTITY);
            let third = generations.stamp(ENTITY);
            assert!(third.is_some() && third != second);
            generations.raise_all();
            assert_ne!(generations.stamp(ENTITY), third);
        };
        shuttle::check_random(check, 1);
    }

    /// What a piece is replaced by.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Writes {
        /// As they are to be.
        Barred,
        /// Raising at the end alone.
        RaisedLast,
        /// Raising at the beginning alone.
        RaisedFirst,
        /// Heard of from another instance.
        Heard,
    }

    /// An instance without a shared tier.
    struct Instance {
        generations: Generations,
        own: Mutex<Option<(u64, Stamp)>>,
        database: AtomicU64,
        acknowledged: AtomicU64,
    }

    impl Instance {
        /// As `Answers::read`, `Cache::local` and `Cache::keep`.
        fn read(&self) {
            let floor = self.acknowledged.load(Ordering::SeqCst);
            let stamp = self.generations.stamp(ENTITY);
            let kept = *self.own.lock().unwrap();
            let version = match kept {
                Some((version, under)) if Some(under) == stamp => version,
                _ => {
                    let version = self.database.load(Ordering::SeqCst);
                    if let Some(stamp) = stamp
                        && self.generations.stamp(ENTITY) == Some(stamp)
                    {
                        *self.own.lock().unwrap() = Some((version, stamp));
                    }
                    version
                }
            };
            assert!(version >= floor, "{version} after {floor} was acknowledged");
        }

        fn write(&self, writes: Writes) {
            match writes {
                Writes::Barred => self.generations.begin(ENTITY),
                Writes::RaisedFirst => self.generations.raise(ENTITY),
                Writes::RaisedLast | Writes::Heard => {}
            }
            let version = self.database.fetch_add(1, Ordering::SeqCst) + 1;
            match writes {
                Writes::Barred => self.generations.end(ENTITY),
                Writes::RaisedLast => self.generations.raise(ENTITY),
                Writes::Heard => self.generations.raise_all(),
                Writes::RaisedFirst => {}
            }
            self.acknowledged.fetch_max(version, Ordering::SeqCst);
        }
    }

    fn readers_beside(writes: [Writes; 2]) {
        let instance = Arc::new(Instance {
            generations: Generations::new(1),
            own: Mutex::new(None),
            database: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
        });
        let reads = (0..2).map(|_| {
            let instance = Arc::clone(&instance);
            thread::spawn(move || (0..3).for_each(|_| instance.read()))
        });
        let reads: Vec<_> = reads.collect();
        let writers = writes.map(|writes| {
            let instance = Arc::clone(&instance);
            thread::spawn(move || instance.write(writes))
        });
        for thread in reads.into_iter().chain(writers) {
            thread.join().unwrap();
        }
    }

    #[test]
    fn nothing_older_is_answered_however_threads_interleave() {
        for writes in [Writes::Barred, Writes::RaisedLast, Writes::Heard] {
            shuttle::check_pct(move || readers_beside([writes, Writes::Barred]), 1000, 3);
            shuttle::check_random(move || readers_beside([writes, Writes::Barred]), 1000);
        }
    }

    #[test]
    #[should_panic(expected = "was acknowledged")]
    fn raising_before_the_commit_alone_would_not_do() {
        let writes = [Writes::RaisedFirst, Writes::RaisedFirst];
        shuttle::check_random(move || readers_beside(writes), 20_000);
    }

    /// How a reader of an instance that was not heard of comes to the stamp of what is kept.
    #[derive(Clone, Copy)]
    enum Asks {
        TrustFirst,
        StampFirst,
    }

    /// An instance wakes up, and hears of a write that waited for it in vain, while it is asked.
    fn reader_beside_news(asks: Asks) {
        let generations = Arc::new(Generations::new(1));
        let kept = generations.stamp(ENTITY);
        let (acknowledged, trusts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let reader = {
            let generations = Arc::clone(&generations);
            let (acknowledged, trusts) = (Arc::clone(&acknowledged), Arc::clone(&trusts));
            thread::spawn(move || {
                let floor = acknowledged.load(Ordering::SeqCst);
                let trusts = || trusts.load(Ordering::SeqCst) == 1;
                let stamp = match asks {
                    Asks::TrustFirst => generations.trusted(ENTITY, trusts),
                    Asks::StampFirst => generations.stamp(ENTITY).filter(|_| trusts()),
                };
                let version = u64::from(stamp.is_none() || stamp != kept);
                assert!(version >= floor, "{version} after {floor} was acknowledged");
            })
        };
        let writer = {
            let acknowledged = Arc::clone(&acknowledged);
            thread::spawn(move || acknowledged.store(1, Ordering::SeqCst))
        };
        // A question that was sent after the write comes back after the news of the write.
        writer.join().unwrap();
        generations.raise(ENTITY);
        trusts.store(1, Ordering::SeqCst);
        reader.join().unwrap();
    }

    #[test]
    fn news_that_come_while_it_is_asked_are_in_what_is_answered() {
        shuttle::check_random(|| reader_beside_news(Asks::TrustFirst), 10_000);
    }

    #[test]
    #[should_panic(expected = "was acknowledged")]
    fn a_stamp_from_before_trust_would_not_do() {
        shuttle::check_random(|| reader_beside_news(Asks::StampFirst), 10_000);
    }
}
