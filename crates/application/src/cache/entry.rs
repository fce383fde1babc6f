//! The bytes of a cache entry: a header of 64 bytes, the `ETag`, the facts, the body. Integers are big-endian.
//!
//! | at | bytes | what                                                         |
//! |---:|------:|--------------------------------------------------------------|
//! |  0 |     4 | magic `VTN2`: whose it is and which layout                   |
//! |  4 |     1 | kind: 1 value, 2 negative                                    |
//! |  5 |     1 | flags, 0                                                     |
//! |  6 |     2 | schema tag                                                   |
//! |  8 |     8 | epoch: the life of the cache server it was filled in         |
//! | 16 |     8 | version: of the resource, where it has one; for people       |
//! | 24 |     8 | made, in Unix milliseconds: when it began to be loaded       |
//! | 32 |     8 | fresh until, in Unix milliseconds                            |
//! | 40 |     8 | true until, in Unix milliseconds; all ones without an end    |
//! | 48 |     4 | load cost in microseconds                                    |
//! | 52 |     4 | length of the `ETag`                                         |
//! | 56 |     4 | length of the facts                                          |
//! | 60 |     4 | length of the body                                           |
//!
//! Invariant: what was not written by this layout, in full, is not read. It is a miss and never an error, so that
//! instances of different releases can share a cache.

use bytes::{BufMut, Bytes, BytesMut};
use domain::Timestamp;

use super::Schema;

pub const HEADER_LEN: usize = 64;
const MAGIC: [u8; 4] = *b"VTN2";
const NO_END: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is a body.
    Value,
    /// It is known that there is nothing to show.
    Negative,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Value => 1,
            Self::Negative => 2,
        }
    }

    const fn parse(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Value),
            2 => Some(Self::Negative),
            _ => None,
        }
    }
}

/// A cache entry. Times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// The life of the cache server in which the lease was given that it was filled under.
    pub epoch: u64,
    pub version: i64,
    /// When it began to be loaded.
    pub made: u64,
    /// Until when it is answered without another look.
    pub fresh_until: u64,
    /// From when on the answer is another one whatever is written: a listing or price begins or ends.
    pub true_until: Option<u64>,
    /// What the load took, in microseconds.
    pub load_cost: u32,
    /// Empty unless a value.
    pub etag: String,
    /// What handlers need to know beside the body; theirs to read.
    pub facts: Bytes,
    /// Empty unless a value.
    pub body: Bytes,
}

/// What clocks of instances may differ by before one does not take what another made.
const CLOCKS_MAY_DIFFER: u64 = 1000;

/// How an entry stands to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    Fresh,
    /// To be loaded anew; still true as far as the clock goes.
    Expired,
    /// Of another time: true no more, or not yet.
    Untrue,
}

impl Entry {
    pub fn age(&self, now: Timestamp) -> Age {
        let now = millis(now);
        if self.true_until.is_some_and(|end| now >= end) || now + CLOCKS_MAY_DIFFER < self.made {
            Age::Untrue
        } else if now < self.fresh_until {
            Age::Fresh
        } else {
            Age::Expired
        }
    }

    /// Bytes that it keeps.
    pub fn size(&self) -> usize {
        self.etag.len() + self.facts.len() + self.body.len()
    }

    pub fn encode(&self, schema: Schema) -> Bytes {
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut out = BytesMut::with_capacity(HEADER_LEN + self.size());
        out.put_slice(&MAGIC);
        out.put_u8(self.kind.byte());
        out.put_u8(0);
        out.put_slice(schema.tag().as_bytes());
        out.put_u64(self.epoch);
        out.put_i64(self.version);
        out.put_u64(self.made);
        out.put_u64(self.fresh_until);
        out.put_u64(self.true_until.unwrap_or(NO_END));
        out.put_u32(self.load_cost);
        out.put_u32(length(self.etag.len()));
        out.put_u32(length(self.facts.len()));
        out.put_u32(length(self.body.len()));
        out.put_slice(self.etag.as_bytes());
        out.put_slice(&self.facts);
        out.put_slice(&self.body);
        out.freeze()
    }

