//! The bytes of what is kept beside entries, and around them.
//!
//! Invariant: what was not written by these layouts, in full, is taken for absent.

use application::cache::{CacheKey, Entry, Token};
use application::changelog::LogPosition;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

const SPACE: &[u8; 4] = b"VTS1";
const STATE: &[u8; 4] = b"VTG1";
const LEASE: &[u8; 4] = b"VTL1";
const VALUE: &[u8; 4] = b"VTV1";

/// The name of everything that is kept since the last purge, or since the server has kept anything.
pub(super) fn space_bytes(space: u64) -> Bytes {
    let mut out = BytesMut::from(&SPACE[..]);
    out.put_u64(space);
    out.freeze()
}

pub(super) fn space(bytes: &Bytes) -> Option<u64> {
    let mut bytes = of_kind(bytes, *SPACE)?;
    let space = bytes.try_get_u64().ok()?;
    bytes.is_empty().then_some(space)
}

/// Releases of an entity that are remembered; one that was forgotten is done once more.
const MOST_REMEMBERED: usize = 32;

/// What is known of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Another one after every fence and release.
    pub(super) generation: u128,
    /// Up to where in each transaction it was released, the latest last. Transactions do not commit in their order.
    released: Vec<LogPosition>,
    /// Fences that were set and not released; each stands as long as its own key.
    pub(super) fences: Vec<Token>,
}

impl State {
    pub(super) fn fresh() -> Self {
        Self {
            generation: rand::random(),
            released: Vec::new(),
            fences: Vec::new(),
        }
    }

    pub(super) fn is_released(&self, at: LogPosition) -> bool {
        let covers = |known: &LogPosition| known.transaction == at.transaction && *known >= at;
        self.released.iter().any(covers)
    }

    pub(super) fn remember(&mut self, at: LogPosition) {
        if self.is_released(at) {
            return;
        }
        self.released.retain(|known| known.transaction != at.transaction);
        self.released.push(at);
        let surplus = self.released.len().saturating_sub(MOST_REMEMBERED);
        self.released.drain(..surplus);
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut out = BytesMut::from(&STATE[..]);
        out.put_u128(self.generation);
        out.put_u8(u8::try_from(self.released.len()).unwrap_or_default());
        for at in &self.released {
            out.put_i64(at.transaction);
            out.put_i64(at.position);
        }
        for fence in &self.fences {
            out.put_slice(fence.as_bytes());
        }
        out.freeze()
    }

    pub(super) fn decode(bytes: &Bytes) -> Option<Self> {
        let mut bytes = of_kind(bytes, *STATE)?;
        let generation = bytes.try_get_u128().ok()?;
        let mut released = Vec::new();
        for _ in 0..bytes.try_get_u8().ok()? {
            let transaction = bytes.try_get_i64().ok()?;
            let position = bytes.try_get_i64().ok()?;
            released.push(LogPosition {
                transaction,
                position,
            });
        }
        let (fences, rest) = bytes.as_chunks::<16>();
        rest.is_empty().then(|| Self {
            generation,
            released,
            fences: fences.iter().map(|token| Token::from_bytes(*token)).collect(),
        })
    }
}

/// Who may fill, while the entity is of this generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeaseRecord {
    pub(super) space: u64,
    pub(super) generation: u128,
    pub(super) token: Token,
}

impl LeaseRecord {
    pub(super) fn encode(self) -> Bytes {
        let mut out = BytesMut::from(&LEASE[..]);
        out.put_u64(self.space);
        out.put_u128(self.generation);
        out.put_slice(self.token.as_bytes());
        out.freeze()
    }

    pub(super) fn decode(bytes: &Bytes) -> Option<Self> {
        let mut bytes = of_kind(bytes, *LEASE)?;
        let space = bytes.try_get_u64().ok()?;
        let generation = bytes.try_get_u128().ok()?;
        let token = Token::from_slice(bytes).ok()?;
        Some(Self {
            space,
            generation,
            token,
        })
    }
}

