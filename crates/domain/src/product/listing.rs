//! Where and when a product is on sale.

use crate::value::ValueError;
use crate::{ChannelId, Timestamp};

/// From an instant on and until another one, where there are such; it begins before it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    publish_at: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
}

impl Window {
    pub fn new(publish_at: Option<Timestamp>, unpublish_at: Option<Timestamp>) -> Result<Self, ValueError> {
        match (publish_at, unpublish_at) {
            (Some(from), Some(until)) if from >= until => Err(ValueError::OutOfRange {
                expected: "after publishAt",
            }),
            _ => Ok(Self {
                publish_at,
                unpublish_at,
            }),
        }
    }

    /// Inclusive.
    pub const fn publish_at(&self) -> Option<Timestamp> {
        self.publish_at
    }

    /// Exclusive.
    pub const fn unpublish_at(&self) -> Option<Timestamp> {
        self.unpublish_at
    }
}

/// One channel in which a product is on sale, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    pub channel: ChannelId,
    pub window: Window,
}
