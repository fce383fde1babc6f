//! An entry as an instance keeps it.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::Entry;
use super::generations::Stamp;

/// Codings of bodies beside their own (RFC 9110, section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

/// An entry, the generation of its entity that it was loaded under, and its codings, each made when first asked for.
#[derive(Debug)]
pub struct Kept {
    pub entry: Arc<Entry>,
    pub(crate) stamp: Stamp,
    /// Apart, as most are never asked for in any.
    codings: OnceLock<Box<[OnceLock<Bytes>; 3]>>,
    made: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Kept {
    pub(crate) fn new(entry: Arc<Entry>, stamp: Stamp) -> Self {
        Self {
            entry,
            stamp,
            codings: OnceLock::new(),
            made: OnceLock::new(),
        }
    }

    /// What the entry means to its reader, which is made of it once. A reader makes one type of what it reads.
    pub fn made<T: Send + Sync + 'static>(&self, make: impl Fn(&Entry) -> T) -> Arc<T> {
        let made = self.made.get_or_init(|| Arc::new(make(&self.entry)));
        Arc::clone(made)
            .downcast()
            .unwrap_or_else(|_| Arc::new(make(&self.entry)))
    }

    /// The body in a coding; `encode` is asked once, by whoever is first.
    pub fn coded(&self, coding: Coding, encode: impl FnOnce(&Bytes) -> Bytes) -> Bytes {
        let place = match coding {
            Coding::Gzip => 0,
            Coding::Brotli => 1,
            Coding::Zstd => 2,
        };
        match self.codings.get_or_init(Box::default).get(place) {
            Some(place) => place.get_or_init(|| encode(&self.entry.body)).clone(),
            None => encode(&self.entry.body),
        }
    }

    /// What it may take in memory, its codings and bookkeeping included: they are made later, and take less than the body
    /// each. JSON comes down to a fifth or less.
    pub fn weight(&self) -> u64 {
        const OVERHEAD: u64 = 250;
        let size = self.entry.size() as u64;
        OVERHEAD + size
    }
}
