//! What shoppers see: published copies, where and when they are listed, and nothing else.

mod copies;
mod listings;
mod names;
mod relations;

use std::collections::BTreeMap;

use domain::channel::{Channel, ChannelContent, ChannelCurrencies, ChannelLocales, ChannelState};
use domain::product::{ProductContent, ProductState, VariantContent, VariantState};
use domain::value::{Currency, Key, Localized, Metadata, Slug, Text};
use domain::{Change, ChannelId, ProductId, Timestamp};

use super::fixtures::{edit_product, edit_variant, locale};
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::product::ProductRef;
use crate::storefront::{StoreFilter, StoreProduct, StoreRef, Visit};
use crate::testing::Harness;

pub use copies::{
    many_go_live_in_one_commit, only_published_copies_are_seen, publication_and_edits_take_turns,
    what_goes_goes_at_once, what_is_staged_is_known,
};
pub use listings::{
    channels_stay_while_products_are_listed, listings_hold_to_the_instant, lists_visit_every_copy_once,
};
pub use names::{former_slugs_lead_on, names_are_unique_among_copies};
pub use relations::{related_products_are_there_when_they_are_named, related_products_keep_their_places};

fn channel(h: &Harness) -> Change<ChannelState> {
    let (en, euro) = (locale("en"), Currency::parse("EUR").unwrap());
    let name = BTreeMap::from([(en.clone(), Text::parse("Web").unwrap())]);
    let content = ChannelContent {
        key: Key::parse(format!("channel-{}", h.number())).unwrap(),
        name: Localized::new(name).unwrap(),
        locales: ChannelLocales::new(vec![en.clone()], en, BTreeMap::new()).unwrap(),
        currencies: ChannelCurrencies::new(vec![euro], euro).unwrap(),
        countries: vec![],
        price_lists: vec![],
        metadata: Metadata::default(),
    };
    Channel::create(ChannelId::new(h.id()), content, h.now())
        .into_change()
        .unwrap()
}

async fn a_channel(h: &Harness) -> ChannelState {
    let change = channel(h);
    let state = change.after.clone();
    h.commit(change).await.unwrap();
    state
}

fn deleted(h: &Harness, state: &ChannelState) -> Change<ChannelState> {
    let mut channel = Channel::load(state.clone());
    channel.delete(h.now()).unwrap();
    channel.into_change().unwrap()
}

fn publish(h: &Harness, state: &ProductState) -> Change<ProductState> {
    edit_product(state, |p| p.publish(h.now()).unwrap())
}

/// What is stored, with what is staged.
async fn stored(h: &Harness, id: ProductId) -> ProductState {
    let found = h.products.find(&ProductRef::Id(id), true).await.unwrap();
    found.unwrap()
}

async fn published(h: &Harness, content: ProductContent) -> ProductState {
    let state = h.product(content).await;
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await
}

/// Publishes what is stored.
async fn go_live(h: &Harness, id: ProductId) -> ProductState {
    let state = stored(h, id).await;
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await
}

fn revised(
    h: &Harness,
    state: &VariantState,
    edit: impl FnOnce(&mut VariantContent),
) -> Change<VariantState> {
    let mut content = state.content.clone();
    edit(&mut content);
    edit_variant(state, |v| v.revise(content, h.now()).unwrap())
}

async fn edited(h: &Harness, id: ProductId, edit: impl FnOnce(&mut ProductContent)) -> ProductState {
    let state = stored(h, id).await;
    let mut content = state.content.clone();
    edit(&mut content);
    h.edited(&state, |p| p.revise(content, h.now()).unwrap()).await
}

fn now() -> Timestamp {
    Timestamp::from_timestamp_micros(1_850_000_000_000_000).unwrap()
}

fn visit(channel: &ChannelState) -> Visit {
    Visit {
        channel: channel.id,
        at: now(),
    }
}

async fn seen(h: &Harness, id: ProductId, visit: &Visit) -> Option<StoreProduct> {
    h.storefront.find(&StoreRef::Id(id), visit).await.unwrap()
}

fn page(limit: u32, sort: Sort) -> PageRequest {
    PageRequest {
        sort,
        after: None,
        limit,
        count: Count::Exact,
    }
}

/// The first 200.
pub(super) fn page_of_all() -> PageRequest {
    page(200, BY_ID)
}

const BY_ID: Sort = Sort {
    field: SortField::Id,
    descending: false,
};

async fn listed(h: &Harness, filter: &StoreFilter, visit: &Visit) -> Vec<ProductId> {
    let page = h.storefront.list(filter, visit, &page(200, BY_ID)).await.unwrap();
    assert_eq!(page.total.map(|t| t.items), Some(page.items.len() as u64));
    page.items.iter().map(|copy| copy.product.id).collect()
}

fn by_slug(slug: &str) -> StoreRef {
    StoreRef::Slug(Slug::parse(slug).unwrap(), vec![locale("en")])
}
