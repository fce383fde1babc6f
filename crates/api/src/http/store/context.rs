//! What an answer depends on beside what it is about: the channel, the language, the instant, and for whom prices are.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use application::cache::Consistency;
use application::pricing::PricingContext;
use application::store::StoreError;
use application::storefront::{StoreProduct, Visit};
use domain::value::{Country, Currency, Key, Locale};
use domain::{ChannelId, Timestamp};
use http::HeaderMap;
use utoipa::IntoParams;

use super::channel::{self, StoreChannel};
use crate::http::cached::Reading;
use crate::http::query::{Query, invalid};
use crate::http::state::{App, AppState};
use crate::problem::Problem;
use crate::wire::VariantPrices;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never built")]
pub(super) struct ContextParameters {
    /// A language of the channel (BCP 47); its default when absent. Where a text is missing in it, the channel's
    /// fallbacks stand in, then its default, then whatever language there is.
    locale: Option<String>,
    /// One of the channel's currencies (ISO 4217); its default when absent.
    currency: Option<String>,
    /// One of the channel's countries (ISO 3166-1 alpha-2).
    country: Option<String>,
    /// At most 200 groups that the customer is in, with commas between them.
    group: Option<String>,
}

pub(super) struct Context {
    pub(super) reading: Reading,
    channel: Arc<StoreChannel>,
    /// The languages to show texts in, the best one first.
    pub(super) locales: Vec<Locale>,
    currency: Currency,
    country: Option<Country>,
    groups: BTreeSet<Key>,
}

impl Context {
    /// Looks the channel up, and takes from the query what narrows it.
    pub(super) async fn take(
        app: &AppState,
        channel: &str,
        query: &mut Query,
        headers: &HeaderMap,
    ) -> Result<Arc<Self>, Problem> {
        let reading = Reading::of(headers, Consistency::Bounded)?;
        let locale = query.parse("locale", |locale| Locale::parse(&locale))?;
        let currency = query.parse("currency", |code| Currency::parse(&code))?;
        let country = query.parse("country", |code| Country::parse(&code))?;
        let groups = query.each("group", |group| Key::parse(group))?;
        let channel = channel::find(app, channel, &reading).await?;
        let offered = &channel.locales;
        let locale = locale.unwrap_or_else(|| offered.default_locale().clone());
        if !offered.locales().contains(&locale) {
            return Err(invalid("locale", "must be a language of the channel"));
        }
        let currencies = &channel.currencies;
        let currency = currency.unwrap_or_else(|| currencies.default_currency());
        if !currencies.currencies().contains(&currency) {
            return Err(invalid("currency", "must be a currency of the channel"));
        }
        let served = &channel.countries;
        if country.is_some_and(|country| !served.is_empty() && !served.contains(&country)) {
            return Err(invalid("country", "must be a country of the channel"));
        }
        Ok(Arc::new(Self {
            reading,
            locales: offered.chain(&locale),
            currency,
            country,
            groups: groups.into_iter().flatten().collect(),
            channel,
        }))
    }

    /// The best of the languages.
    pub(super) fn locale<'a>(&'a self, app: &'a App) -> &'a Locale {
        self.locales.first().unwrap_or(&app.default_locale)
    }

    pub(super) fn channel(&self) -> ChannelId {
        self.channel.id
    }

    pub(super) fn visit(&self, at: Timestamp) -> Visit {
        Visit {
            channel: self.channel.id,
            at,
        }
    }

    /// What names are looked for in.
    pub(super) fn place(&self) -> String {
        let mut text = format!("{}.{}", self.channel.id, self.channel.version);
        for locale in &self.locales {
            text.push(',');
            text.push_str(locale.as_str());
        }
        text
    }

    /// All of the context but the instant, as a part of keys. None of what it is made of has a bar or a comma in it.
    pub(super) fn key(&self) -> String {
        let mut text = self.place();
        let country = self.country.map(Country::as_str).unwrap_or_default();
        // Writing to a text does not fail.
        let _: std::fmt::Result = write!(text, "|{}|{country}|", self.currency.code());
        for group in &self.groups {
            text.push_str(group.as_str());
            text.push(',');
        }
        text
    }

    pub(super) fn pricing(&self, at: Timestamp) -> PricingContext {
        PricingContext {
            channel: Some(self.channel.id),
            channel_lists: self.channel.price_lists.clone(),
            currency: self.currency,
            country: self.country,
            customer_groups: self.groups.clone(),
            at: Some(at),
            staged: false,
        }
    }

    /// What all variants of these copies cost, by one statement.
    pub(super) async fn price<'a>(
        &self,
        app: &App,
        at: Timestamp,
        copies: impl Iterator<Item = &'a StoreProduct>,
    ) -> Result<VariantPrices, StoreError> {
        let variants: Vec<_> = copies.flat_map(|copy| &copy.variants).map(|v| v.id).collect();
        let prices = app.pricing.resolve_many(&variants, &self.pricing(at)).await?;
        Ok(VariantPrices(prices))
    }
}
