//! From generated queries to what may be asked of the service: in its words, of what there is.

use std::sync::Arc;

use application::pricing::PricingContext;
use application::search::{
    Audience, Bound, CategoryTree, Column, Condition, FacetKind, FacetKindRequest, FacetRequest, Fields,
    Filter, FilterRequest, HighlightRequest, Located, Plane, Query, RangeRequest, SearchRequest, SearchText,
    Sort, SortKey, SortRequest, TermOrder, Test, TestRequest, TextView, Value,
};
use application::storefront::Visit;
use domain::value::{Currency, Json, MAX_SAFE_INTEGER, Text};
use domain::{CategoryId, ChannelId, Timestamp};

use super::super::reference::branch;
use super::documents::{layout, locales};
use super::shop::Shop;

/// What there are conditions on, but no ranges.
const WITHOUT_ORDER: [&str; 4] = ["category", "productType", "status", "hasUnpublishedChanges"];

/// A query with the view that it is asked in.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) plane: Plane,
    pub(super) view: TextView,
    pub(super) query: Query,
}

impl Shop {
    /// The query as it may be asked.
    pub(super) fn question(&mut self, plane: Plane, query: Query) -> Question {
        let views = layout(plane).views;
        let view = match &query.text {
            Some(text) => text.view,
            None => self.dice.below(views.len()),
        };
        let visit = self.visit(plane, query.visit);
        let mut prices = query
            .prices
            .unwrap_or_else(|| self.world.price_view(&mut self.dice, visit));
        prices.circumstances.at = visit.map_or(prices.circumstances.at.max(self.now), |(_, at)| at);
        prices.lists = Arc::new(self.lists.clone());
        let text = query.text.filter(|text| !text.text.trim().is_empty());
        let text = text.map(|text| self.text(text));
        let fit = &mut Fit {
            plane,
            view: views[view].name.clone(),
            tree: Arc::new(self.tree()),
            shop: self,
        };
        let filter = fit.filter(query.filter);
        let mut sort: Vec<Sort> = query.sort.into_iter().filter_map(|sort| fit.sort(sort)).collect();
        if sort.is_empty() && text.is_some() {
            sort.push(Sort {
                key: SortKey::Relevance,
                descending: false,
            });
        }
        let mut facets = query.facets;
        for facet in &mut facets {
            let name = name(&facet.column);
            match &mut facet.kind {
                FacetKind::Ranges(ranges) => {
                    ranges.retain(|(from, to)| (from, to) != (&Bound::Unbounded, &Bound::Unbounded));
                    for (from, to) in &mut *ranges {
                        *from = fit.bound(&facet.column, from);
                        *to = fit.bound(&facet.column, to);
                    }
                    if ranges.is_empty() || WITHOUT_ORDER.contains(&name.as_str()) {
                        facet.kind = FacetKind::Terms {
                            limit: 3,
                            order: TermOrder::Count,
                            search: None,
                        };
                    }
                }
                FacetKind::Tree(tree) => *tree = fit.tree.clone(),
                FacetKind::Terms { .. } | FacetKind::Stats => {}
            }
            facet.column = fit.column(facet.column.clone());
        }
        Question {
            plane,
            view: views[view].clone(),
            query: Query {
                text,
                visit,
                prices: Some(prices),
                filter,
                facets,
                sort,
                after: None,
                ..query
            },
        }
    }

    fn visit(
        &mut self,
        plane: Plane,
        visit: Option<(ChannelId, Timestamp)>,
    ) -> Option<(ChannelId, Timestamp)> {
        let (channel, at) = visit.unwrap_or_else(|| (*self.dice.pick(&self.world.channels), self.now));
        (plane == Plane::Store).then_some((channel, at.max(self.now)))
    }

    pub(super) fn text(&self, text: SearchText) -> SearchText {
        SearchText {
            settings: Arc::new(self.settings.content.clone()),
            ..text
        }
    }
}

struct Fit<'a> {
    plane: Plane,
    view: String,
    tree: Arc<CategoryTree>,
    shop: &'a mut Shop,
}

