//! Products of a world.

use application::search::{
    Columns, Document, Level, ListPrice, Listed, Passage, TextClass, Value, VariantDocument,
};
use domain::ProductId;

use super::texts::{IDENTIFIERS, VALUES, sentence};
use super::world::{CATEGORY, Kind, SORT_TEXTS, id, validity, window};
use super::{Dice, World};

impl World {
    /// The product of a number, as it may be at some time.
    pub(crate) fn document(&self, dice: &mut Dice, number: usize) -> Document {
        let mut columns = self.values(dice, Level::Product);
        let categories = dice.some(&self.categories, 25);
        if !categories.is_empty() {
            let values = categories
                .iter()
                .map(|category| Value::Text(category.to_string()));
            columns.push((CATEGORY.name(), values.collect()));
        }
        let variants = *dice.pick(&[0, 1, 1, 2, 2, 3, 5, 8]);
        let listed = if dice.percent(30) {
            Listed::Everywhere
        } else {
            // A channel may be named twice, as when a window ends and another begins.
            Listed::In(dice.list(0, 3, |dice| (*dice.pick(&self.channels), window(dice))))
        };
        Document {
            id: Self::product(number),
            listed,
            passages: self.passages(dice),
            identifiers: dice.list(0, 3, |dice| (*dice.pick(IDENTIFIERS)).to_owned()),
            columns,
            sort_texts: dice
                .some(SORT_TEXTS, 80)
                .into_iter()
                .map(|column| (column.to_owned(), sentence(dice, self, 0, 2)))
                .collect(),
            variants: (0..variants)
                .map(|variant| VariantDocument {
                    id: id(number * 100 + variant),
                    columns: self.values(dice, Level::Variant),
                    prices: self.prices(dice, number * 100 + variant),
                })
                .collect(),
        }
    }

    pub(crate) fn product(number: usize) -> ProductId {
        id(number)
    }

    fn passages(&self, dice: &mut Dice) -> Vec<Passage> {
        let mut passages = Vec::new();
        for view in 0..self.layout.views.len() {
            for (class, percent, most, words) in [
                (TextClass::Name, 90, 1, 4),
                (TextClass::Keyword, 50, 2, 2),
                (TextClass::Attribute, 50, 3, 3),
                (TextClass::Body, 50, 1, 10),
            ] {
                if dice.percent(percent) {
                    for _ in 0..=dice.below(most) {
                        let text = sentence(dice, self, 0, words);
                        passages.push(Passage { view, class, text });
                    }
                }
            }
        }
        passages
    }

    fn prices(&self, dice: &mut Dice, variant: usize) -> Vec<ListPrice> {
        let mut prices = Vec::new();
        for (index, currency) in self.currencies.iter().enumerate() {
            let minor = |dice: &mut Dice| *dice.pick(&[0, 100, 100, 999, 1000, 5000, 999_999_999_999_999]);
            if dice.percent(70) {
                prices.push(ListPrice {
                    list: Self::list_ids()[0],
                    id: None,
                    currency: *currency,
                    minor: minor(dice),
                    validity: validity(dice, 100),
                });
            }
            for more in 0..*dice.pick(&[0, 0, 1, 2, 4]) {
                prices.push(ListPrice {
                    list: *dice.pick(&Self::list_ids()),
                    id: Some(id(variant * 100 + index * 10 + more)),
                    currency: *currency,
                    minor: minor(dice),
                    validity: validity(dice, 70),
                });
            }
        }
        prices
    }

    fn values(&self, dice: &mut Dice, level: Level) -> Columns {
        let kinds = self.columns.iter().filter(|kind| kind.level == level);
        kinds
            .filter_map(|kind| {
                dice.maybe(kind.percent, |dice| {
                    let most = if kind.is_set { 3 } else { 1 };
                    (kind.name(), dice.list(1, most, |dice| value(dice, *kind)))
                })
            })
            .collect()
    }
}

pub(super) fn value(dice: &mut Dice, kind: Kind) -> Value {
    if kind.is_number {
        Value::Number(*dice.pick(&[
            i64::MIN,
            i64::MIN + 1,
            -1,
            0,
            0,
            1,
            1,
            2,
            3,
            5,
            100,
            i64::MAX - 1,
            i64::MAX,
        ]))
    } else {
        Value::Text((*dice.pick(VALUES)).to_owned())
    }
}
