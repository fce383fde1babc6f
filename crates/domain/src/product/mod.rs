//! A product: what it says, which option axes its variants have, and where it stands between draft and archive.
//!
//! It has two copies: the working copy, which every edit changes, and while it is published the published copy, which
//! only publishing changes.
//!
//! Invariant: lifecycle moves only along [`ProductStatus`]'s arrows, and nothing happens to a deleted product but
//! its restoration.

mod listing;
mod relation;
mod sku_template;
mod status;
mod variant;

use std::collections::BTreeSet;

use crate::change::Tracked;
use crate::product_type::Attributes;
use crate::value::{Key, Localized, LocalizedSlug, Media, Metadata, Text, ValueError};
use crate::{CategoryId, Change, Event, ProductId, ProductTypeId, Record, Recorded, RuleError, Timestamp};

pub use listing::{Listing, Window};
pub use relation::{Relation, RelationKind};
pub use sku_template::SkuTemplate;
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
    /// Where and when the product is on sale once published; empty means everywhere and always.
    pub channels: Vec<Listing>,
    pub relations: Vec<Relation>,
}

impl ProductContent {
    pub const MAX_TAGS: usize = 250;
    pub const MAX_CATEGORIES: usize = 200;
    pub const MAX_AXES: usize = 10;
    pub const MAX_CHANNELS: usize = 200;
    pub const MAX_RELATIONS: usize = 500;
}

/// What a published product holds back from shoppers until it is published again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staged {
    /// What the published copy says, where that is something else than the working copy.
    pub live: Option<Box<ProductContent>>,
    /// Whether a variant says something else than its published copy, or has none.
    pub variants: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductState {
    pub id: ProductId,
    pub record: Record,
    pub status: ProductStatus,
    pub published_at: Option<Timestamp>,
    /// The working copy.
    pub content: ProductContent,
    /// Nothing unless the product is published.
    pub staged: Staged,
}

impl ProductState {
    fn say(&mut self, content: ProductContent) {
        let said = std::mem::replace(&mut self.content, content);
        if self.status == ProductStatus::Published {
            let live = self.staged.live.take().unwrap_or_else(|| Box::new(said));
            self.staged.live = (*live != self.content).then_some(live);
        }
    }

    fn go_live(&mut self) {
        self.status = ProductStatus::Published;
        self.published_at = Some(self.record.updated_at);
        self.staged = Staged::default();
    }

    /// Whether the working copy, or that of a variant, differs from what is live; while nothing is live it does.
    pub fn has_unpublished_changes(&self) -> bool {
        self.status != ProductStatus::Published || self.staged != Staged::default()
    }
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
            staged: Staged::default(),
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

    /// Replaces the working copy; equal content is no change.
    pub fn revise(&mut self, content: ProductContent, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |p| p.say(content));
        }
        Ok(())
    }

    /// Notes that variants are edited in the same unit of work, so that publishing has something to do.
    pub fn stage_variants(&mut self) {
        self.0
            .note(|p| p.staged.variants |= p.status == ProductStatus::Published);
    }

    /// Makes the working copy what shoppers see. Where they see it already that is no change.
    pub fn publish(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().status == ProductStatus::Published && self.state().has_unpublished_changes() {
            self.alive()?;
            self.0.edit(Event::Published, now, ProductState::go_live);
            return Ok(());
        }
        self.advance(ProductStatus::Published, Event::Published, now)
    }

    /// Makes the published copy the working copy again. The variants are reset by their own changes.
    pub fn discard_draft(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().status != ProductStatus::Published {
            return Err(RuleError::NothingPublished);
        }
        if self.state().has_unpublished_changes() {
            self.0.edit(Event::Discarded, now, |p| {
                if let Some(live) = std::mem::take(&mut p.staged).live {
                    p.content = *live;
                }
            });
        }
        Ok(())
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

    /// Marks the product, be it deleted already, as one of which nothing is to be kept.
    pub fn erase(&mut self, now: Timestamp) {
        self.0.edit(Event::Erased, now, |p| {
            p.record.deleted_at.get_or_insert(p.record.updated_at);
        });
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
        self.0.edit(event, now, |p| match to {
            ProductStatus::Published => p.go_live(),
            ProductStatus::Draft | ProductStatus::Archived => {
                p.status = to;
                p.staged = Staged::default();
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
