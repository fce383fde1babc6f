//! The bytes of a cache entry: a header of 52 bytes, the `ETag`, the body. Integers are big-endian.
//!
//! | at | bytes | what                                                    |
//! |---:|------:|---------------------------------------------------------|
//! |  0 |     4 | magic `VTN1`: whose it is and which layout              |
//! |  4 |     1 | kind: 1 value, 2 negative, 3 floor                      |
//! |  5 |     1 | flags, 0                                                |
//! |  6 |     2 | schema tag                                              |
//! |  8 |     8 | version: the revision the body was made from            |
//! | 16 |     8 | epoch: the life of the cache server it was filled in    |
//! | 24 |     8 | filled, in Unix milliseconds                            |
//! | 32 |     8 | fresh until, in Unix milliseconds                       |
//! | 40 |     4 | load cost in microseconds                               |
//! | 44 |     4 | length of the `ETag`                                    |
//! | 48 |     4 | length of the body                                      |
//!
//! Invariant: what was not written by this layout, in full, is not read. It is a miss and never an error, so that
//! instances of different releases can share a cache. The scripts on the cache server read the same offsets.
//!
//! The times are for people and for early refresh; whether an entry lives is decided by the cache server's own clock.

use bytes::{BufMut, Bytes, BytesMut};

use super::Representation;

pub const HEADER_LEN: usize = 52;
const MAGIC: [u8; 4] = *b"VTN1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is a body.
    Value,
    /// It is known that there is nothing to show.
    Negative,
    /// Nothing is known but that older versions must not be stored.
    Floor,
}

impl Kind {
    pub const fn byte(self) -> u8 {
        match self {
            Self::Value => 1,
            Self::Negative => 2,
            Self::Floor => 3,
        }
    }

    const fn parse(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Value),
            2 => Some(Self::Negative),
            3 => Some(Self::Floor),
            _ => None,
        }
    }
}

/// A cache entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub version: i64,
    pub epoch: u64,
    pub filled: u64,
    pub fresh_until: u64,
    pub load_cost: u32,
    /// Empty unless a value.
    pub etag: String,
    /// Empty unless a value.
    pub body: Bytes,
}

impl Entry {
    /// An entry that says only that what is older than `version` must not be stored.
    pub const fn floor(version: i64, epoch: u64) -> Self {
        Self {
            kind: Kind::Floor,
            version,
            epoch,
            filled: 0,
            fresh_until: 0,
            load_cost: 0,
            etag: String::new(),
            body: Bytes::new(),
        }
    }

    /// Whether it answers a read.
    pub const fn is_usable(&self) -> bool {
        matches!(self.kind, Kind::Value | Kind::Negative)
    }

    pub fn encode(&self, representation: Representation) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER_LEN + self.etag.len() + self.body.len());
        out.put_slice(&MAGIC);
        out.put_u8(self.kind.byte());
        out.put_u8(0);
        out.put_slice(representation.tag().as_bytes());
        out.put_slice(&version_bytes(self.version));
        out.put_u64(self.epoch);
        out.put_u64(self.filled);
        out.put_u64(self.fresh_until);
        out.put_u32(self.load_cost);
        out.put_u32(u32::try_from(self.etag.len()).unwrap_or(u32::MAX));
        out.put_u32(u32::try_from(self.body.len()).unwrap_or(u32::MAX));
        out.put_slice(self.etag.as_bytes());
        out.put_slice(&self.body);
        out.freeze()
    }

    /// The entry in these bytes, or `None` when they are cut off, foreign, of another layout or of another schema.
    /// The body shares the bytes' memory.
    pub fn decode(bytes: &Bytes, representation: Representation) -> Option<Self> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk()?;
        if field::<4>(header, 0)? != MAGIC || field::<2>(header, 6)? != representation.tag().as_bytes() {
            return None;
        }
        let [kind, flags] = field(header, 4)?;
        if flags != 0 {
            return None;
        }
        let etag_len = usize::try_from(u32::from_be_bytes(field(header, 44)?)).ok()?;
        let body_len = usize::try_from(u32::from_be_bytes(field(header, 48)?)).ok()?;
        let body_at = HEADER_LEN.checked_add(etag_len)?;
        if bytes.len() != body_at.checked_add(body_len)? {
            return None;
        }
        Some(Self {
            kind: Kind::parse(kind)?,
            version: i64::from_be_bytes(field(header, 8)?),
            epoch: u64::from_be_bytes(field(header, 16)?),
            filled: u64::from_be_bytes(field(header, 24)?),
            fresh_until: u64::from_be_bytes(field(header, 32)?),
            load_cost: u32::from_be_bytes(field(header, 40)?),
            etag: std::str::from_utf8(bytes.get(HEADER_LEN..body_at)?)
                .ok()?
                .to_owned(),
            body: bytes.slice(body_at..),
        })
    }
}

