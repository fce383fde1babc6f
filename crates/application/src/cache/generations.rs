//! How an instance knows that what it keeps, or is about to keep, has not been written since.
//!
//! Invariant: a write raises the generation of its entities when it begins and when it has ended, and while it is under
//! way they have no stamp. What was loaded under a stamp is as new as the last write whose end had been noted then.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

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
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            all: AtomicU64::new(0),
            hasher: RandomState::new(),
        }
    }
}

impl Generations {
    /// The present stamp; `None` while a write is under way.
    pub(crate) fn stamp(&self, entity: Entity) -> Option<Stamp> {
        let all = self.all.load(Ordering::SeqCst);
        let one = self.slot(entity)?.load(Ordering::SeqCst);
        Stamp::of(one, all)
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
        self.slots.get(hash % SLOTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Scope;

    #[test]
    fn a_stamp_lasts_until_the_next_write_and_there_is_none_during_one() {
        let generations = Generations::default();
        let entity = Entity::Scope(Scope::Shelf);
        let first = generations.stamp(entity);
        assert!(first.is_some());
        assert_eq!(generations.stamp(entity), first);
        generations.begin(entity);
        assert_eq!(generations.stamp(entity), None);
        generations.begin(entity);
        generations.end(entity);
        assert_eq!(generations.stamp(entity), None);
        generations.end(entity);
        let second = generations.stamp(entity);
        assert!(second.is_some() && second != first);
        generations.raise(entity);
        let third = generations.stamp(entity);
        assert!(third.is_some() && third != second);
        generations.raise_all();
        assert_ne!(generations.stamp(entity), third);
    }
}
