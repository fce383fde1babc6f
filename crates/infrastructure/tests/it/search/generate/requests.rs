//! Requests to a world.

use std::sync::Arc;

use application::search::{
    Bound, Column, Condition, Facet, FacetKind, Filter, Passage, Place, PriceView, Query, SearchText, Sort,
    SortKey, SuggestRequest, TermOrder, Test, Value,
};
use domain::pricing::Circumstances;
use domain::{ChannelId, Timestamp};

use super::catalog::value;
use super::texts::{VALUES, typed};
use super::world::{CATEGORY, Kind, SORT_TEXTS, countries, groups, instant};
use super::{Dice, World};

/// What conditions, facets and sorts may be about.
#[derive(Clone, Copy)]
enum About {
    Stored(Kind),
    Category,
    Price,
}

impl About {
    fn any(dice: &mut Dice, columns: &[Kind]) -> Self {
        match dice.below(columns.len() + 4) {
            0 | 1 => Self::Category,
            2 | 3 => Self::Price,
            n => Self::Stored(columns[n - 4]),
        }
    }

    fn column(self) -> Column {
        match self {
            Self::Stored(kind) => kind.column(),
            Self::Category => CATEGORY.column(),
            Self::Price => Column::Price,
        }
    }

    fn is_number(self) -> bool {
        match self {
            Self::Stored(kind) => kind.is_number,
            Self::Category => false,
            Self::Price => true,
        }
    }
}

impl World {
    /// `passages` are some that stand in the catalog.
    pub(crate) fn query(&self, dice: &mut Dice, passages: &[Passage]) -> Query {
        let visit = self.visit(dice);
        let sort: Vec<Sort> = dice.list(0, 3, |dice| self.sort(dice));
        let after = dice.maybe(5, |dice| Place {
            values: sort
                .iter()
                .map(|sort| dice.maybe(80, |dice| self.sort_value(dice, sort)))
                .collect(),
            id: Self::product(dice.below(200)),
        });
        Query {
            text: dice.maybe(60, |dice| self.text(dice, passages)),
            visit,
            prices: dice.maybe(80, |dice| self.price_view(dice, visit)),
            filter: self.filter(dice),
            facets: dice.list(0, 4, |dice| self.facet(dice)),
            sort,
            limit: *dice.pick(&[0, 1, 2, 3, 5, 20, 200]),
            after,
            explain: dice.percent(20),
        }
    }

    pub(crate) fn suggest_request(&self, dice: &mut Dice, passages: &[Passage]) -> SuggestRequest {
        let mut text = self.text(dice, passages);
        if dice.percent(40) {
            let value = *dice.pick(VALUES);
            text.text = value.chars().take(1 + dice.below(6)).collect();
        }
        let texts: Vec<Column> = self
            .columns
            .iter()
            .filter(|kind| !kind.is_number)
            .map(|kind| kind.column())
            .collect();
        SuggestRequest {
            text,
            visit: self.visit(dice),
            values: dice.some(&texts, 40),
            limit: *dice.pick(&[0, 1, 3, 10]),
        }
    }

    fn text(&self, dice: &mut Dice, passages: &[Passage]) -> SearchText {
        let text = typed(dice, self, passages);
        SearchText {
            text: text.chars().take(SearchText::MAX).collect(),
            view: dice.below(self.layout.views.len()),
            settings: Arc::clone(dice.pick(&self.settings)),
        }
    }

    fn visit(&self, dice: &mut Dice) -> Option<(ChannelId, Timestamp)> {
        dice.maybe(60, |dice| (*dice.pick(&self.channels), instant(dice)))
    }

    pub(crate) fn price_view(&self, dice: &mut Dice, visit: Option<(ChannelId, Timestamp)>) -> PriceView {
        let lists = dice.pick(&self.lists);
        PriceView {
            currency: *dice.pick(&self.currencies),
            circumstances: Circumstances {
                channel: visit.map(|(channel, _)| channel),
                channel_lists: dice
                    .maybe(25, |dice| {
                        let mut lists = dice.some(&Self::list_ids(), 60);
                        if dice.percent(50) {
                            lists.reverse();
                        }
                        lists
                    })
                    .unwrap_or_default(),
                country: dice.maybe(60, |dice| *dice.pick(&countries())),
                customer_groups: dice.some(&groups(), 30).into_iter().collect(),
                at: visit.map_or_else(|| instant(dice), |(_, at)| at),
            },
            // The same ones are not always the same allocation.
            lists: if dice.percent(50) {
                Arc::clone(lists)
            } else {
                Arc::new(lists.to_vec())
            },
        }
    }

