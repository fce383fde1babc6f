//! A product: what it says, which option axes its variants have, and where it stands between draft and archive.
//!
//! Invariant: lifecycle moves only along [`ProductStatus`]'s arrows, and nothing happens to a deleted product but
//! its restoration.

mod status;
mod variant;

use std::collections::BTreeSet;

use crate::change::Tracked;
use crate::product_type::Attributes;
use crate::value::{Key, Localized, LocalizedSlug, Media, Metadata, Text, ValueError};
use crate::{CategoryId, Change, Event, ProductId, ProductTypeId, Record, Recorded, RuleError, Timestamp};

pub use status::ProductStatus;
pub use variant::{OptionFault, Options, Variant, VariantContent, VariantState};

/// The name of an option axis, such as `colour`.
pub type Axis = Text<64>;

/// What search engines are to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seo {
    pub title: Option<Localized<255>>,
    pub description: Option<Localized<1000>>,
}

/// Everything about a product that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductContent {
    pub key: Option<Key>,
    pub name: Localized<250>,
    pub slug: LocalizedSlug,
    pub description: Option<Localized<65_535>>,
    pub brand: Option<Text<120>>,
    pub tags: Vec<Text<255>>,
    pub categories: Vec<CategoryId>,
    pub media: Vec<Media>,
    pub seo: Option<Seo>,
    pub option_axes: Vec<Axis>,
    pub product_type: ProductTypeId,
    pub attributes: Attributes,
    pub metadata: Metadata,
}

impl ProductContent {
    pub const MAX_TAGS: usize = 250;
    pub const MAX_CATEGORIES: usize = 200;
    pub const MAX_AXES: usize = 10;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductState {
    pub id: ProductId,
    pub record: Record,
    pub status: ProductStatus,
    pub published_at: Option<Timestamp>,
    pub content: ProductContent,
}

impl Recorded for ProductState {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct Product(Tracked<ProductState>);

impl Product {
    /// A new draft.
    pub fn create(id: ProductId, content: ProductContent, now: Timestamp) -> Self {
        Self(Tracked::created(ProductState {
            id,
            record: Record::new(now),
            status: ProductStatus::Draft,
            published_at: None,
            content,
        }))
    }

    pub fn load(state: ProductState) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &ProductState {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<ProductState>> {
        self.0.into_change()
    }

    /// Replaces the content; equal content is no change.
    pub fn revise(&mut self, content: ProductContent, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |p| p.content = content);
        }
        Ok(())
    }

    /// Makes the product visible to shoppers.
    pub fn publish(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.advance(ProductStatus::Published, Event::Published, now)
    }

    /// Takes a published product back to a draft.
    pub fn unpublish(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().status == ProductStatus::Archived {
            return Err(RuleError::Status {
                status: "archived",
                verb: "unpublished",
            });
        }
        self.advance(ProductStatus::Draft, Event::Unpublished, now)
    }

    /// Takes the product out of sale for good.
    pub fn archive(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.advance(ProductStatus::Archived, Event::Archived, now)
    }

    /// Marks the product deleted.
    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        self.0.edit(Event::Deleted, now, |p| {
            p.record.deleted_at = Some(p.record.updated_at);
        });
        Ok(())
    }

    /// Undoes a deletion, else brings an archived product back as a draft.
    pub fn restore(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().record.deleted_at.is_some() {
            self.0.edit(Event::Restored, now, |p| p.record.deleted_at = None);
            Ok(())
        } else if self.state().status == ProductStatus::Archived {
            self.advance(ProductStatus::Draft, Event::Restored, now)
        } else {
            Err(RuleError::NothingToRestore("product"))
        }
    }

    /// Moves along the lifecycle; being there already is no change.
    fn advance(&mut self, to: ProductStatus, event: Event, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        let from = self.state().status;
        if from == to {
            return Ok(());
        }
        if !from.may_become(to) {
            return Err(RuleError::Status {
                status: from.as_str(),
                verb: event.as_str(),
            });
        }
        self.0.edit(event, now, |p| {
            p.status = to;
            if to == ProductStatus::Published {
                p.published_at = Some(p.record.updated_at);
            }
        });
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted("product")),
        }
    }
}

/// Option axes in their order, no name twice, at most ten.
pub fn option_axes(axes: Vec<Axis>) -> Result<Vec<Axis>, ValueError> {
    if axes.len() > ProductContent::MAX_AXES {
        return Err(ValueError::TooLong {
            max: ProductContent::MAX_AXES,
            of: "axes",
        });
    }
    let unique: BTreeSet<_> = axes.iter().collect();
    if unique.len() == axes.len() {
        Ok(axes)
    } else {
        Err(ValueError::Duplicate)
    }
}

#[cfg(test)]
mod tests;
