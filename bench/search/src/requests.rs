//! What is asked: a few words with filters, six facets and an order, as a shop's page of results asks it.

use std::sync::Arc;

use application::search::{
    Bound, Column, Condition, Facet, FacetKind, Filter, Level, PriceView, Query, SearchSettings, SearchText,
    Sort, SortKey, TermOrder, Test, Value,
};
use domain::pricing::{
    Circumstances, PriceListContent, PriceListState, PriceListStatus, Validity, base_list,
};
use domain::value::{Key, Locale, Localized, Metadata, Text};
use domain::{Record, Timestamp};
use fastrand::Rng;

use crate::catalog::{Catalog, category};

pub(crate) const PAGE: usize = 24;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Relevance,
    Price,
    Newest,
}

/// A request as both sides can answer it.
pub(crate) struct Request {
    /// The last one may be a beginning.
    pub(crate) words: Vec<String>,
    pub(crate) is_open: bool,
    /// What was typed where that is not what was meant. Only we are asked so: the other side would find nothing.
    pub(crate) typo: Option<String>,
    pub(crate) category: Option<usize>,
    pub(crate) seasons: Option<Vec<String>>,
    /// Of one variant, with the price.
    pub(crate) colours: Option<Vec<String>>,
    /// In cents, inclusive.
    pub(crate) price: Option<(i64, i64)>,
    pub(crate) order: Order,
}

impl Catalog {
    /// Each is about words of some product's name, which some of its filters let through.
    pub(crate) fn requests(&self, count: usize) -> Vec<Request> {
        let mut rng = Rng::with_seed(4);
        (0..count).map(|place| self.request(place, &mut rng)).collect()
    }

    fn request(&self, place: usize, rng: &mut Rng) -> Request {
        let meant = self.product(rng.u64(..self.products));
        let name: Vec<&str> = meant.name.split(' ').collect();
        let first = rng.usize(..name.len());
        let mut words: Vec<String> = name
            .iter()
            .skip(first)
            .take(1 + place % 2)
            .map(|word| (*word).to_owned())
            .collect();
        let is_open = place.is_multiple_of(4);
        let mut typo = None;
        if let Some(last) = words.last_mut() {
            if is_open {
                last.truncate(last.len().min(4));
            } else if place % 4 == 1 && last.len() > 5 {
                typo = Some(mistyped(last, rng));
            }
        }
        let leaf = meant.categories.first().copied();
        // Of the middle of the tree, where there are ten leaves' worth of products.
        let above = leaf.and_then(|leaf| self.parents.get(leaf).copied().flatten());
        let season = |(name, value): &(&str, String)| (*name == "season").then(|| value.clone());
        let variant = meant.variants.first();
        let colour = variant
            .and_then(|variant| variant.options.first())
            .map(|(_, colour)| colour.clone());
        let price = variant.map_or(0, |variant| variant.price);
        Request {
            words,
            is_open,
            typo,
            category: above.filter(|_| place.is_multiple_of(2)),
            seasons: place
                .is_multiple_of(3)
                .then(|| meant.terms.iter().filter_map(season).collect()),
            colours: colour
                .filter(|_| place % 3 != 1)
                .map(|colour| vec![colour, "colour 1".to_owned()]),
            price: (place % 5 < 3).then_some((price / 2, price * 2)),
            order: match place % 3 {
                0 => Order::Relevance,
                1 => Order::Price,
                _ => Order::Newest,
            },
        }
    }

    /// What someone has typed so far of a product's name or a brand.
    pub(crate) fn beginnings(&self, count: usize) -> Vec<String> {
        let mut rng = Rng::with_seed(5);
        let beginning = |place: usize, rng: &mut Rng| {
            let word = if place.is_multiple_of(3) {
                self.brand(rng)
            } else {
                self.names.word(rng).to_owned()
            };
            let typed: String = word.chars().take(1 + place % 6).collect();
            if place.is_multiple_of(5) {
                format!("{} {typed}", self.names.word(rng))
            } else {
                typed
            }
        };
        (0..count).map(|place| beginning(place, &mut rng)).collect()
    }
}

/// Two neighbours change places.
fn mistyped(word: &str, rng: &mut Rng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = rng.usize(1..letters.len() - 1);
    letters.swap(at, at + 1);
    letters.into_iter().collect()
}

