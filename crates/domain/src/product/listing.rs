//! Where and when a product is on sale.

use std::collections::BTreeSet;

use crate::value::ValueError;
use crate::{ChannelId, Timestamp};

/// One channel in which a product is on sale, from an instant on and until another one, where there are such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    channel: ChannelId,
    publish_at: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
}

impl Listing {
    /// The sale must begin before it ends.
    pub fn new(
        channel: ChannelId,
        publish_at: Option<Timestamp>,
        unpublish_at: Option<Timestamp>,
    ) -> Result<Self, ValueError> {
        match (publish_at, unpublish_at) {
            (Some(from), Some(until)) if from >= until => Err(ValueError::OutOfRange {
                expected: "after publishAt",
            }),
            _ => Ok(Self {
                channel,
                publish_at,
                unpublish_at,
            }),
        }
    }

    pub const fn channel(&self) -> ChannelId {
        self.channel
    }

    /// Inclusive.
    pub const fn publish_at(&self) -> Option<Timestamp> {
        self.publish_at
    }

    /// Exclusive.
    pub const fn unpublish_at(&self) -> Option<Timestamp> {
        self.unpublish_at
    }

    /// The places in a list at which a channel stands that stood before.
    pub fn repeated(listings: &[Self]) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let again = listings.iter().enumerate().filter(|(_, l)| !seen.insert(l.channel));
        again.map(|(place, _)| place).collect()
    }
}
