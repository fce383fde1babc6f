//! What an answer depends on beside what it is about: the channel, the language, the instant, and for whom prices are.

use application::pricing::PricingContext;
use application::resource::ResourceRef;
use application::storefront::{StoreProduct, Visit};
use domain::channel::ChannelState;
use domain::value::{Country, Currency, Key, Locale, ValueError};
use utoipa::IntoParams;

use crate::http::query::{Query, invalid};
use crate::http::state::App;
use crate::problem::Problem;
use crate::wire::{MAX_LINES, VariantPrices};

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
    /// The languages to show texts in, the best one first.
    pub(super) locales: Vec<Locale>,
    pub(super) visit: Visit,
    pub(super) pricing: PricingContext,
}

impl Context {
    /// Looks the channel up, and takes from the query what narrows it.
    pub(super) async fn take(app: &App, channel: &str, query: &mut Query) -> Result<Self, Problem> {
        let locale = query.parse("locale", |locale| Locale::parse(&locale))?;
        let currency = query.parse("currency", |code| Currency::parse(&code))?;
        let country = query.parse("country", |code| Country::parse(&code))?;
        let groups = query.parse("group", |groups| each(&groups, |group| Key::parse(group)))?;
        let channel = find(app, channel).await?;
        let offered = &channel.content.locales;
        let locale = locale.unwrap_or_else(|| offered.default_locale().clone());
        if !offered.locales().contains(&locale) {
            return Err(invalid("locale", "must be a language of the channel"));
        }
        let currencies = &channel.content.currencies;
        let currency = currency.unwrap_or_else(|| currencies.default_currency());
        if !currencies.currencies().contains(&currency) {
            return Err(invalid("currency", "must be a currency of the channel"));
        }
        let served = &channel.content.countries;
        if country.is_some_and(|country| !served.is_empty() && !served.contains(&country)) {
            return Err(invalid("country", "must be a country of the channel"));
        }
        let at = app.clock.now();
        Ok(Self {
            locales: offered.chain(&locale),
            visit: Visit {
                channel: channel.id,
                at,
            },
            pricing: PricingContext {
                channel: Some(channel.id),
                channel_lists: channel.content.price_lists,
                currency,
                country,
                customer_groups: groups.into_iter().flatten().collect(),
                at: Some(at),
                staged: false,
            },
        })
    }

    /// The best of the languages.
    pub(super) fn locale<'a>(&'a self, app: &'a App) -> &'a Locale {
        self.locales.first().unwrap_or(&app.default_locale)
    }

    /// What all variants of these copies cost, by one statement.
    pub(super) async fn price<'a>(
        &self,
        app: &App,
        copies: impl Iterator<Item = &'a StoreProduct>,
    ) -> Result<VariantPrices, Problem> {
        let variants: Vec<_> = copies.flat_map(|copy| &copy.variants).map(|v| v.id).collect();
        Ok(VariantPrices(
            app.pricing.resolve_many(&variants, &self.pricing).await?,
        ))
    }
}

/// Values with commas between them, at most 200.
pub(super) fn each<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, ValueError>,
) -> Result<Vec<T>, ValueError> {
    let values: Vec<_> = text.split(',').collect();
    if values.len() > MAX_LINES {
        return Err(ValueError::TooLong {
            max: MAX_LINES,
            of: "values",
        });
    }
    values.into_iter().map(parse).collect()
}

async fn find(app: &App, key: &str) -> Result<ChannelState, Problem> {
    let missing = || Problem::not_found("channel");
    let key = Key::parse(key).map_err(|_| missing())?;
    let found = app.channels.reader().find(&ResourceRef::Key(key), false).await?;
    found.ok_or_else(missing)
}