pub(crate) fn stored(name: &str, level: Level, is_number: bool) -> Column {
    Column::Stored {
        name: name.to_owned(),
        level,
        is_number,
    }
}

/// How requests become those of the engine.
pub(crate) struct Translator {
    settings: Arc<SearchSettings>,
    prices: PriceView,
    facets: Vec<Facet>,
}

impl Translator {
    pub(crate) fn new(catalog: &Catalog) -> crate::Result<Self> {
        let terms = |limit| FacetKind::Terms {
            limit,
            order: TermOrder::Count,
            search: None,
        };
        let facet = |column, kind| Facet {
            column,
            kind,
            disjunctive: true,
        };
        Ok(Self {
            settings: Arc::default(),
            prices: PriceView {
                currency: catalog.euro,
                circumstances: Circumstances {
                    channel: None,
                    channel_lists: Vec::new(),
                    country: None,
                    customer_groups: [].into(),
                    at: Timestamp::UNIX_EPOCH,
                },
                lists: Arc::new(vec![lists()?]),
            },
            facets: vec![
                facet(stored("brand", Level::Product, false), terms(20)),
                facet(
                    stored("category", Level::Product, false),
                    FacetKind::Tree(Arc::clone(&catalog.tree)),
                ),
                facet(stored("attributes.material", Level::Product, false), terms(30)),
                facet(stored("options.colour", Level::Variant, false), terms(30)),
                facet(stored("options.size", Level::Variant, false), terms(40)),
                facet(Column::Price, FacetKind::Stats),
            ],
        })
    }

    pub(crate) fn text(&self, text: String) -> SearchText {
        SearchText {
            text,
            view: 0,
            settings: Arc::clone(&self.settings),
        }
    }

    pub(crate) fn query(&self, request: &Request, catalog: &Catalog) -> Query {
        let is = |column, test| Filter::Is(Condition { column, test });
        let any_of = |values: &[String]| Test::In(values.iter().cloned().map(Value::Text).collect());
        let mut filter = Vec::new();
        if let Some(top) = request.category {
            let branch = catalog
                .branch(top)
                .into_iter()
                .map(|place| Value::Text(category(place).to_string()));
            filter.push(is(
                stored("category", Level::Product, false),
                Test::In(branch.collect()),
            ));
        }
        if let Some(seasons) = &request.seasons {
            filter.push(is(
                stored("attributes.season", Level::Product, false),
                any_of(seasons),
            ));
        }
        let mut variant = Vec::new();
        if let Some(colours) = &request.colours {
            variant.push(is(
                stored("options.colour", Level::Variant, false),
                any_of(colours),
            ));
        }
        if let Some((from, to)) = request.price {
            let bound = |value| Bound::Included(Value::Number(value));
            variant.push(is(Column::Price, Test::Range(bound(from), bound(to))));
        }
        if !variant.is_empty() {
            filter.push(Filter::Variant(Box::new(Filter::All(variant))));
        }
        let (key, descending) = match request.order {
            Order::Relevance => (SortKey::Relevance, false),
            Order::Price => (SortKey::Column(Column::Price), false),
            Order::Newest => (SortKey::Column(stored("createdAt", Level::Product, true)), true),
        };
        let mut text = request.words.clone();
        if let (Some(last), Some(typo)) = (text.last_mut(), &request.typo) {
            last.clone_from(typo);
        }
        let end = if request.is_open { "" } else { " " };
        Query {
            text: Some(self.text(text.join(" ") + end)),
            visit: None,
            prices: Some(self.prices.clone()),
            filter: Filter::All(filter),
            facets: self.facets.clone(),
            sort: vec![Sort { key, descending }],
            limit: PAGE,
            after: None,
            explain: false,
        }
    }
}

fn lists() -> crate::Result<PriceListState> {
    let invalid = |_| "a name that is none";
    let name = [(
        Locale::parse("en").map_err(invalid)?,
        Text::parse("Base").map_err(invalid)?,
    )];
    Ok(PriceListState {
        id: base_list(),
        record: Record::new(Timestamp::UNIX_EPOCH),
        content: PriceListContent {
            key: Key::parse("base").map_err(invalid)?,
            name: Localized::new(name.into()).map_err(invalid)?,
            priority: 0,
            validity: Validity::ALWAYS,
            conditions: domain::pricing::Conditions::default(),
            status: PriceListStatus::Active,
            metadata: Metadata::default(),
        },
    })
}
