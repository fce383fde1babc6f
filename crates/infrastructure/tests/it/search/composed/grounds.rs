//! What products refer to.

use std::collections::BTreeMap;

use application::store::Changes;
use application::testing::fixtures::{locale, slug, text};
use domain::category::{Category, CategoryContent};
use domain::channel::{Channel, ChannelContent, ChannelCurrencies, ChannelLocales};
use domain::pricing::{PriceList, PriceListState};
use domain::product_type::{Attribute, Kind, Level, ProductType, ProductTypeContent, Required};
use domain::value::{Currency, Key, Locale, Metadata};

use super::super::generate::id;
use super::shop::Shop;

impl Shop {
    /// What all the others refer to.
    pub(super) fn grounds(&mut self) -> Changes {
        let at = self.time();
        let new = |index: usize, content| Channel::create(id(index), content, at).into_change().unwrap();
        let channels = vec![
            new(0, channel(&["de-AT", "de", "en"], &[("de-AT", "de")])),
            new(1, channel(&["tr", "ja", "en"], &[])),
        ];
        let new = |index, content| ProductType::create(id(index), content, at).into_change().unwrap();
        let product_types = vec![
            new(0, product_type("plain", true)),
            new(1, product_type("other", false)),
        ];
        let tree = self.world.tree.clone();
        let new = |id| {
            let content = CategoryContent {
                key: None,
                parent: tree
                    .get(id)
                    .and_then(|category| category.parent)
                    .filter(|parent| tree.contains_key(parent)),
                name: text("Shelf"),
                slug: slug(&format!("shelf-{id}")),
                description: None,
                position: 0,
                media: vec![],
                metadata: Metadata::default(),
            };
            Category::create(*id, content, at).into_change().unwrap()
        };
        let categories = self.world.categories.iter().map(new).collect();
        let all = self.world.lists.iter().flat_map(|lists| lists.iter());
        let base = self.lists[0].id;
        let lists: BTreeMap<_, _> = all.filter(|list| list.id != base).map(|l| (l.id, l)).collect();
        let new = |list: &PriceListState| PriceList::create(list.id, list.content.clone(), at).into_change();
        Changes {
            channels,
            product_types,
            categories,
            price_lists: lists.into_values().map(|list| new(list).unwrap()).collect(),
            ..Changes::default()
        }
    }
}

fn channel(locales: &[&str], fallbacks: &[(&str, &str)]) -> ChannelContent {
    let all: Vec<Locale> = locales.iter().map(|tag| locale(tag)).collect();
    let fallbacks = fallbacks.iter().map(|(from, to)| (locale(from), locale(to)));
    let currencies = ["EUR", "JPY"].map(|code| Currency::parse(code).unwrap());
    ChannelContent {
        key: Key::parse(locales[0]).unwrap(),
        name: text("Channel"),
        locales: ChannelLocales::new(all, locale("en"), fallbacks.collect()).unwrap(),
        currencies: ChannelCurrencies::new(currencies.to_vec(), currencies[0]).unwrap(),
        countries: vec![],
        price_lists: vec![],
        metadata: Metadata::default(),
    }
}

/// Two types that have attributes in common.
fn product_type(key: &str, is_plain: bool) -> ProductTypeContent {
    let attribute = |key: &str, level: Level, kind: Kind, set: bool, localizable: bool| Attribute {
        key: Key::parse(key).unwrap(),
        name: text(key),
        kind,
        set,
        level,
        required: Required::Never,
        unique: false,
        localizable,
        searchable: is_plain || localizable,
        filterable: is_plain || localizable,
        sortable: is_plain && !set,
    };
    let number = || Kind::Integer { min: None, max: None };
    let words = || Kind::Text {
        min: None,
        max: None,
        pattern: None,
    };
    let mut attributes = vec![
        attribute("rank", Level::Product, number(), false, false),
        attribute("motto", Level::Product, words(), false, true),
        attribute("sizes", Level::Variant, number(), true, false),
    ];
    if is_plain {
        attributes.push(attribute("years", Level::Product, number(), true, false));
        attributes.push(attribute("label", Level::Variant, words(), true, true));
    }
    ProductTypeContent {
        key: Key::parse(key).unwrap(),
        name: text(key),
        attributes,
        option_attributes: vec![],
        metadata: Metadata::default(),
    }
}
