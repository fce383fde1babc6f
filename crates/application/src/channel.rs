//! Channels.

use std::sync::Arc;

use async_trait::async_trait;
use domain::PriceListId;
use domain::channel::{Channel, ChannelContent, ChannelState};
use domain::resource::Identity as _;
use domain::value::Key;

use crate::error::CatalogError;
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::pricing::PriceListReader;
use crate::resource::{ResourceReader, ResourceRef, Resources, Settle, resolve_all};
use crate::store::{CatalogStore, Changes, StoreError, WriteContext};
use crate::write::Writer;
use crate::{Clock, Ids};

pub type ChannelReader = dyn ResourceReader<ChannelContent>;
pub type Channels = Resources<ChannelContent, ChannelDraft>;

/// A channel as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelDraft {
    /// Without price lists: they are named beside it.
    pub content: ChannelContent,
    pub price_lists: Vec<ResourceRef<PriceListId>>,
}

pub fn channels(writer: Writer, reader: Arc<ChannelReader>, lists: Arc<PriceListReader>) -> Channels {
    Resources::new(writer, reader, Arc::new(WithLists(lists)))
}

/// Finds the price lists that a channel names.
struct WithLists(Arc<PriceListReader>);

#[async_trait]
impl Settle<ChannelContent, ChannelDraft> for WithLists {
    async fn settle(
        &self,
        draft: ChannelDraft,
        _: Option<&ChannelState>,
    ) -> Result<ChannelContent, CatalogError> {
        let ChannelDraft { content, price_lists } = draft;
        let lists = resolve_all(&*self.0, &price_lists, "/priceLists").await?;
        Ok(ChannelContent {
            price_lists: lists,
            ..content
        })
    }
}

/// The key of the channel that a fresh catalog has.
pub const DEFAULT_CHANNEL: &str = "default";

/// Gives a catalog that never had a channel its first one. Of instances that start together one creates it.
pub async fn ensure_first_channel(
    reader: &ChannelReader,
    store: &dyn CatalogStore,
    clock: &dyn Clock,
    ids: &dyn Ids,
    first: impl FnOnce(Key) -> Option<ChannelContent>,
) -> Result<(), CatalogError> {
    for deleted in [false, true] {
        if !reader.list(deleted, &one()).await?.items.is_empty() {
            return Ok(());
        }
    }
    let content = Key::parse(DEFAULT_CHANNEL).ok().and_then(first);
    let channel = content.map(|content| {
        let id = domain::ChannelId::from_uuid(ids.next());
        Channel::create(id, content, clock.now())
    });
    let Some(change) = channel.and_then(Channel::into_change) else {
        return Ok(());
    };
    let context = WriteContext {
        actor: "vitrine".to_owned(),
        request_id: String::new(),
        dry_run: false,
        idempotency: None,
    };
    match store.commit(&Changes::from(change), &context, None).await {
        Ok(_) | Err(StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

const fn one() -> PageRequest {
    PageRequest {
        sort: Sort {
            field: SortField::Id,
            descending: false,
        },
        after: None,
        limit: 1,
        count: Count::None,
    }
}
