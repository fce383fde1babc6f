//! A segment of the index with what was decoded of it. Segments never change, except that documents are marked as deleted:
//! what is decoded lives as long as the segment, and is shared by the states of the index that it is part of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use application::search::{Column as Asked, Level};
use domain::{ChannelId, Timestamp};
use tantivy::SegmentReader;
use uuid::Uuid;

use super::bits::Bits;
use super::columns::Column;
use super::decode;
use super::listing::Listings;
use super::prices::{PriceContext, Prices};
use super::schema::Group;

type Key = (Group, String, bool);
type Slot = Arc<OnceLock<Arc<Column>>>;

pub(super) struct Decoded {
    reader: SegmentReader,
    /// By document.
    ids: Vec<u128>,
    /// The first variant of each document, and the end of the last one's.
    firsts: Vec<u32>,
    columns: Mutex<HashMap<Key, Slot>>,
    listings: OnceLock<Listings>,
    prices: Prices,
}

#[derive(Clone)]
pub(super) struct Segment {
    pub(super) reader: SegmentReader,
    decoded: Arc<Decoded>,
    /// `None` when none is deleted.
    alive: Option<Arc<Bits>>,
    /// Variants of documents that are not deleted.
    pub(super) variants: u64,
}

impl Segment {
    /// With what an earlier state of the index has decoded of the same segment.
    pub(super) fn open(reader: &SegmentReader, earlier: Option<&Self>) -> tantivy::Result<Self> {
        let decoded = match earlier {
            Some(earlier) if earlier.reader.delete_opstamp() == reader.delete_opstamp() => {
                return Ok(earlier.clone());
            }
            Some(earlier) => Arc::clone(&earlier.decoded),
            None => Arc::new(Decoded::open(reader)?),
        };
        let alive = reader.alive_bitset().map(|alive| {
            let mut bits = Bits::none(reader.max_doc());
            for doc in alive.iter_alive() {
                bits.insert(doc);
            }
            Arc::new(bits)
        });
        let variants = match &alive {
            None => decoded.firsts.last().copied().map_or(0, u64::from),
            Some(alive) => alive
                .iter()
                .map(|doc| u64::try_from(decoded.rows(doc).len()).unwrap_or_default())
                .sum(),
        };
        Ok(Self {
            reader: reader.clone(),
            decoded,
            alive,
            variants,
        })
    }

    pub(super) fn docs(&self) -> u32 {
        self.reader.max_doc()
    }

    pub(super) fn id(&self, doc: u32) -> u128 {
        self.decoded.ids.get(doc as usize).copied().unwrap_or_default()
    }

    /// The variants of a document.
    pub(super) fn rows(&self, doc: u32) -> std::ops::Range<u32> {
        self.decoded.rows(doc)
    }

    pub(super) fn firsts(&self) -> &[u32] {
        &self.decoded.firsts
    }

    pub(super) fn variant(&self, doc: u32, row: u32) -> tantivy::Result<Option<Uuid>> {
        let fields = self.reader.fast_fields();
        let place = (row - self.rows(doc).start) as usize;
        let half = |name: &str| -> tantivy::Result<Option<u64>> {
            Ok(fields.u64(name)?.values_for_doc(doc).nth(place))
        };
        let halves = half("variant_high")?.zip(half("variant_low")?);
        Ok(halves.map(|(high, low)| Uuid::from_u64_pair(high, low)))
    }

    pub(super) fn column(
        &self,
        asked: &Asked,
        prices: Option<&PriceContext>,
    ) -> tantivy::Result<Arc<Column>> {
        match asked {
            Asked::Price => match prices {
                Some(context) => self.decoded.prices.column(&self.reader, self.firsts(), context),
                None => Ok(Arc::new(Column::empty())),
            },
            Asked::Stored {
                name,
                level: Level::Product,
                is_number,
            } => self.decoded.column((Group::Product, name.clone(), *is_number)),
            Asked::Stored {
                name,
                level: Level::Variant,
                is_number,
            } => self.decoded.column((Group::Variant, name.clone(), *is_number)),
        }
    }

    pub(super) fn sort_texts(&self, name: &str) -> tantivy::Result<Arc<Column>> {
        self.decoded.column((Group::Sort, name.to_owned(), false))
    }

    /// The documents that are not deleted, and on sale.
    pub(super) fn visible(&self, visit: Option<(ChannelId, Timestamp)>) -> tantivy::Result<Bits> {
        let mut visible = match visit {
            None => Bits::all(self.docs()),
            Some((channel, at)) => self.decoded.listings()?.visible(channel, at),
        };
        if let Some(alive) = &self.alive {
            visible.intersect(alive);
        }
        Ok(visible)
    }

    /// Decodes what was decoded of others, so that nobody who searches has to wait for it.
    pub(super) fn prepare(&self, others: &[Self]) -> tantivy::Result<()> {
        for other in others {
            let keys: Vec<Key> = other.decoded.lock().keys().cloned().collect();
            for key in keys {
                self.decoded.column(key)?;
            }
            if other.decoded.listings.get().is_some() {
                self.decoded.listings()?;
            }
            for context in other.decoded.prices.contexts() {
                self.decoded
                    .prices
                    .column(&self.reader, self.firsts(), &context)?;
            }
        }
        Ok(())
    }
}

impl Decoded {
    fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let fields = reader.fast_fields();
        let (high, low) = (fields.u64("id_high")?, fields.u64("id_low")?);
        let id = |doc| {
            let half = |column: &tantivy::columnar::Column| u128::from(column.first(doc).unwrap_or_default());
            (half(&high) << 64) | half(&low)
        };
        let variants = fields.column_opt::<u64>("variant_high")?;
        let mut firsts = Vec::with_capacity(reader.max_doc() as usize + 1);
        let mut end = 0;
        firsts.push(end);
        for doc in 0..reader.max_doc() {
            if let Some(variants) = &variants {
                let range = variants.index.value_row_ids(doc);
                end += range.end - range.start;
            }
            firsts.push(end);
        }
        Ok(Self {
            ids: (0..reader.max_doc()).map(id).collect(),
            firsts,
            columns: Mutex::default(),
            listings: OnceLock::new(),
            prices: Prices::default(),
            reader: reader.clone(),
        })
    }

    fn rows(&self, doc: u32) -> std::ops::Range<u32> {
        let at = doc as usize;
        let range = self.firsts.get(at).zip(self.firsts.get(at + 1));
        range.map_or(0..0, |(from, until)| *from..*until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Slot>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn column(&self, key: Key) -> tantivy::Result<Arc<Column>> {
        if let Some(column) = self.lock().get(&key).and_then(|slot| slot.get()) {
            return Ok(Arc::clone(column));
        }
        let firsts = (key.0 == Group::Variant).then_some(self.firsts.as_slice());
        let column = Arc::new(decode::read(&self.reader, key.0, &key.1, key.2, firsts)?);
        let slot = Arc::clone(self.lock().entry(key).or_default());
        Ok(Arc::clone(slot.get_or_init(|| column)))
    }

    fn listings(&self) -> tantivy::Result<&Listings> {
        if let Some(listings) = self.listings.get() {
            return Ok(listings);
        }
        let listings = Listings::read(&self.reader)?;
        Ok(self.listings.get_or_init(|| listings))
    }
}
