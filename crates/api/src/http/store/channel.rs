//! The channel that an address names, as the store needs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use application::cache::{CacheKey, Loaded, Schema, Scope};
use application::resource::ResourceRef;
use domain::channel::{ChannelCurrencies, ChannelLocales, ChannelState};
use domain::value::{Country, Currency, Key, Locale};
use domain::{ChannelId, PriceListId, Version};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::http::cached::{self, Reading};
use crate::http::state::AppState;
use crate::problem::Problem;

const SCHEMA: Schema = Schema::new("sh");

/// What answers depend on of a channel. Its version tells apart all states that it ever had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoreChannel {
    pub(super) id: ChannelId,
    pub(super) version: Version,
    pub(super) locales: ChannelLocales,
    pub(super) currencies: ChannelCurrencies,
    pub(super) countries: Vec<Country>,
    pub(super) price_lists: Vec<PriceListId>,
}

/// The same as it is kept.
#[derive(Serialize, Deserialize)]
struct ChannelFacts {
    id: Uuid,
    version: Version,
    locales: Vec<String>,
    default_locale: String,
    fallbacks: BTreeMap<String, String>,
    currencies: Vec<String>,
    default_currency: String,
    countries: Vec<String>,
    price_lists: Vec<Uuid>,
}

impl From<&ChannelState> for ChannelFacts {
    fn from(channel: &ChannelState) -> Self {
        let content = &channel.content;
        let (locales, currencies) = (&content.locales, &content.currencies);
        let text = |locale: &Locale| locale.as_str().to_owned();
        let fallbacks = locales.fallbacks().iter();
        Self {
            id: channel.id.uuid(),
            version: channel.record.version,
            locales: locales.locales().iter().map(text).collect(),
            default_locale: text(locales.default_locale()),
            fallbacks: fallbacks.map(|(from, to)| (text(from), text(to))).collect(),
            currencies: currencies
                .currencies()
                .iter()
                .map(|c| c.code().to_owned())
                .collect(),
            default_currency: currencies.default_currency().code().to_owned(),
            countries: content.countries.iter().map(|c| c.as_str().to_owned()).collect(),
            price_lists: content.price_lists.iter().map(|list| list.uuid()).collect(),
        }
    }
}

impl StoreChannel {
    /// `None` for what no release has kept under this schema.
    fn from_facts(facts: &[u8]) -> Option<Self> {
        let facts: ChannelFacts = serde_json::from_slice(facts).ok()?;
        let locale = |tag: &String| Locale::parse(tag).ok();
        let currency = |code: &String| Currency::parse(code).ok();
        let fallbacks = facts.fallbacks.iter();
        let fallbacks = fallbacks.map(|(from, to)| Some((locale(from)?, locale(to)?)));
        let locales = facts.locales.iter().map(locale).collect::<Option<_>>()?;
        let currencies = facts.currencies.iter().map(currency).collect::<Option<_>>()?;
        Some(Self {
            id: ChannelId::new(facts.id),
            version: facts.version,
            locales: ChannelLocales::new(
                locales,
                locale(&facts.default_locale)?,
                fallbacks.collect::<Option<_>>()?,
            )
            .ok()?,
            currencies: ChannelCurrencies::new(currencies, currency(&facts.default_currency)?).ok()?,
            countries: facts
                .countries
                .iter()
                .map(|code| Country::parse(code).ok())
                .collect::<Option<_>>()?,
            price_lists: facts.price_lists.into_iter().map(PriceListId::new).collect(),
        })
    }
}

/// The channel with this key.
pub(super) async fn find(app: &AppState, key: &str, reading: &Reading) -> Result<Arc<StoreChannel>, Problem> {
    let missing = || Problem::not_found("channel");
    let named = Key::parse(key).map_err(|_| missing())?;
    let names = cached::scopes(app, &[Scope::Channels], reading).await?;
    let cached_as = names.map(|names| CacheKey::query(SCHEMA, format!("{key}|{names}")));
    let load = move |app: AppState| {
        let named = ResourceRef::Key(named.clone());
        async move {
            let found = app.channels.reader().find(&named, false).await?;
            Ok(found.map_or(Loaded::nothing(None), |channel| {
                let facts = serde_json::to_vec(&ChannelFacts::from(&channel));
                cached::facts(facts.unwrap_or_default(), None)
            }))
        }
    };
    let answer = cached::read(app, cached_as, reading, load).await?;
    if !answer.is_found() {
        return Err(missing());
    }
    let channel = answer
        .kept
        .made(|entry| StoreChannel::from_facts(&entry.facts).map(Arc::new));
    Option::clone(&channel).ok_or_else(|| {
        tracing::error!(channel = key, "a channel that is kept cannot be read");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong inside the service",
        )
    })
}
