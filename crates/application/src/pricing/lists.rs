//! Price lists.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ChannelId;
use domain::pricing::{Conditions, PriceListContent, PriceListState, PriceListStatus, Validity};
use domain::value::{Country, Key, Localized, Metadata};

use crate::channel::ChannelReader;
use crate::error::CatalogError;
use crate::resource::{ResourceReader, ResourceRef, Resources, Settle, resolve_all};
use crate::write::Writer;

pub type PriceListReader = dyn ResourceReader<PriceListContent>;
pub type PriceLists = Resources<PriceListContent, PriceListDraft>;

/// A price list as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceListDraft {
    pub key: Key,
    pub name: Localized<100>,
    pub priority: u32,
    pub validity: Validity,
    pub channels: Vec<ResourceRef<ChannelId>>,
    pub countries: Vec<Country>,
    pub customer_groups: Vec<Key>,
    pub status: PriceListStatus,
    pub metadata: Metadata,
}

pub fn price_lists(writer: Writer, reader: Arc<PriceListReader>, channels: Arc<ChannelReader>) -> PriceLists {
    Resources::new(writer, reader, Arc::new(InChannels(channels)))
}

/// Finds the channels that a list's conditions name.
struct InChannels(Arc<ChannelReader>);

#[async_trait]
impl Settle<PriceListContent, PriceListDraft> for InChannels {
    async fn settle(
        &self,
        draft: PriceListDraft,
        _: Option<&PriceListState>,
    ) -> Result<PriceListContent, CatalogError> {
        let PriceListDraft {
            key,
            name,
            priority,
            validity,
            channels,
            countries,
            customer_groups,
            status,
            metadata,
        } = draft;
        let conditions = Conditions {
            channels: resolve_all(&*self.0, &channels, "/conditions/channels").await?,
            countries,
            customer_groups,
        };
        Ok(PriceListContent {
            key,
            name,
            priority,
            validity,
            conditions,
            status,
            metadata,
        })
    }
}