    /// As a storefront makes them, mostly: refinements, and a clause about a variant; sometimes anything.
    fn filter(&self, dice: &mut Dice) -> Filter {
        if dice.percent(25) {
            return self.nested(dice, 4, true);
        }
        let mut members = dice.list(0, 2, |dice| self.condition(dice));
        if dice.percent(35) {
            let clause = if dice.percent(80) {
                Filter::All(dice.list(0, 3, |dice| self.condition(dice)))
            } else {
                self.nested(dice, 2, false)
            };
            members.push(Filter::Variant(Box::new(clause)));
        }
        if dice.percent(20) {
            let other = self.nested(dice, 3, true);
            members.insert(dice.below(members.len() + 1), other);
        }
        Filter::All(members)
    }

    fn nested(&self, dice: &mut Dice, depth: usize, may_ask_variant: bool) -> Filter {
        if depth == 0 || dice.percent(25) {
            return self.condition(dice);
        }
        let below = |dice: &mut Dice| self.nested(dice, depth - 1, may_ask_variant);
        match dice.below(10) {
            0..3 => Filter::All(dice.list(0, 3, below)),
            3..7 => Filter::Any(dice.list(0, 3, below)),
            7 | 8 if may_ask_variant => Filter::Variant(Box::new(self.nested(dice, depth - 1, false))),
            _ => Filter::Not(Box::new(below(dice))),
        }
    }

    fn condition(&self, dice: &mut Dice) -> Filter {
        let about = About::any(dice, self.columns);
        let test = match dice.below(10) {
            0..6 => Test::In(dice.list(0, 4, |dice| self.value(dice, about))),
            6..9 => {
                let (from, to) = self.range(dice, about);
                Test::Range(from, to)
            }
            _ => Test::Exists(dice.percent(50)),
        };
        Filter::Is(Condition {
            column: about.column(),
            test,
        })
    }

    fn facet(&self, dice: &mut Dice) -> Facet {
        let about = About::any(dice, self.columns);
        let kind = match dice.below(10) {
            0..2 => FacetKind::Ranges(dice.list(0, 3, |dice| self.range(dice, about))),
            2..5 if about.is_number() => FacetKind::Stats,
            2..6 if matches!(about, About::Category) => FacetKind::Tree(Arc::clone(&self.tree)),
            _ => FacetKind::Terms {
                limit: *dice.pick(&[0, 1, 2, 5, 100]),
                order: *dice.pick(&[TermOrder::Count, TermOrder::Value]),
                search: dice.maybe(20, |dice| {
                    let text = *dice.pick(&["", "a", "R", "ü", "ue", "mull", "0", "-1", "京"]);
                    text.to_owned()
                }),
            },
        };
        Facet {
            column: about.column(),
            kind,
            disjunctive: dice.percent(75),
        }
    }

    fn range(&self, dice: &mut Dice, about: About) -> (Bound, Bound) {
        let mut bound = || match dice.below(3) {
            0 => Bound::Unbounded,
            1 => Bound::Included(self.value(dice, about)),
            _ => Bound::Excluded(self.value(dice, about)),
        };
        (bound(), bound())
    }

    fn value(&self, dice: &mut Dice, about: About) -> Value {
        match about {
            About::Stored(kind) if dice.percent(97) => value(dice, kind),
            About::Stored(kind) if kind.is_number => Value::Number(dice.number(-10, 10)),
            About::Stored(_) => Value::Text("nowhere".to_owned()),
            About::Category => Value::Text(dice.pick(&self.categories).to_string()),
            About::Price => {
                Value::Number(*dice.pick(&[0, 1, 100, 101, 999, 1000, 5000, 999_999_999_999_999]))
            }
        }
    }

    fn sort(&self, dice: &mut Dice) -> Sort {
        let key = match dice.below(10) {
            0..3 => SortKey::Relevance,
            3 | 4 => SortKey::Text((*dice.pick(SORT_TEXTS)).to_owned()),
            5 | 6 => SortKey::Column(Column::Price),
            _ => {
                let kinds: Vec<&Kind> = self.columns.iter().filter(|kind| !kind.is_set).collect();
                SortKey::Column(dice.pick(&kinds).column())
            }
        };
        Sort {
            key,
            descending: dice.percent(50),
        }
    }

    /// Some value that may stand at a place of such a sort.
    fn sort_value(&self, dice: &mut Dice, sort: &Sort) -> Value {
        match &sort.key {
            SortKey::Relevance => Value::Number(dice.number(-1, 200)),
            SortKey::Text(_) => Value::Text((*dice.pick(VALUES)).to_owned()),
            SortKey::Column(Column::Price) => Value::Number(*dice.pick(&[0, 100, 500, 1000])),
            SortKey::Column(column @ Column::Stored { .. }) => {
                let kind = self.columns.iter().find(|kind| kind.column() == *column).unwrap();
                value(dice, *kind)
            }
        }
    }
}