impl Fit<'_> {
    fn filter(&mut self, filter: Filter) -> Filter {
        let mut each = |filters: Vec<Filter>| filters.into_iter().map(|filter| self.filter(filter)).collect();
        match filter {
            Filter::All(filters) => Filter::All(each(filters)),
            Filter::Any(filters) => Filter::Any(each(filters)),
            Filter::Not(filter) => Filter::Not(Box::new(self.filter(*filter))),
            Filter::Variant(filter) => Filter::Variant(Box::new(self.filter(*filter))),
            Filter::Is(Condition { column, test }) => {
                let test = match test {
                    Test::In(values) if name(&column) == "category" => Test::In(self.categories(values)),
                    Test::In(values) => {
                        Test::In(values.iter().map(|value| self.value(&column, value)).collect())
                    }
                    Test::Range(Bound::Unbounded, Bound::Unbounded) => Test::Exists(true),
                    Test::Range(..) if WITHOUT_ORDER.contains(&name(&column).as_str()) => Test::Exists(true),
                    Test::Range(from, to) => {
                        Test::Range(self.bound(&column, &from), self.bound(&column, &to))
                    }
                    exists @ Test::Exists(_) => exists,
                };
                let column = self.column(column);
                Filter::Is(Condition { column, test })
            }
        }
    }

    /// Those that there are, or one with all below it.
    fn categories(&mut self, values: Vec<Value>) -> Vec<Value> {
        let all: Vec<CategoryId> = self.tree.keys().copied().collect();
        let is_known = |value: &Value| all.iter().any(|id| *value == Value::Text(id.to_string()));
        let known: Vec<Value> = values.into_iter().filter(is_known).collect();
        let top = all
            .iter()
            .copied()
            .find(|id| known.first() == Some(&Value::Text(id.to_string())));
        match top {
            Some(top) if self.shop.dice.percent(60) => branch(&self.tree, top),
            _ => known,
        }
    }

    fn bound(&mut self, column: &Column, bound: &Bound) -> Bound {
        match bound {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(value) => Bound::Included(self.value(column, value)),
            Bound::Excluded(value) => Bound::Excluded(self.value(column, value)),
        }
    }

    /// One that clients may write.
    fn value(&mut self, column: &Column, value: &Value) -> Value {
        let dice = &mut self.shop.dice;
        let pick = |dice: &mut super::Dice, of: &[&str]| Value::Text((*dice.pick(of)).to_owned());
        match (name(column).as_str(), value) {
            ("price", Value::Number(number)) => Value::Number((*number).clamp(0, 999_999_999_999_999)),
            ("weight", Value::Number(number)) => Value::Number(number.rem_euclid(1000) * 1000),
            ("createdAt" | "updatedAt" | "publishedAt", Value::Number(number)) => {
                Value::Number(1_800_000_000_000_000 + number.rem_euclid(400))
            }
            (_, Value::Number(number)) => Value::Number((*number).clamp(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)),
            ("status", _) => pick(dice, &["draft", "published", "archived"]),
            ("hasUnpublishedChanges", _) => pick(dice, &["true", "false"]),
            ("productType", _) => pick(dice, &["plain", "other"]),
            (_, Value::Text(text)) if Text::<255>::parse(text.clone()).is_ok() => value.clone(),
            _ => pick(dice, &["red", "Acme"]),
        }
    }

    /// The column of the view, where there are several.
    fn column(&self, column: Column) -> Column {
        match column {
            Column::Stored {
                name,
                level,
                is_number,
            } if self.plane == Plane::Store && ["attributes.motto", "attributes.label"].contains(&&*name) => {
                Column::Stored {
                    name: format!("{name}@{}", self.view),
                    level,
                    is_number,
                }
            }
            other => other,
        }
    }

    fn sort(&self, sort: Sort) -> Option<Sort> {
        let folded = |name: &str| match self.plane {
            Plane::Store => format!("{name}@{}", self.view),
            Plane::Management => name.to_owned(),
        };
        let key = match sort.key {
            SortKey::Text(name) if name == "name" => SortKey::Text(format!("name@{}", self.view)),
            SortKey::Text(_) => SortKey::Text(folded("attributes.motto")),
            SortKey::Column(column) => match name(&column).as_str() {
                own @ ("brand" | "key") => SortKey::Text(own.to_owned()),
                "attributes.motto" => SortKey::Text(folded("attributes.motto")),
                name if WITHOUT_ORDER.contains(&name) => return None,
                _ => SortKey::Column(column),
            },
            SortKey::Relevance => SortKey::Relevance,
        };
        Some(Sort { key, ..sort })
    }
}

/// The field of a column.
fn name(column: &Column) -> String {
    match column {
        Column::Price => "price".to_owned(),
        Column::Stored { name, .. } => field(name),
    }
}

fn field(column: &str) -> String {
    column.split('@').next().unwrap().to_owned()
}

/// The question in the words of clients.
pub(super) struct Words<'a> {
    pub(super) fields: &'a Fields,
    pub(super) tree: &'a CategoryTree,
    pub(super) currency: Currency,
}