/// An entry with the generation of its lease, and the variation, of which the key has only a digest.
pub(super) fn value_bytes(entry: &Entry, key: &CacheKey, generation: u128) -> Bytes {
    let variation = key.variation.as_str();
    let entry = entry.encode(key.schema);
    let mut out = BytesMut::with_capacity(24 + variation.len() + entry.len());
    out.put_slice(VALUE);
    out.put_u128(generation);
    out.put_u32(u32::try_from(variation.len()).unwrap_or(u32::MAX));
    out.put_slice(variation.as_bytes());
    out.put_slice(&entry);
    out.freeze()
}

/// The entry, if it is of this key and generation.
pub(super) fn value(bytes: &Bytes, key: &CacheKey, generation: u128) -> Option<Entry> {
    let mut rest = of_kind(bytes, *VALUE)?;
    if rest.try_get_u128().ok()? != generation {
        return None;
    }
    let length = usize::try_from(rest.try_get_u32().ok()?).ok()?;
    let (variation, entry) = rest.split_at_checked(length)?;
    if variation != key.variation.as_str().as_bytes() {
        return None;
    }
    Entry::decode(&bytes.slice_ref(entry), key.schema)
}

fn of_kind(bytes: &Bytes, kind: [u8; 4]) -> Option<&[u8]> {
    bytes.strip_prefix(&kind)
}

#[cfg(test)]
mod tests {
    use application::cache::{Kind, Schema, Scope};
    use uuid::Uuid;

    use super::*;

    fn key(variation: &str) -> CacheKey {
        CacheKey::varied(Scope::Shelf, Schema::new("t1"), variation)
    }

    fn entry() -> Entry {
        Entry {
            kind: Kind::Value,
            epoch: 1,
            version: 2,
            made: 3,
            fresh_until: 4,
            true_until: None,
            load_cost: 5,
            etag: "\"2\"".to_owned(),
            facts: Bytes::new(),
            body: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn records_come_back_and_parts_of_them_do_not() {
        let at = |transaction, position| LogPosition {
            transaction,
            position,
        };
        let mut state = State::fresh();
        for step in 0..4 {
            let bytes = state.encode();
            assert_eq!(State::decode(&bytes), Some(state.clone()));
            assert_eq!(State::decode(&bytes.slice(..bytes.len() - 1)), None);
            assert_eq!(State::decode(&bytes.slice(..20)), None);
            state.remember(at(-step, 7));
            state.fences.push(Uuid::from_u128(9));
        }
        assert!(state.is_released(at(-1, 7)) && state.is_released(at(0, 6)));
        assert!(!state.is_released(at(0, 8)) && !state.is_released(at(1, 1)));
        (0..100).for_each(|n| state.remember(at(n, 1)));
        assert_eq!(state.released.len(), MOST_REMEMBERED);
        assert!(state.is_released(at(99, 1)) && !state.is_released(at(50, 1)));
        let lease = LeaseRecord {
            space: 1,
            generation: 2,
            token: Uuid::from_u128(3),
        };
        let bytes = lease.encode();
        assert_eq!(LeaseRecord::decode(&bytes), Some(lease));
        assert_eq!(LeaseRecord::decode(&bytes.slice(..bytes.len() - 1)), None);
        assert_eq!(State::decode(&bytes), None);
        assert_eq!(space(&space_bytes(5)), Some(5));
        assert_eq!(space(&Bytes::from_static(b"VTS1")), None);
        assert_eq!(space(&Bytes::from_static(b"VTS1123456789")), None);
    }

    #[test]
    fn a_value_is_of_one_generation_and_one_variation() {
        for variation in ["", "de EUR"] {
            let bytes = value_bytes(&entry(), &key(variation), 7);
            assert_eq!(value(&bytes, &key(variation), 7), Some(entry()));
            assert_eq!(value(&bytes, &key(variation), 8), None);
            assert_eq!(value(&bytes, &key("another"), 7), None);
            for end in 0..bytes.len() {
                assert_eq!(value(&bytes.slice(..end), &key(variation), 7), None, "{end}");
            }
        }
    }
}
