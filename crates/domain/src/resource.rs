//! Resources that are no more than what their editors say of them: an id, a record and a content, created, replaced,
//! deleted and restored as a whole.
//!
//! Invariant: nothing happens to a deleted resource but its restoration.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use uuid::Uuid;

use crate::change::Tracked;
use crate::value::Key;
use crate::{Change, Event, Record, Recorded, RuleError, Timestamp};

/// An identifier of one kind of resource.
pub trait Identity: Debug + Display + Copy + Ord + Hash + Send + Sync + 'static {
    fn from_uuid(id: Uuid) -> Self;
    fn to_uuid(self) -> Uuid;
}

/// Everything about a resource that its editors decide.
pub trait Content: Debug + Clone + PartialEq + Send + Sync + 'static {
    type Id: Identity;

    /// What the kind is called in sentences, such as `channel`.
    const KIND: &'static str;

    fn key(&self) -> Option<&Key>;

    /// Whether the resource may go at all.
    fn may_go(_: Self::Id) -> Result<(), RuleError> {
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<C: Content> {
    pub id: C::Id,
    pub record: Record,
    pub content: C,
}

impl<C: Content> Recorded for State<C> {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct Resource<C: Content>(Tracked<State<C>>);

impl<C: Content> Resource<C> {
    pub fn create(id: C::Id, content: C, now: Timestamp) -> Self {
        Self(Tracked::created(State {
            id,
            record: Record::new(now),
            content,
        }))
    }

    pub fn load(state: State<C>) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &State<C> {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<State<C>>> {
        self.0.into_change()
    }

    /// Replaces the content; equal content is no change.
    pub fn revise(&mut self, content: C, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |r| r.content = content);
        }
        Ok(())
    }

    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        C::may_go(self.state().id)?;
        self.0.edit(Event::Deleted, now, |r| {
            r.record.deleted_at = Some(r.record.updated_at);
        });
        Ok(())
    }

    pub fn restore(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().record.deleted_at.is_none() {
            return Err(RuleError::NothingToRestore(C::KIND));
        }
        self.0.edit(Event::Restored, now, |r| r.record.deleted_at = None);
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted(C::KIND)),
        }
    }
}
