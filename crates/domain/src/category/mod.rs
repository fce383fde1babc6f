//! A category: a node of the tree that products are sorted into.
//!
//! That the tree has no cycle and is at most [`MAX_DEPTH`] deep is a rule over many categories; the store checks it
//! in the transaction that moves one.

use crate::change::Tracked;
use crate::value::{Key, Localized, LocalizedSlug, Media, Metadata};
use crate::{CategoryId, Change, Event, Record, Recorded, RuleError, Timestamp};

/// The most levels the tree has; a root category is on level 1.
pub const MAX_DEPTH: usize = 12;

/// Everything about a category that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryContent {
    pub key: Option<Key>,
    pub parent: Option<CategoryId>,
    pub name: Localized<120>,
    pub slug: LocalizedSlug,
    pub description: Option<Localized<65_535>>,
    pub position: u32,
    pub media: Vec<Media>,
    pub metadata: Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryState {
    pub id: CategoryId,
    pub record: Record,
    pub content: CategoryContent,
}

impl Recorded for CategoryState {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct Category(Tracked<CategoryState>);

impl Category {
    pub fn create(id: CategoryId, content: CategoryContent, now: Timestamp) -> Self {
        Self(Tracked::created(CategoryState {
            id,
            record: Record::new(now),
            content,
        }))
    }

    pub fn load(state: CategoryState) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &CategoryState {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<CategoryState>> {
        self.0.into_change()
    }

    /// Replaces the content; equal content is no change.
    pub fn revise(&mut self, content: CategoryContent, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |c| c.content = content);
        }
        Ok(())
    }

    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        self.0.edit(Event::Deleted, now, |c| {
            c.record.deleted_at = Some(c.record.updated_at);
        });
        Ok(())
    }

    pub fn restore(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().record.deleted_at.is_none() {
            return Err(RuleError::NothingToRestore("category"));
        }
        self.0.edit(Event::Restored, now, |c| c.record.deleted_at = None);
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted("category")),
        }
    }
}
