//! Channels on the wire.

use std::collections::BTreeMap;

use application::channel::ChannelDraft;
use application::{Fault, Faults, pointer_to};
use deserr::Deserr;
use domain::channel::{ChannelContent, ChannelCurrencies, ChannelLocales, CurrenciesFault, LocalesFault};
use domain::value::{Country, Currency, Key, Locale, ValueError};
use serde::Serialize;
use utoipa::ToSchema;

use super::parse::Parser;
use super::reference::resource_ref;
use super::values::{LocalizedDto, Texts, metadata};

/// A channel as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ChannelInput {
    /// The name by which the store's addresses have the channel: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique.
    /// Required, except where the address of a PUT has it.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "web-eu")]
    pub(crate) key: Option<String>,
    /// At most 100 characters.
    #[schema(example = json!({"en": "Web shop, Europe"}))]
    pub(crate) name: LocalizedDto,
    /// 1 to 60 languages (BCP 47) in the order in which the channel offers them.
    #[schema(example = json!(["en", "de", "de-AT"]))]
    pub(crate) locales: Vec<String>,
    /// One of `locales`; the first of them when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "en")]
    pub(crate) default_locale: Option<String>,
    /// From a locale to the one that stands in where a text is missing in it, both of `locales`. After the last link
    /// comes the default locale.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({"de-AT": "de"}))]
    pub(crate) fallbacks: BTreeMap<String, String>,
    /// 1 to 200 currencies (ISO 4217) in the order in which the channel offers them.
    #[schema(example = json!(["EUR"]))]
    pub(crate) currencies: Vec<String>,
    /// One of `currencies`; the first of them when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "EUR")]
    pub(crate) default_currency: Option<String>,
    /// The countries (ISO 3166-1 alpha-2) that the channel serves; empty for all.
    #[deserr(default)]
    #[schema(required = false, example = json!(["DE", "AT"]))]
    pub(crate) countries: Vec<String>,
    /// At most 200 price lists that count here (ids or `key:<key>`; answers have ids), in the order that decides between
    /// those of one priority; empty for all.
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) price_lists: Vec<String>,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl ChannelInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<ChannelDraft, Faults> {
        let mut p = Parser::new(default_locale);
        let key = p.take("/key", Key::parse(self.key.unwrap_or_default()));
        let name = p.localized("/name", self.name);
        let locales = locales(&mut p, self.locales, self.default_locale, self.fallbacks);
        let currencies = currencies(&mut p, self.currencies, self.default_currency);
        let countries = p.list(
            "/countries",
            self.countries,
            ChannelContent::MAX_COUNTRIES,
            |p, at, code| p.take(at, Country::parse(&code)),
        );
        let lists = p.list(
            "/priceLists",
            self.price_lists,
            ChannelContent::MAX_PRICE_LISTS,
            |p, at, list| p.take(at, resource_ref(&list)),
        );
        let metadata = p.metadata("/metadata", self.metadata);
        let content = || {
            Some(ChannelContent {
                key: key?,
                name: name?,
                locales: locales?,
                currencies: currencies?,
                countries: countries?,
                price_lists: Vec::new(),
                metadata: metadata?,
            })
        };
        let draft = content()
            .zip(lists)
            .map(|(content, price_lists)| ChannelDraft { content, price_lists });
        p.finish(draft)
    }
}

fn locales(
    p: &mut Parser<'_>,
    tags: Vec<String>,
    default: Option<String>,
    fallbacks: BTreeMap<String, String>,
) -> Option<ChannelLocales> {
    let locales = p.list("/locales", tags, ChannelLocales::MAX, |p, at, tag| {
        p.take(at, Locale::parse(&tag))
    });
    let default = p.maybe(default, |p, tag| p.take("/defaultLocale", Locale::parse(&tag)));
    let fallbacks: Vec<_> = fallbacks
        .into_iter()
        .map(|(from, to)| {
            let at = pointer_to("/fallbacks", &from);
            let from = p.take(&at, Locale::parse(&from));
            let to = p.take(&at, Locale::parse(&to));
            Some((from?, to?))
        })
        .collect();
    let fallbacks: Option<BTreeMap<_, _>> = fallbacks.into_iter().collect();
    let locales = locales?;
    let Some(default) = default?.or_else(|| locales.first().cloned()) else {
        return p.take("/locales", Err(ValueError::Required));
    };
    let faults = match ChannelLocales::new(locales, default, fallbacks?) {
        Ok(locales) => return Some(locales),
        Err(faults) => faults,
    };
    for fault in faults {
        match fault {
            LocalesFault::List(error) => note(p, "/locales", &error),
            LocalesFault::Default(error) => note(p, "/defaultLocale", &error),
            LocalesFault::Fallback(from, error) => {
                note(p, &pointer_to("/fallbacks", from.as_str()), &error);
            }
        }
    }
    None
}

fn currencies(p: &mut Parser<'_>, codes: Vec<String>, default: Option<String>) -> Option<ChannelCurrencies> {
    let currencies = p.list("/currencies", codes, ChannelCurrencies::MAX, |p, at, code| {
        p.take(at, Currency::parse(&code))
    });
    let default = p.maybe(default, |p, code| {
        p.take("/defaultCurrency", Currency::parse(&code))
    });
    let currencies = currencies?;
    let Some(default) = default?.or_else(|| currencies.first().copied()) else {
        return p.take("/currencies", Err(ValueError::Required));
    };
    let faults = match ChannelCurrencies::new(currencies, default) {
        Ok(currencies) => return Some(currencies),
        Err(faults) => faults,
    };
    for fault in faults {
        match fault {
            CurrenciesFault::List(error) => note(p, "/currencies", &error),
            CurrenciesFault::Default(error) => note(p, "/defaultCurrency", &error),
        }
    }
    None
}

fn note(p: &mut Parser<'_>, at: &str, error: &ValueError) {
    p.faults.push(Fault::new(at, error.code(), error.to_string()));
}

impl From<&ChannelContent> for ChannelInput {
    fn from(content: &ChannelContent) -> Self {
        let ChannelContent {
            key,
            name,
            locales,
            currencies,
            countries,
            price_lists,
            metadata: pairs,
        } = content;
        let tag = |locale: &Locale| locale.as_str().to_owned();
        let code = |currency: &Currency| currency.code().to_owned();
        Self {
            key: Some(key.to_string()),
            name: name.into(),
            locales: locales.locales().iter().map(tag).collect(),
            default_locale: Some(tag(locales.default_locale())),
            fallbacks: locales
                .fallbacks()
                .iter()
                .map(|(from, to)| (tag(from), tag(to)))
                .collect(),
            currencies: currencies.currencies().iter().map(code).collect(),
            default_currency: Some(code(&currencies.default_currency())),
            countries: countries.iter().map(|c| c.as_str().to_owned()).collect(),
            price_lists: price_lists.iter().map(ToString::to_string).collect(),
            metadata: metadata(pairs),
        }
    }
}