    /// The entry in these bytes, or `None` when they are cut off, foreign, of another layout or of another schema.
    /// Facts and body share the bytes' memory.
    pub fn decode(bytes: &Bytes, schema: Schema) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        if field::<4>(header, 0)? != MAGIC || field::<2>(header, 6)? != schema.tag().as_bytes() {
            return None;
        }
        let [kind, flags] = field(header, 4)?;
        if flags != 0 {
            return None;
        }
        let length = |at| usize::try_from(u32::from_be_bytes(field(header, at)?)).ok();
        let facts_at = HEADER_LEN.checked_add(length(52)?)?;
        let body_at = facts_at.checked_add(length(56)?)?;
        if bytes.len() != body_at.checked_add(length(60)?)? {
            return None;
        }
        let true_until = u64::from_be_bytes(field(header, 40)?);
        Some(Self {
            kind: Kind::parse(kind)?,
            epoch: u64::from_be_bytes(field(header, 8)?),
            version: i64::from_be_bytes(field(header, 16)?),
            made: u64::from_be_bytes(field(header, 24)?),
            fresh_until: u64::from_be_bytes(field(header, 32)?),
            true_until: (true_until != NO_END).then_some(true_until),
            load_cost: u32::from_be_bytes(field(header, 48)?),
            etag: std::str::from_utf8(bytes.get(HEADER_LEN..facts_at)?)
                .ok()?
                .to_owned(),
            facts: bytes.slice(facts_at..body_at),
            body: bytes.slice(body_at..),
        })
    }
}

pub(crate) fn millis(time: Timestamp) -> u64 {
    u64::try_from(time.timestamp_millis()).unwrap_or_default()
}

fn field<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> Option<[u8; N]> {
    header.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests may panic")]

    use chrono::{DateTime, TimeDelta};

    use super::*;

    const SCHEMA: Schema = Schema::new("m3");

    fn value() -> Entry {
        Entry {
            kind: Kind::Value,
            epoch: 0xa1a2_a3a4_a5a6_a7a8,
            version: 0x0102_0304,
            made: 1_700_000_000_000,
            fresh_until: 1_700_000_600_000,
            true_until: Some(1_700_000_700_000),
            load_cost: 1500,
            etag: "\"7-m3\"".into(),
            facts: Bytes::from_static(b"{}"),
            body: Bytes::from_static(b"{\"id\":1}"),
        }
    }

    /// Entries written today must be readable by every later release of this layout.
    const GOLDEN: &[u8] = b"VTN2\x01\x00m3\
        \xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\
        \x00\x00\x00\x00\x01\x02\x03\x04\
        \x00\x00\x01\x8b\xcf\xe5\x68\x00\
        \x00\x00\x01\x8b\xcf\xee\x8f\xc0\
        \x00\x00\x01\x8b\xcf\xf0\x16\x60\
        \x00\x00\x05\xdc\x00\x00\x00\x06\x00\x00\x00\x02\x00\x00\x00\x08\
        \"7-m3\"{}{\"id\":1}";

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(value().encode(SCHEMA), GOLDEN);
        assert_eq!(Entry::decode(&Bytes::from_static(GOLDEN), SCHEMA), Some(value()));
        let endless = Entry {
            true_until: None,
            ..value()
        };
        assert_eq!(Entry::decode(&endless.encode(SCHEMA), SCHEMA), Some(endless));
    }

    #[test]
    fn what_is_not_of_this_layout_in_full_is_a_miss() {
        for len in 0..GOLDEN.len() {
            assert_eq!(
                Entry::decode(&Bytes::from_static(&GOLDEN[..len]), SCHEMA),
                None,
                "{len}"
            );
        }
        let with = |at: usize, byte: u8| {
            let mut bytes = GOLDEN.to_vec();
            bytes[at] = byte;
            Entry::decode(&bytes.into(), SCHEMA)
        };
        // Foreign, of an older or later layout, of an unknown kind, with unknown flags, of another schema, not UTF-8.
        for (at, byte) in [
            (0, b'X'),
            (3, b'1'),
            (3, b'3'),
            (4, 3),
            (5, 1),
            (7, b'2'),
            (64, 0xff),
        ] {
            assert_eq!(with(at, byte), None, "{at}");
        }
        // Lengths beyond all memory.
        for at in [52, 56, 60] {
            assert_eq!(with(at, 0xff), None, "{at}");
        }
        let longer = [GOLDEN, b"x"].concat();
        assert_eq!(Entry::decode(&longer.into(), SCHEMA), None);
    }

    #[test]
    fn an_entry_ends_to_the_millisecond_and_is_not_taken_from_the_future() {
        let at = |millis: i64| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_700_000_000_000 + millis);
        assert_eq!(value().age(at(0)), Age::Fresh);
        assert_eq!(value().age(at(599_999)), Age::Fresh);
        assert_eq!(value().age(at(600_000)), Age::Expired);
        assert_eq!(value().age(at(699_999)), Age::Expired);
        assert_eq!(value().age(at(700_000)), Age::Untrue);
        assert_eq!(value().age(at(-1000)), Age::Fresh);
        assert_eq!(value().age(at(-1001)), Age::Untrue);
    }
}
