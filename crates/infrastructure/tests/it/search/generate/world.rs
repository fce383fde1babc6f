//! What the products and requests of one catalog have in common.

use std::sync::Arc;

use application::search::{Category, CategoryTree, Column, Layout, Level, SearchSettings, TextView};
use domain::pricing::{Conditions, PriceListContent, PriceListState, PriceListStatus, Validity, base_list};
use domain::product::Window;
use domain::resource::Identity;
use domain::value::{Country, Currency, Key, Locale, Localized, Metadata, Text};
use domain::{CategoryId, ChannelId, PriceListId, Record, Timestamp};
use uuid::Uuid;

use super::{Dice, texts};

pub(crate) struct World {
    pub(crate) layout: Layout,
    pub(crate) columns: &'static [Kind],
    pub(super) words: Vec<usize>,
    pub(crate) settings: Vec<Arc<SearchSettings>>,
    pub(crate) channels: Vec<ChannelId>,
    /// What the lists of the catalog are at one time, and another.
    pub(crate) lists: Vec<Arc<Vec<PriceListState>>>,
    pub(super) currencies: Vec<Currency>,
    pub(crate) categories: Vec<CategoryId>,
    pub(crate) tree: Arc<CategoryTree>,
}

/// A column of the generated products.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    name: &'static str,
    pub(super) level: Level,
    pub(super) is_number: bool,
    pub(super) is_set: bool,
    /// That a product or variant has a value.
    pub(super) percent: u32,
}

impl Kind {
    pub(crate) const fn new(
        name: &'static str,
        level: Level,
        is_number: bool,
        is_set: bool,
        percent: u32,
    ) -> Self {
        Self {
            name,
            level,
            is_number,
            is_set,
            percent,
        }
    }

    pub(super) fn name(self) -> String {
        self.name.to_owned()
    }

    pub(crate) fn column(self) -> Column {
        Column::Stored {
            name: self.name(),
            level: self.level,
            is_number: self.is_number,
        }
    }
}

pub(super) const CATEGORY: Kind = Kind::new("category", Level::Product, false, true, 80);

pub(super) const COLUMNS: &[Kind] = &[
    Kind::new("brand", Level::Product, false, false, 80),
    Kind::new("tags", Level::Product, false, true, 60),
    Kind::new("createdAt", Level::Product, true, false, 100),
    Kind::new("attributes.rank", Level::Product, true, false, 40),
    Kind::new("attributes.years", Level::Product, true, true, 50),
    Kind::new("sku", Level::Variant, false, false, 90),
    Kind::new("options.colour", Level::Variant, false, false, 70),
    Kind::new(
        "attributes.with.dots and spaces@de-AT,de,en",
        Level::Variant,
        false,
        true,
        50,
    ),
    Kind::new("weight", Level::Variant, true, false, 60),
    Kind::new("attributes.sizes", Level::Variant, true, true, 50),
    // That some catalogs have hardly anything in, and some nothing.
    Kind::new("attributes.rare", Level::Product, false, false, 2),
    Kind::new("attributes.rarer", Level::Variant, true, false, 2),
];

pub(super) const SORT_TEXTS: &[&str] = &["name", "attributes.title"];

/// There are few instants.
pub(crate) fn instant(dice: &mut Dice) -> Timestamp {
    let seconds = dice.number(0, 7);
    Timestamp::from_timestamp_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
}

pub(super) fn validity(dice: &mut Dice, open: u32) -> Validity {
    let (from, until) = (dice.maybe(100 - open, instant), dice.maybe(100 - open, instant));
    Validity::new(from, until).unwrap_or_default()
}

pub(super) fn window(dice: &mut Dice) -> Window {
    let (from, until) = (dice.maybe(50, instant), dice.maybe(50, instant));
    Window::new(from, until).unwrap_or_else(|_| Window::new(from, None).unwrap())
}

/// Ids whose order has nothing to do with when they were made, different in both halves.
pub(crate) fn id<I: Identity>(number: usize) -> I {
    I::from_uuid(Uuid::from_u128(
        (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
    ))
}

pub(super) fn groups() -> Vec<Key> {
    ["members", "staff"].map(|key| Key::parse(key).unwrap()).to_vec()
}

pub(super) fn countries() -> Vec<Country> {
    ["DE", "AT"].map(|code| Country::parse(code).unwrap()).to_vec()
}

impl World {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let channels: Vec<ChannelId> = (0..2).map(id).collect();
        let list_ids: Vec<PriceListId> = [base_list()].into_iter().chain((0..4).map(id)).collect();
        let categories: Vec<CategoryId> = (0..7).map(id).collect();
        let tree = categories.iter().enumerate().map(|(index, category)| {
            let parent = (index > 0 && dice.percent(80)).then(|| categories[dice.below(index)]);
            (*category, Category { parent })
        });
        // One that products may still be in is in the tree no more; those below it are at the top.
        let mut tree: CategoryTree = tree.collect();
        if dice.percent(30) {
            tree.remove(dice.pick(&categories));
        }
        let mut world = Self {
            layout: Layout {
                views: [
                    ("de-AT,de,en", "de"),
                    ("en", "en"),
                    ("tr", "tr"),
                    ("ja,en", "ja"),
                    ("*", "und"),
                ]
                .map(|(name, language)| TextView {
                    name: name.to_owned(),
                    language: language.to_owned(),
                })
                .to_vec(),
                fingerprint: "generated".to_owned(),
            },
            columns: COLUMNS,
            words: texts::vocabulary(dice),
            settings: vec![Arc::default()],
            lists: (0..3)
                .map(|_| {
                    let known = dice.some(&list_ids, 80);
                    Arc::new(known.into_iter().map(|id| list(dice, id, &channels)).collect())
                })
                .collect(),
            channels,
            currencies: ["EUR", "JPY"].map(|code| Currency::parse(code).unwrap()).to_vec(),
            categories,
            tree: Arc::new(tree),
        };
        for _ in 0..3 {
            let settings = texts::settings(dice, &world);
            world.settings.push(Arc::new(settings));
        }
        world
    }

    pub(super) fn list_ids() -> Vec<PriceListId> {
        [base_list()].into_iter().chain((0..4).map(id)).collect()
    }
}

fn list(dice: &mut Dice, list: PriceListId, channels: &[ChannelId]) -> PriceListState {
    let name = [(Locale::parse("en").unwrap(), Text::parse("List").unwrap())];
    PriceListState {
        id: list,
        record: Record::new(Timestamp::UNIX_EPOCH),
        content: PriceListContent {
            key: Key::parse(format!("list-{list}")).unwrap(),
            name: Localized::new(name.into()).unwrap(),
            priority: *dice.pick(&[0, 0, 1, 2, PriceListContent::MAX_PRIORITY]),
            validity: validity(dice, 70),
            conditions: Conditions {
                channels: dice.maybe(25, |dice| dice.some(channels, 50)).unwrap_or_default(),
                countries: dice
                    .maybe(25, |dice| dice.some(&countries(), 50))
                    .unwrap_or_default(),
                customer_groups: dice
                    .maybe(25, |dice| dice.some(&groups(), 50))
                    .unwrap_or_default(),
            },
            status: if dice.percent(90) {
                PriceListStatus::Active
            } else {
                PriceListStatus::Inactive
            },
            metadata: Metadata::default(),
        },
    }
}
