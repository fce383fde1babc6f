//! Which documents of a segment are on sale in a channel.

use std::collections::HashMap;

use domain::{ChannelId, Timestamp};
use tantivy::SegmentReader;
use uuid::Uuid;

use super::bits::Bits;
use super::schema::EVERYWHERE;

#[derive(Debug, Default)]
struct Listed {
    always: Vec<u32>,
    /// From the first instant up to before the second, in microseconds.
    timed: Vec<(u32, i64, i64)>,
}

/// By channel; documents that are listed everywhere stand under none.
#[derive(Debug)]
pub(super) struct Listings {
    everywhere: Bits,
    always: HashMap<Uuid, Bits>,
    timed: HashMap<Uuid, Vec<(u32, i64, i64)>>,
}

impl Listings {
    pub(super) fn read(reader: &SegmentReader) -> tantivy::Result<Self> {
        let mut listings = Self {
            everywhere: Bits::none(reader.max_doc()),
            always: HashMap::new(),
            timed: HashMap::new(),
        };
        let fields = reader.fast_fields();
        let Some(channels) = fields.str("listing.channel")? else {
            return Ok(listings);
        };
        let mut names: Vec<Option<Uuid>> = Vec::with_capacity(channels.num_terms());
        let mut everywhere = None;
        for ord in 0..channels.num_terms() as u64 {
            let mut name = String::new();
            channels.ord_to_str(ord, &mut name)?;
            if name == EVERYWHERE {
                everywhere = Some(ord);
            }
            names.push(Uuid::parse_str(&name).ok());
        }
        let times = |name: &str| fields.column_opt::<i64>(name);
        let (from, until) = (times("listing.from")?, times("listing.until")?);
        let mut by_channel: HashMap<Uuid, Listed> = HashMap::new();
        for doc in 0..reader.max_doc() {
            let mut begins = from.iter().flat_map(|column| column.values_for_doc(doc));
            let mut ends = until.iter().flat_map(|column| column.values_for_doc(doc));
            for ord in channels.term_ords(doc) {
                if Some(ord) == everywhere {
                    listings.everywhere.insert(doc);
                    continue;
                }
                let (from, until) = (begins.next(), ends.next());
                let channel = usize::try_from(ord).ok().and_then(|ord| names.get(ord).copied()?);
                let (Some(from), Some(until), Some(channel)) = (from, until, channel) else {
                    continue;
                };
                let listed = by_channel.entry(channel).or_default();
                if (from, until) == (i64::MIN, i64::MAX) {
                    listed.always.push(doc);
                } else {
                    listed.timed.push((doc, from, until));
                }
            }
        }
        for (channel, listed) in by_channel {
            let mut always = listings.everywhere.clone();
            for doc in listed.always {
                always.insert(doc);
            }
            listings.always.insert(channel, always);
            listings.timed.insert(channel, listed.timed);
        }
        Ok(listings)
    }

    pub(super) fn visible(&self, channel: ChannelId, at: Timestamp) -> Bits {
        let (channel, at) = (channel.uuid(), at.timestamp_micros());
        let mut visible = self.always.get(&channel).unwrap_or(&self.everywhere).clone();
        for (doc, from, until) in self.timed.get(&channel).into_iter().flatten() {
            if *from <= at && at < *until {
                visible.insert(*doc);
            }
        }
        visible
    }
}
