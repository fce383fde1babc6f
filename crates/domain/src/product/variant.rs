//! A variant: the thing that is sold, with its own version, so that writing one never touches its siblings.
//!
//! Invariant: it has a value for every option axis of its product and for no other.

use std::collections::BTreeMap;

use super::Axis;
use crate::change::Tracked;
use crate::product_type::Attributes;
use crate::value::{Dimensions, Gtin, Key, Media, Metadata, Prices, Sku, Text, Weight};
use crate::{Change, Event, ProductId, Record, Recorded, RuleError, Timestamp, VariantId};

/// Axis to value, such as `colour` to `Blue`.
pub type Options = BTreeMap<Axis, Text<255>>;

/// Everything about a variant that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantContent {
    pub key: Option<Key>,
    pub sku: Sku,
    pub gtin: Option<Gtin>,
    pub mpn: Option<Text<70>>,
    pub options: Options,
    pub prices: Prices,
    pub media: Vec<Media>,
    pub weight: Option<Weight>,
    pub dimensions: Option<Dimensions>,
    pub position: u32,
    pub attributes: Attributes,
    pub metadata: Metadata,
}

/// How a variant's options disagree with its product's axes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionFault {
    Missing(Axis),
    Unknown(Axis),
}

impl VariantContent {
    /// The most variants that one product has.
    pub const MAX_PER_PRODUCT: usize = 2000;

    /// What a variant says at the least.
    pub fn new(sku: Sku, options: Options, position: u32) -> Self {
        Self {
            key: None,
            sku,
            gtin: None,
            mpn: None,
            options,
            attributes: Attributes::default(),
            prices: Prices::default(),
            media: Vec::new(),
            weight: None,
            dimensions: None,
            position,
            metadata: Metadata::default(),
        }
    }

    /// Every disagreement between the options and `axes`; empty when they fit.
    pub fn option_faults(&self, axes: &[Axis]) -> Vec<OptionFault> {
        let missing = axes
            .iter()
            .filter(|a| !self.options.contains_key(*a))
            .cloned()
            .map(OptionFault::Missing);
        let unknown = self
            .options
            .keys()
            .filter(|a| !axes.contains(a))
            .cloned()
            .map(OptionFault::Unknown);
        missing.chain(unknown).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantState {
    pub id: VariantId,
    pub product: ProductId,
    pub record: Record,
    pub content: VariantContent,
}

impl Recorded for VariantState {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct Variant(Tracked<VariantState>);

impl Variant {
    pub fn create(id: VariantId, product: ProductId, content: VariantContent, now: Timestamp) -> Self {
        Self(Tracked::created(VariantState {
            id,
            product,
            record: Record::new(now),
            content,
        }))
    }

    pub fn load(state: VariantState) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &VariantState {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<VariantState>> {
        self.0.into_change()
    }

    /// Replaces the content; equal content is no change.
    pub fn revise(&mut self, content: VariantContent, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |v| v.content = content);
        }
        Ok(())
    }

    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        self.0.edit(Event::Deleted, now, |v| {
            v.record.deleted_at = Some(v.record.updated_at);
        });
        Ok(())
    }

    pub fn restore(&mut self, now: Timestamp) -> Result<(), RuleError> {
        if self.state().record.deleted_at.is_none() {
            return Err(RuleError::NothingToRestore("variant"));
        }
        self.0.edit(Event::Restored, now, |v| v.record.deleted_at = None);
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted("variant")),
        }
    }
}
