//! The row document of a price list.

use domain::ChannelId;
use domain::pricing::{Conditions, PriceListContent, PriceListStatus, Validity};
use domain::value::{Country, Key};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::resource::Stored;
use super::text::{Texts, localized, metadata, pairs, texts};
use super::{Instant, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceListDoc {
    key: String,
    name: Texts,
    priority: u32,
    valid_from: Option<Instant>,
    valid_until: Option<Instant>,
    channels: Vec<Uuid>,
    countries: Vec<String>,
    customer_groups: Vec<String>,
    status: String,
    metadata: Texts,
}

impl Stored for PriceListContent {
    const TABLE: &'static str = "price_lists";
    const RESOURCE: &'static str = "priceList";

    type Doc = PriceListDoc;
}

impl From<&PriceListContent> for PriceListDoc {
    fn from(content: &PriceListContent) -> Self {
        let PriceListContent {
            key,
            name,
            priority,
            validity,
            conditions,
            status,
            metadata,
        } = content;
        let Conditions {
            channels,
            countries,
            customer_groups,
        } = conditions;
        Self {
            key: key.to_string(),
            name: texts(name),
            priority: *priority,
            valid_from: validity.from().map(Instant),
            valid_until: validity.until().map(Instant),
            channels: channels.iter().map(|c| c.uuid()).collect(),
            countries: countries.iter().map(|c| c.as_str().to_owned()).collect(),
            customer_groups: customer_groups.iter().map(ToString::to_string).collect(),
            status: status.as_str().to_owned(),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<PriceListDoc> for PriceListContent {
    type Error = RowError;

    fn try_from(doc: PriceListDoc) -> Result<Self, Self::Error> {
        let PriceListDoc {
            key,
            name,
            priority,
            valid_from,
            valid_until,
            channels,
            countries,
            customer_groups,
            status,
            metadata: pairs,
        } = doc;
        let countries = countries.iter().map(|c| Country::parse(c));
        Ok(Self {
            key: Key::parse(key)?,
            name: localized(name)?,
            priority: Self::priority(priority)?,
            validity: Validity::new(valid_from.map(|i| i.0), valid_until.map(|i| i.0))?,
            conditions: Conditions {
                channels: channels.into_iter().map(ChannelId::new).collect(),
                countries: countries.collect::<Result<_, _>>()?,
                customer_groups: customer_groups
                    .into_iter()
                    .map(Key::parse)
                    .collect::<Result<_, _>>()?,
            },
            status: PriceListStatus::parse(&status)?,
            metadata: metadata(pairs)?,
        })
    }
}
