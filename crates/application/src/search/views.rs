//! The ways in which the texts of a catalog are read: by shoppers with what stands in for a missing text, by editors in
//! one locale or in all.

use std::collections::{BTreeMap, BTreeSet};

use domain::channel::ChannelState;
use domain::product_type::AttributeValue;
use domain::value::Locale;

use super::copy::{CopyValue, Texts};
use super::document::TextView;
use super::kind::FieldChoice;

/// The view of all locales' texts at once.
const ALL: &str = "*";
const NO_LANGUAGE: &str = "und";

/// How a view reads texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// In the first of these locales that there is a text in, else in whatever there is.
    Chain(Vec<Locale>),
    /// In this one only.
    Alone(Locale),
    All,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) text: TextView,
    pub(super) reading: Reading,
    /// Like the reading, but of one text only, be it in another locale.
    pub(super) locales: Vec<Locale>,
}

impl Reading {
    /// The texts that are read of a localized one.
    pub(super) fn of<'a>(&self, texts: &'a Texts) -> Vec<&'a String> {
        match self {
            Self::Chain(locales) => best(texts, locales).into_iter().collect(),
            Self::Alone(locale) => texts.get(locale.as_str()).into_iter().collect(),
            Self::All => texts.values().collect(),
        }
    }

    /// The words of an attribute, with what people read for its choices.
    pub(super) fn words(&self, value: &CopyValue, choices: &[FieldChoice], add: &mut impl FnMut(&str)) {
        match value {
            CopyValue::One(value) => self.word(value, choices, add),
            CopyValue::Set(items) => items.iter().for_each(|item| self.word(item, choices, add)),
            CopyValue::Localized(values) => match self {
                Self::Chain(locales) => {
                    if let Some(value) = best(values, locales) {
                        self.words(value, choices, add);
                    }
                }
                Self::Alone(locale) => {
                    if let Some(value) = values.get(locale.as_str()) {
                        self.words(value, choices, add);
                    }
                }
                Self::All => values.values().for_each(|value| self.words(value, choices, add)),
            },
        }
    }

    fn word(&self, value: &AttributeValue, choices: &[FieldChoice], add: &mut impl FnMut(&str)) {
        match value {
            AttributeValue::Text(text) => {
                add(text);
                if let Some(choice) = choices.iter().find(|choice| choice.value == *text) {
                    self.names(choice, add);
                }
            }
            AttributeValue::Integer(number) => add(&number.to_string()),
            AttributeValue::Decimal(number) => add(&number.to_string()),
            AttributeValue::Date(date) => add(&date.to_string()),
            AttributeValue::Measure(measure) => {
                add(&format!("{} {}", measure.value(), measure.unit().symbol));
            }
            // Nobody types these.
            AttributeValue::Raw(_)
            | AttributeValue::Boolean(_)
            | AttributeValue::DateTime(_)
            | AttributeValue::Reference(..)
            | AttributeValue::Json(_)
            | AttributeValue::Set(_)
            | AttributeValue::Localized(_) => {}
        }
    }

    pub(super) fn names(&self, choice: &FieldChoice, add: &mut impl FnMut(&str)) {
        match self {
            Self::Chain(locales) => choice.name(locales).into_iter().for_each(add),
            Self::Alone(locale) => choice
                .names
                .get(locale)
                .map(String::as_str)
                .into_iter()
                .for_each(add),
            Self::All => choice.names.values().map(String::as_str).for_each(add),
        }
    }
}

pub(super) fn view_name(locales: &[Locale]) -> String {
    if locales.is_empty() {
        return ALL.to_owned();
    }
    let tags: Vec<_> = locales.iter().map(Locale::as_str).collect();
    tags.join(",")
}

fn view(locales: Vec<Locale>, reading: Reading, spare: &Locale) -> View {
    let language = locales.first().and_then(Locale::language);
    View {
        text: TextView {
            name: view_name(&locales),
            language: language.map_or_else(|| NO_LANGUAGE.to_owned(), |l| l.as_str().to_owned()),
        },
        reading,
        locales: if locales.is_empty() {
            vec![spare.clone()]
        } else {
            locales
        },
    }
}

/// Those of all shoppers, each once, by name.
pub(super) fn store_views(channels: &[ChannelState]) -> Vec<View> {
    let offered = channels.iter().map(|channel| &channel.content.locales);
    let chains: BTreeSet<Vec<Locale>> = offered
        .flat_map(|locales| locales.locales().iter().map(|locale| locales.chain(locale)))
        .collect();
    chains
        .into_iter()
        .filter_map(|chain| {
            let spare = chain.first()?.clone();
            Some(view(chain.clone(), Reading::Chain(chain), &spare))
        })
        .collect()
}

pub(super) fn management_views(channels: &[ChannelState], default_locale: &Locale) -> Vec<View> {
    let offered = channels
        .iter()
        .flat_map(|channel| channel.content.locales.locales());
    let locales: BTreeSet<&Locale> = offered.chain([default_locale]).collect();
    let alone = locales.into_iter().map(|locale| {
        let reading = Reading::Alone(locale.clone());
        view(vec![locale.clone()], reading, default_locale)
    });
    std::iter::once(view(Vec::new(), Reading::All, default_locale))
        .chain(alone)
        .collect()
}

/// The one in the first of these locales that there is one in, else whatever there is.
pub(super) fn best<'a, T>(texts: &'a BTreeMap<String, T>, locales: &[Locale]) -> Option<&'a T> {
    let preferred = locales.iter().find_map(|locale| texts.get(locale.as_str()));
    preferred.or_else(|| texts.values().next())
}