impl Words<'_> {
    pub(super) fn request(&self, question: &Question) -> SearchRequest {
        let query = &question.query;
        let facet = |facet: &application::search::Facet| FacetRequest {
            field: located(name(&facet.column)),
            kind: match &facet.kind {
                FacetKind::Terms { limit, order, search } => FacetKindRequest::Terms {
                    limit: *limit,
                    order: *order,
                    search: search.clone(),
                },
                FacetKind::Ranges(ranges) => {
                    let ranges = ranges.iter();
                    FacetKindRequest::Ranges(
                        ranges
                            .map(|(from, to)| self.range(&facet.column, from, to))
                            .collect(),
                    )
                }
                FacetKind::Stats => FacetKindRequest::Stats,
                FacetKind::Tree(_) => FacetKindRequest::Tree,
            },
            disjunctive: facet.disjunctive,
        };
        let sort = |sort: &Sort| SortRequest {
            field: located(match &sort.key {
                SortKey::Relevance => SortRequest::RELEVANCE.to_owned(),
                SortKey::Column(column) => name(column),
                SortKey::Text(text) => field(text),
            }),
            descending: sort.descending,
        };
        SearchRequest {
            audience: audience(question),
            text: query.text.as_ref().map(|text| located(text.text.clone())),
            filter: Some(self.filter(&query.filter)),
            facets: query.facets.iter().map(facet).collect(),
            sort: query.sort.iter().map(sort).collect(),
            limit: query.limit,
            after: query.after.clone(),
            min_position: None,
            highlight: HighlightRequest::default(),
            explain: query.explain,
        }
    }

    fn filter(&self, filter: &Filter) -> FilterRequest {
        let each = |filters: &[Filter]| filters.iter().map(|filter| self.filter(filter)).collect();
        match filter {
            Filter::All(filters) => FilterRequest::All(each(filters)),
            Filter::Any(filters) => FilterRequest::Any(each(filters)),
            Filter::Not(filter) => FilterRequest::Not(Box::new(self.filter(filter))),
            Filter::Variant(filter) => FilterRequest::Variant(located(Box::new(self.filter(filter)))),
            Filter::Is(Condition { column, test }) => FilterRequest::Is {
                field: located(name(column)),
                test: match test {
                    Test::In(values) if name(column) == "category" => self.in_category(column, values),
                    Test::In(values) => {
                        TestRequest::In(values.iter().map(|value| self.value(column, value)).collect())
                    }
                    Test::Range(from, to) => TestRequest::Range(self.range(column, from, to)),
                    Test::Exists(exists) => TestRequest::Exists(*exists),
                },
            },
        }
    }

    /// By the one on top, where they are all below one.
    fn in_category(&self, column: &Column, values: &[Value]) -> TestRequest {
        let sorted = |mut values: Vec<Value>| {
            values.sort();
            values
        };
        let all = sorted(values.to_vec());
        let top = self
            .tree
            .keys()
            .find(|top| sorted(branch(self.tree, **top)) == all);
        TestRequest::InCategory {
            categories: match top {
                Some(top) => vec![located(Json::Text(top.to_string()))],
                None => values.iter().map(|value| self.value(column, value)).collect(),
            },
            with_descendants: top.is_some(),
        }
    }

    fn range(&self, column: &Column, from: &Bound, to: &Bound) -> RangeRequest {
        let mut range = RangeRequest::default();
        match from {
            Bound::Unbounded => {}
            Bound::Included(value) => range.gte = Some(self.value(column, value)),
            Bound::Excluded(value) => range.gt = Some(self.value(column, value)),
        }
        match to {
            Bound::Unbounded => {}
            Bound::Included(value) => range.lte = Some(self.value(column, value)),
            Bound::Excluded(value) => range.lt = Some(self.value(column, value)),
        }
        range
    }

    fn value(&self, column: &Column, value: &Value) -> Located<Json> {
        let field = self.fields.get(&name(column)).unwrap();
        located(field.kind.render(value, Some(self.currency)))
    }
}

pub(super) fn located<T>(value: T) -> Located<T> {
    Located::new("somewhere", value)
}

pub(super) fn audience(question: &Question) -> Audience {
    let locales = locales(&question.view);
    let prices = question.query.prices.as_ref().unwrap();
    let circumstances = prices.circumstances.clone();
    let pricing = PricingContext {
        channel: circumstances.channel,
        channel_lists: circumstances.channel_lists,
        currency: prices.currency,
        country: circumstances.country,
        customer_groups: circumstances.customer_groups,
        at: Some(circumstances.at),
        staged: false,
    };
    match question.query.visit {
        Some((channel, at)) => Audience::Store {
            visit: Visit { channel, at },
            locales,
            pricing,
        },
        None => Audience::Management {
            locale: locales.into_iter().next(),
            pricing: Some(pricing),
        },
    }
}
