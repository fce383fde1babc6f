//! Keys that are suspected to hold what nobody can read in time, such as hundreds of megabytes that others wrote.
//!
//! Asking for the length first would double the cost of a hit. Instead, what was being read when a connection ran out of
//! time is deleted before the cache is used again.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// When a server hangs, whatever is being read is suspected.
const MOST: usize = 256;

#[derive(Default)]
pub(super) struct Suspects(Mutex<BTreeSet<String>>);

impl Suspects {
    pub(super) fn add(&self, keys: impl IntoIterator<Item = String>) {
        let mut suspects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(suspects.len());
        suspects.extend(keys.into_iter().take(room));
    }

    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
