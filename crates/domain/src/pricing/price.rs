//! A price: what a variant costs in one list and currency, from a quantity on, for a time. It has a version of its
//! own, so that pricing never touches the variant.
//!
//! Invariant: a price stays in its list and with its variant. That prices of one list, variant, currency and quantity
//! never overlap in time is a rule over many; the store holds it.

use super::Validity;
use crate::change::Tracked;
use crate::value::{self, ValueError};
use crate::{
    Change, Event, PriceId, PriceListId, ProductId, Record, Recorded, RuleError, Timestamp, VariantId,
};

/// How many pieces are bought at once, 1 to 1,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

impl Quantity {
    pub const ONE: Self = Self(1);
    const MAX: u32 = 1_000_000_000;

    pub fn new(quantity: u64) -> Result<Self, ValueError> {
        u32::try_from(quantity)
            .ok()
            .filter(|quantity| (1..=Self::MAX).contains(quantity))
            .map(Self)
            .ok_or(ValueError::OutOfRange {
                expected: "from 1 to 1,000,000,000",
            })
    }

    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Everything about a price that its editors decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceContent {
    pub price: value::Price,
    /// The least quantity that it holds for.
    pub min_quantity: Quantity,
    pub validity: Validity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceState {
    pub id: PriceId,
    pub list: PriceListId,
    pub variant: VariantId,
    /// The product of the variant.
    pub product: ProductId,
    pub record: Record,
    pub content: PriceContent,
}

impl PriceState {
    /// Whether two prices exclude each other: the same thing at the same time at two amounts.
    pub fn excludes(&self, other: &Self) -> bool {
        let rivals = |a: &Self| {
            let PriceContent {
                price, min_quantity, ..
            } = a.content;
            (a.list, a.variant, price.amount().currency(), min_quantity)
        };
        let lives = |a: &Self| a.record.deleted_at.is_none();
        self.id != other.id
            && lives(self)
            && lives(other)
            && rivals(self) == rivals(other)
            && self.content.validity.overlaps(other.content.validity)
    }
}

impl Recorded for PriceState {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct Price(Tracked<PriceState>);

impl Price {
    pub fn create(
        id: PriceId,
        list: PriceListId,
        (variant, product): (VariantId, ProductId),
        content: PriceContent,
        now: Timestamp,
    ) -> Self {
        Self(Tracked::created(PriceState {
            id,
            list,
            variant,
            product,
            record: Record::new(now),
            content,
        }))
    }

    pub fn load(state: PriceState) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &PriceState {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<PriceState>> {
        self.0.into_change()
    }

    /// Replaces the content; equal content is no change.
    pub fn revise(&mut self, content: PriceContent, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content != content {
            self.0.edit(Event::Updated, now, |p| p.content = content);
        }
        Ok(())
    }

    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        self.0.edit(Event::Deleted, now, |p| {
            p.record.deleted_at = Some(p.record.updated_at);
        });
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted("price")),
        }
    }
}
