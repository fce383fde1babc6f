//! The row document of a channel.

use domain::PriceListId;
use domain::channel::{ChannelContent, ChannelCurrencies, ChannelLocales};
use domain::value::{Country, Currency, Key, Locale, ValueError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RowError;
use super::resource::Stored;
use super::text::{Texts, localized, metadata, pairs, texts};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelDoc {
    key: String,
    name: Texts,
    locales: Vec<String>,
    default_locale: String,
    fallbacks: Texts,
    currencies: Vec<String>,
    default_currency: String,
    countries: Vec<String>,
    #[serde(default)]
    price_lists: Vec<Uuid>,
    metadata: Texts,
}

impl Stored for ChannelContent {
    const TABLE: &'static str = "channels";
    const RESOURCE: &'static str = "channel";

    type Doc = ChannelDoc;
}

impl From<&ChannelContent> for ChannelDoc {
    fn from(content: &ChannelContent) -> Self {
        let ChannelContent {
            key,
            name,
            locales,
            currencies,
            countries,
            price_lists,
            metadata,
        } = content;
        let tag = |locale: &Locale| locale.as_str().to_owned();
        Self {
            key: key.to_string(),
            name: texts(name),
            locales: locales.locales().iter().map(tag).collect(),
            default_locale: tag(locales.default_locale()),
            fallbacks: locales
                .fallbacks()
                .iter()
                .map(|(from, to)| (tag(from), tag(to)))
                .collect(),
            currencies: currencies
                .currencies()
                .iter()
                .map(|c| c.code().to_owned())
                .collect(),
            default_currency: currencies.default_currency().code().to_owned(),
            countries: countries.iter().map(|c| c.as_str().to_owned()).collect(),
            price_lists: price_lists.iter().map(|l| l.uuid()).collect(),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<ChannelDoc> for ChannelContent {
    type Error = RowError;

    fn try_from(doc: ChannelDoc) -> Result<Self, Self::Error> {
        let ChannelDoc {
            key,
            name,
            locales,
            default_locale,
            fallbacks,
            currencies,
            default_currency,
            countries,
            price_lists,
            metadata: pairs,
        } = doc;
        let fallback = |(from, to): (String, String)| Ok((Locale::parse(&from)?, Locale::parse(&to)?));
        let unsound = || RowError::Word("locales or currencies of a channel".to_owned());
        Ok(Self {
            key: Key::parse(key)?,
            name: localized(name)?,
            locales: ChannelLocales::new(
                locales
                    .iter()
                    .map(|l| Locale::parse(l))
                    .collect::<Result<_, _>>()?,
                Locale::parse(&default_locale)?,
                fallbacks
                    .into_iter()
                    .map(fallback)
                    .collect::<Result<_, ValueError>>()?,
            )
            .map_err(|_| unsound())?,
            currencies: ChannelCurrencies::new(
                currencies
                    .iter()
                    .map(|c| Currency::parse(c))
                    .collect::<Result<_, _>>()?,
                Currency::parse(&default_currency)?,
            )
            .map_err(|_| unsound())?,
            countries: countries
                .iter()
                .map(|c| Country::parse(c))
                .collect::<Result<_, _>>()?,
            price_lists: price_lists.into_iter().map(PriceListId::new).collect(),
            metadata: metadata(pairs)?,
        })
    }
}