/// A version as entries carry it. Versions are never negative, so that their bytes sort as they do.
pub fn version_bytes(version: i64) -> [u8; 8] {
    version.max(0).to_be_bytes()
}

fn field<const N: usize>(header: &[u8; HEADER_LEN], at: usize) -> Option<[u8; N]> {
    header.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests may panic")]

    use super::*;

    fn value() -> Entry {
        Entry {
            kind: Kind::Value,
            version: 0x0102_0304,
            epoch: 0xa1a2_a3a4_a5a6_a7a8,
            filled: 1_700_000_000_000,
            fresh_until: 1_700_000_600_000,
            load_cost: 1500,
            etag: "\"7-m2\"".into(),
            body: Bytes::from_static(b"{\"id\":1}"),
        }
    }

    /// Entries written today must be readable by every later release of this layout.
    const GOLDEN: &[u8] = b"VTN1\x01\x00m2\
        \x00\x00\x00\x00\x01\x02\x03\x04\
        \xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\
        \x00\x00\x01\x8b\xcf\xe5\x68\x00\
        \x00\x00\x01\x8b\xcf\xee\x8f\xc0\
        \x00\x00\x05\xdc\x00\x00\x00\x06\x00\x00\x00\x08\
        \"7-m2\"{\"id\":1}";

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(value().encode(Representation::Management), GOLDEN);
        assert_eq!(
            Entry::decode(&Bytes::from_static(GOLDEN), Representation::Management),
            Some(value())
        );
    }

    #[test]
    fn cut_off_entries_are_misses() {
        for len in 0..GOLDEN.len() {
            assert_eq!(
                Entry::decode(&Bytes::from_static(&GOLDEN[..len]), Representation::Management),
                None,
                "{len}"
            );
        }
    }

    #[test]
    fn foreign_and_future_entries_are_misses() {
        let altered = |at: usize, byte: u8| {
            let mut bytes = GOLDEN.to_vec();
            bytes[at] = byte;
            Entry::decode(&Bytes::from(bytes), Representation::Management)
        };
        assert_eq!(altered(0, b'X'), None, "another magic");
        assert_eq!(altered(3, b'2'), None, "a later layout");
        assert_eq!(altered(4, 9), None, "an unknown kind");
        assert_eq!(altered(5, 1), None, "an unknown flag");
        assert_eq!(altered(7, b'3'), None, "another schema");
        assert_eq!(altered(44, 0xff), None, "a length beyond the end");
        assert_eq!(altered(52, 0xff), None, "a tag that is not text");
        assert_eq!(
            Entry::decode(&Bytes::from_static(GOLDEN), Representation::Expanded),
            None
        );
        assert_eq!(
            Entry::decode(&Bytes::from([GOLDEN, b"!"].concat()), Representation::Management),
            None
        );
    }

    #[test]
    fn floors_have_no_body() {
        let floor = Entry::floor(7, 3);
        let bytes = floor.encode(Representation::Expanded);
        assert_eq!(bytes.len(), HEADER_LEN);
        assert_eq!(Entry::decode(&bytes, Representation::Expanded), Some(floor));
    }
}
