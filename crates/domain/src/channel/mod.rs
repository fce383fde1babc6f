//! A channel: a storefront, marketplace or point of sale, with the languages, currencies and countries it serves.
//!
//! Invariant: the defaults and every link of the fallback chains are among the channel's locales and currencies, and
//! no chain leads back to where it began.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::{Content, Resource, State};
use crate::value::{Country, Currency, Key, Locale, Localized, Metadata, ValueError};
use crate::{ChannelId, PriceListId};

/// The languages of a channel, in the order in which it offers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLocales {
    locales: Vec<Locale>,
    default: Locale,
    fallbacks: BTreeMap<Locale, Locale>,
}

/// What is wrong with the languages of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalesFault {
    List(ValueError),
    Default(ValueError),
    Fallback(Locale, ValueError),
}

impl ChannelLocales {
    pub const MAX: usize = 60;

    /// `fallbacks` leads from a locale to the one that stands in where a text is missing in it.
    pub fn new(
        locales: Vec<Locale>,
        default: Locale,
        fallbacks: BTreeMap<Locale, Locale>,
    ) -> Result<Self, Vec<LocalesFault>> {
        let mut faults = Vec::new();
        faults.extend(distinct(&locales, Self::MAX, "locales").map(LocalesFault::List));
        let outside = || ValueError::NotInEnum {
            expected: "one of the channel's locales",
        };
        if !locales.contains(&default) {
            faults.push(LocalesFault::Default(outside()));
        }
        for (from, to) in &fallbacks {
            if !locales.contains(from) || !locales.contains(to) {
                faults.push(LocalesFault::Fallback(from.clone(), outside()));
            } else if circles(&fallbacks, from) {
                let circle = ValueError::OutOfRange {
                    expected: "part of a chain that ends",
                };
                faults.push(LocalesFault::Fallback(from.clone(), circle));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                locales,
                default,
                fallbacks,
            })
        } else {
            Err(faults)
        }
    }

    pub fn locales(&self) -> &[Locale] {
        &self.locales
    }

    pub const fn default_locale(&self) -> &Locale {
        &self.default
    }

    pub const fn fallbacks(&self) -> &BTreeMap<Locale, Locale> {
        &self.fallbacks
    }

    /// `locale` with what stands in for it, in that order: its fallbacks, then the default.
    pub fn chain(&self, locale: &Locale) -> Vec<Locale> {
        let mut chain = vec![locale.clone()];
        let mut at = locale;
        while let Some(next) = self.fallbacks.get(at) {
            chain.push(next.clone());
            at = next;
        }
        if !chain.contains(&self.default) {
            chain.push(self.default.clone());
        }
        chain
    }
}

fn circles(fallbacks: &BTreeMap<Locale, Locale>, from: &Locale) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut at = from;
    while let Some(next) = fallbacks.get(at) {
        if !seen.insert(next) {
            return true;
        }
        at = next;
    }
    false
}

/// What is wrong with a list that must have one item at least, at most `max`, and none twice.
fn distinct<T: Ord>(items: &[T], max: usize, of: &'static str) -> Option<ValueError> {
    if items.is_empty() {
        Some(ValueError::Required)
    } else if items.len() > max {
        Some(ValueError::TooLong { max, of })
    } else {
        let unique: BTreeSet<_> = items.iter().collect();
        (unique.len() < items.len()).then_some(ValueError::Duplicate)
    }
}

/// The currencies of a channel, in the order in which it offers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelCurrencies {
    currencies: Vec<Currency>,
    default: Currency,
}

/// What is wrong with the currencies of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurrenciesFault {
    List(ValueError),
    Default(ValueError),
}

impl ChannelCurrencies {
    pub const MAX: usize = 200;

    pub fn new(currencies: Vec<Currency>, default: Currency) -> Result<Self, Vec<CurrenciesFault>> {
        let mut faults = Vec::new();
        faults.extend(distinct(&currencies, Self::MAX, "currencies").map(CurrenciesFault::List));
        if !currencies.contains(&default) {
            faults.push(CurrenciesFault::Default(ValueError::NotInEnum {
                expected: "one of the channel's currencies",
            }));
        }
        if faults.is_empty() {
            Ok(Self { currencies, default })
        } else {
            Err(faults)
        }
    }

    pub fn currencies(&self) -> &[Currency] {
        &self.currencies
    }

    pub const fn default_currency(&self) -> Currency {
        self.default
    }
}

/// Everything about a channel that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelContent {
    pub key: Key,
    pub name: Localized<100>,
    pub locales: ChannelLocales,
    pub currencies: ChannelCurrencies,
    /// Empty for all.
    pub countries: Vec<Country>,
    /// The price lists that count here, in the order that decides between those of one priority; empty for all.
    pub price_lists: Vec<PriceListId>,
    pub metadata: Metadata,
}

impl ChannelContent {
    pub const MAX_COUNTRIES: usize = 250;
    pub const MAX_PRICE_LISTS: usize = 200;
}

impl Content for ChannelContent {
    type Id = ChannelId;

    const KIND: &'static str = "channel";

    fn key(&self) -> Option<&Key> {
        Some(&self.key)
    }
}

pub type ChannelState = State<ChannelContent>;
pub type Channel = Resource<ChannelContent>;

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        Locale::parse(tag).unwrap_or_else(|_| unreachable!())
    }

    fn locales(fallbacks: &[(&str, &str)]) -> Result<ChannelLocales, Vec<LocalesFault>> {
        let all = ["en", "de", "de-AT", "fr"].map(locale).to_vec();
        let fallbacks = fallbacks.iter().map(|(from, to)| (locale(from), locale(to)));
        ChannelLocales::new(all, locale("en"), fallbacks.collect())
    }

    #[test]
    fn chains_end_at_the_default() {
        let locales = locales(&[("de-AT", "de"), ("de", "fr")]).unwrap_or_else(|_| unreachable!());
        let chain = |tag: &str| {
            locales
                .chain(&locale(tag))
                .iter()
                .map(|l| l.as_str().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(chain("de-AT"), ["de-AT", "de", "fr", "en"]);
        assert_eq!(chain("en"), ["en"]);
    }

    #[test]
    fn circles_and_strangers_are_refused() {
        assert!(locales(&[("de", "fr"), ("fr", "de")]).is_err_and(|faults| faults.len() == 2));
        assert!(locales(&[("de", "de")]).is_err());
        assert!(locales(&[("de", "it")]).is_err());
        assert!(ChannelLocales::new(vec![locale("de")], locale("en"), BTreeMap::new()).is_err());
        assert!(
            ChannelLocales::new(vec![locale("en"), locale("en")], locale("en"), BTreeMap::new()).is_err()
        );
    }
}
