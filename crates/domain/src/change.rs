//! What every aggregate has in common: a version, times, and a record of what was done to it since it was loaded.

use chrono::TimeDelta;

use crate::{Timestamp, Version};

/// What happened to a resource; the change log keeps these words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Created,
    Updated,
    Published,
    Discarded,
    Unpublished,
    Archived,
    Deleted,
    Restored,
    /// Nothing of it is kept.
    Erased,
}

impl Event {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Published => "published",
            Self::Discarded => "discarded",
            Self::Unpublished => "unpublished",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::Erased => "erased",
        }
    }
}

/// A rule that forbids what was asked in the state the resource is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("a product that is {status} cannot be {verb}")]
    Status {
        status: &'static str,
        verb: &'static str,
    },
    #[error("the {0} is deleted")]
    Deleted(&'static str),
    #[error("the {0} is neither deleted nor archived")]
    NothingToRestore(&'static str),
    #[error("the product has no published copy to go back to")]
    NothingPublished,
    #[error("the default product type cannot be deleted")]
    DefaultType,
}

/// Version and times of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub version: Version,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

impl Record {
    pub const fn new(now: Timestamp) -> Self {
        Self {
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// A resource's state that carries a [`Record`].
pub trait Recorded: Clone {
    fn record(&self) -> &Record;
    fn record_mut(&mut self) -> &mut Record;
}

/// A state before and after one unit of work. `before` is `None` for a resource that is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<S> {
    pub before: Option<S>,
    pub after: S,
    pub events: Vec<Event>,
}

/// The state of an aggregate with what was done to it. However many edits one unit of work makes, the version grows
/// by one and `updated_at` moves strictly forward.
#[derive(Debug, Clone)]
pub(crate) struct Tracked<S> {
    before: Option<S>,
    now: S,
    events: Vec<Event>,
}

impl<S: Recorded> Tracked<S> {
    pub(crate) fn created(state: S) -> Self {
        Self {
            before: None,
            now: state,
            events: vec![Event::Created],
        }
    }

    pub(crate) fn loaded(state: S) -> Self {
        Self {
            before: None,
            now: state,
            events: Vec::new(),
        }
    }

    pub(crate) const fn state(&self) -> &S {
        &self.now
    }

    /// Corrects what the state knows of other resources; that is no change of this one.
    pub(crate) fn note(&mut self, note: impl FnOnce(&mut S)) {
        note(&mut self.now);
    }

    pub(crate) fn edit(&mut self, event: Event, at: Timestamp, edit: impl FnOnce(&mut S)) {
        if self.events.is_empty() {
            self.before = Some(self.now.clone());
            let record = self.now.record_mut();
            record.version += 1;
            record.updated_at = at.max(record.updated_at + TimeDelta::microseconds(1));
        }
        self.events.push(event);
        edit(&mut self.now);
    }

    /// What is to be stored, or nothing when nothing was done.
    pub(crate) fn into_change(self) -> Option<Change<S>> {
        (!self.events.is_empty()).then_some(Change {
            before: self.before,
            after: self.now,
            events: self.events,
        })
    }
}
