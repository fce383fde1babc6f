//! From the words of clients to those of the index: fields to columns, what was written to values, categories to all
//! below them. Every fault of a request at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::CategoryId;
use domain::value::{Currency, Json, Key, Locale};
use uuid::Uuid;

use super::document::{TextView, Value};
use super::fields::{Field, Fields, name};
use super::ground::Categories;
use super::kind::{FieldKind, ValueFault};
use super::query::{Bound, Condition, Facet, FacetKind, Filter, Sort, SortKey, Test};
use super::request::{
    FacetKindRequest, FacetRequest, FilterRequest, HighlightRequest, Located, RangeRequest, SearchRequest,
    SortRequest, TestRequest,
};
use crate::fault::{Fault, Faults};

const UNKNOWN_FIELD: &str = "filter_unknown_field";
const NOT_ALLOWED: &str = "filter_not_allowed";
const SORT_NOT_ALLOWED: &str = "sort_not_allowed";
const CONTRADICTION: &str = "contradiction";

/// What a request comes to.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) filter: Filter,
    pub(super) facets: Vec<Facet>,
    /// The fields of the facets.
    pub(super) facet_fields: Vec<Arc<Field>>,
    pub(super) sort: Vec<Sort>,
    /// All fields that are named.
    pub(super) fields: BTreeSet<String>,
    pub(super) asks_for_prices: bool,
}

/// What names are looked up in.
pub(super) struct Resolver<'a> {
    pub(super) fields: &'a Fields,
    pub(super) categories: &'a Categories,
    pub(super) view: &'a TextView,
    /// That of prices, where there are any.
    pub(super) currency: Option<Currency>,
    faults: Faults,
    named: BTreeSet<String>,
    conditions: usize,
    values: usize,
    asks_for_prices: bool,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        fields: &'a Fields,
        categories: &'a Categories,
        view: &'a TextView,
        currency: Option<Currency>,
    ) -> Self {
        Self {
            fields,
            categories,
            view,
            currency,
            faults: Faults::default(),
            named: BTreeSet::new(),
            conditions: 0,
            values: 0,
            asks_for_prices: false,
        }
    }

    pub(super) fn resolve(mut self, request: &SearchRequest) -> Result<Resolved, Faults> {
        let filter = match &request.filter {
            None => Some(Filter::All(Vec::new())),
            Some(filter) => self.filter(filter, 1, false),
        };
        let mut facets = Vec::new();
        let mut facet_fields = Vec::new();
        if request.facets.len() > FacetRequest::MAX {
            let at = request.facets.get(FacetRequest::MAX).map(|facet| &facet.field.at);
            let at = at.map_or("", String::as_str);
            let detail = format!("there are at most {} facets", FacetRequest::MAX);
            self.refuse(at, "too_long", detail);
        }
        for facet in request.facets.iter().take(FacetRequest::MAX) {
            if let Some((facet, field)) = self.facet(facet) {
                facets.push(facet);
                facet_fields.push(field);
            }
        }
        let mut sort = Vec::new();
        if let Some(extra) = request.sort.get(SortRequest::MAX) {
            let detail = format!("there are at most {} of them", SortRequest::MAX);
            self.refuse(&extra.field.at, "too_long", detail);
        }
        for key in request.sort.iter().take(SortRequest::MAX) {
            sort.extend(self.sort(key));
        }
        if sort.is_empty() && request.text.is_some() {
            sort.push(Sort {
                key: SortKey::Relevance,
                descending: false,
            });
        }
        self.highlights(&request.highlight);
        let filter = self.faults.or(filter)?;
        Ok(Resolved {
            filter,
            facets,
            facet_fields,
            sort,
            fields: self.named,
            asks_for_prices: self.asks_for_prices,
        })
    }

    /// Texts that can be shown with what was found in them.
    fn highlights(&mut self, request: &HighlightRequest) {
        if let Some(extra) = request.fields.get(HighlightRequest::MAX_FIELDS) {
            let detail = format!("there are at most {} fields", HighlightRequest::MAX_FIELDS);
            self.refuse(&extra.at, "too_long", detail);
        }
        for field in &request.fields {
            let name = field.value.as_str();
            let is_text = [name::NAME, name::DESCRIPTION, name::BRAND, name::TAGS].contains(&name)
                || name.starts_with(name::ATTRIBUTES)
                    && self.fields.get(name).is_ok_and(|field| field.is_searchable);
            if !is_text {
                self.refuse(&field.at, UNKNOWN_FIELD, "is no field whose texts are searched");
            }
        }
    }

    fn refuse(&mut self, at: &str, code: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::new(at, code, detail));
    }

    fn field(&mut self, field: &Located<String>, unknown: &'static str) -> Option<Arc<Field>> {
        match self.fields.get(&field.value) {
            Ok(found) => {
                self.named.insert(field.value.clone());
                if found.kind == FieldKind::Money {
                    self.asks_for_prices = true;
                    if self.currency.is_none() {
                        self.refuse(&field.at, "required", "prices need a currency");
                        return None;
                    }
                }
                Some(found)
            }
            Err(fault) => {
                self.refuse(&field.at, unknown, fault.to_string());
                None
            }
        }
    }

    fn filterable(&mut self, field: &Located<String>) -> Option<Arc<Field>> {
        let found = self.field(field, UNKNOWN_FIELD)?;
        if !found.is_filterable {
            self.refuse(&field.at, NOT_ALLOWED, "there are no conditions on this field");
            return None;
        }
        Some(found)
    }

    fn filter(&mut self, request: &FilterRequest, depth: usize, in_variant: bool) -> Option<Filter> {
        let each = |this: &mut Self, requests: &[FilterRequest]| {
            let filters: Vec<_> = requests
                .iter()
                .map(|request| this.filter(request, depth + 1, in_variant))
                .collect();
            filters.into_iter().collect::<Option<Vec<_>>>()
        };
        if depth > FilterRequest::MAX_DEPTH {
            self.refuse("", "too_deep", "filters nest at most 16 deep");
            return None;
        }
        match request {
            FilterRequest::All(requests) => each(self, requests).map(Filter::All),
            FilterRequest::Any(requests) => each(self, requests).map(Filter::Any),
            FilterRequest::Not(request) => {
                let filter = self.filter(request, depth + 1, in_variant)?;
                Some(Filter::Not(Box::new(filter)))
            }
            FilterRequest::Variant(Located { at, value }) => {
                if in_variant {
                    self.refuse(at, CONTRADICTION, "stands within another clause of its kind");
                    return None;
                }
                let filter = self.filter(value, depth + 1, true)?;
                Some(Filter::Variant(Box::new(filter)))
            }
            FilterRequest::Is { field, test } => {
                self.conditions += 1;
                if self.conditions > FilterRequest::MAX_CONDITIONS {
                    let detail = format!("there are at most {} conditions", FilterRequest::MAX_CONDITIONS);
                    self.refuse(&field.at, "too_long", detail);
                    return None;
                }
                let found = self.filterable(field)?;
                let test = self.test(&found, &field.at, test)?;
                let column = found.column(self.view);
                Some(Filter::Is(Condition { column, test }))
            }
        }
    }

    fn test(&mut self, field: &Field, at: &str, test: &TestRequest) -> Option<Test> {
        match test {
            TestRequest::Exists(exists) => Some(Test::Exists(*exists)),
            TestRequest::Range(range) => {
                let (lower, upper) = self.range(field, at, range)?;
                Some(Test::Range(lower, upper))
            }
            TestRequest::In(values) if field.kind == FieldKind::Category => self.in_categories(values, true),
            TestRequest::In(values) => {
                let read: Vec<_> = values.iter().map(|value| self.value(field, value)).collect();
                let mut values = read.into_iter().collect::<Option<Vec<_>>>()?;
                values.sort_unstable();
                values.dedup();
                Some(Test::In(values))
            }
            TestRequest::InCategory {
                categories,
                with_descendants,
            } => {
                if field.kind != FieldKind::Category {
                    self.refuse(at, NOT_ALLOWED, "is no field of categories");
                    return None;
                }
                self.in_categories(categories, *with_descendants)
            }
        }
    }

    fn in_categories(&mut self, categories: &[Located<Json>], with_descendants: bool) -> Option<Test> {
        let read: Vec<_> = categories
            .iter()
            .map(|category| self.category(category))
            .collect();
        let ids = read.into_iter().collect::<Option<Vec<_>>>()?;
        let ids = if with_descendants {
            self.categories.with_descendants(&ids)
        } else {
            ids.into_iter().collect()
        };
        let values = ids.into_iter().map(|id| Value::Text(id.to_string()));
        Some(Test::In(values.collect()))
    }

    fn category(&mut self, Located { at, value }: &Located<Json>) -> Option<CategoryId> {
        if !self.has_room(at) {
            return None;
        }
        let Json::Text(text) = value else {
            let detail = format!("must be a category as a string, not {}", value.kind());
            self.refuse(at, "wrong_type", detail);
            return None;
        };
        let found = if let Some(key) = text.strip_prefix("key:") {
            let is_it = |own: &Option<Key>| own.as_ref().is_some_and(|own| own.as_str() == key);
            self.categories.find(|state| is_it(&state.content.key))
        } else if let Some(slug) = text.strip_prefix("slug:") {
            self.categories
                .find(|state| state.content.slug.iter().any(|(_, own)| own.as_str() == slug))
        } else {
            let id = Uuid::try_parse(text).ok().map(CategoryId::new);
            id.filter(|id| self.categories.tree.contains_key(id))
        };
        if found.is_none() {
            self.refuse(at, "reference_not_found", "there is no such category");
        }
        found
    }

    fn has_room(&mut self, at: &str) -> bool {
        self.values += 1;
        let has_room = self.values <= FilterRequest::MAX_VALUES;
        if !has_room {
            let detail = format!("there are at most {} values", FilterRequest::MAX_VALUES);
            self.refuse(at, "too_long", detail);
        }
        has_room
    }

    fn value(&mut self, field: &Field, Located { at, value }: &Located<Json>) -> Option<Value> {
        if !self.has_room(at) {
            return None;
        }
        match field.kind.parse(value, self.currency) {
            Ok(value) => Some(value),
            Err(ValueFault { code, detail }) => {
                self.refuse(at, code, detail);
                None
            }
        }
    }

    fn range(&mut self, field: &Field, at: &str, range: &RangeRequest) -> Option<(Bound, Bound)> {
        if !has_ranges(&field.kind) {
            self.refuse(at, NOT_ALLOWED, "its values have no order");
            return None;
        }
        let RangeRequest { at, gt, gte, lt, lte } = range;
        if [gt, gte, lt, lte].into_iter().all(Option::is_none) {
            self.refuse(at, "required", "must have a bound");
            return None;
        }
        let mut bound = |bound: &Option<Located<Json>>| match bound {
            None => Some(None),
            Some(value) => self.value(field, value).map(Some),
        };
        let (gt, gte, lt, lte) = (bound(gt), bound(gte), bound(lt), bound(lte));
        Some((lower(gt?, gte?), upper(lt?, lte?)))
    }

    fn facet(&mut self, request: &FacetRequest) -> Option<(Facet, Arc<Field>)> {
        let at = &request.field.at;
        let field = self.filterable(&request.field)?;
        let kind = match &request.kind {
            FacetKindRequest::Terms { limit, order, search } => FacetKind::Terms {
                limit: (*limit).min(FacetRequest::MAX_TERMS),
                order: *order,
                search: search.clone(),
            },
            FacetKindRequest::Ranges(ranges) => {
                if ranges.is_empty() || ranges.len() > FacetRequest::MAX_RANGES {
                    let detail = format!("must have 1 to {} ranges", FacetRequest::MAX_RANGES);
                    self.refuse(at, "out_of_range", detail);
                    return None;
                }
                let read: Vec<_> = ranges.iter().map(|range| self.range(&field, at, range)).collect();
                FacetKind::Ranges(read.into_iter().collect::<Option<_>>()?)
            }
            FacetKindRequest::Stats if field.kind.is_number() => FacetKind::Stats,
            FacetKindRequest::Stats => {
                self.refuse(at, NOT_ALLOWED, "there are statistics of numbers only");
                return None;
            }
            FacetKindRequest::Tree if field.kind == FieldKind::Category => {
                FacetKind::Tree(self.categories.tree.clone())
            }
            FacetKindRequest::Tree => {
                self.refuse(at, NOT_ALLOWED, "is no field of categories");
                return None;
            }
        };
        let facet = Facet {
            column: field.column(self.view),
            kind,
            disjunctive: request.disjunctive,
        };
        Some((facet, field))
    }

    fn sort(&mut self, request: &SortRequest) -> Option<Sort> {
        let descending = request.descending;
        if request.field.value == SortRequest::RELEVANCE {
            let key = SortKey::Relevance;
            return Some(Sort { key, descending });
        }
        let field = self.field(&request.field, SORT_NOT_ALLOWED)?;
        if !field.is_sortable {
            self.refuse(&request.field.at, SORT_NOT_ALLOWED, "is no field to sort by");
            return None;
        }
        let key = field.sort_key(self.view);
        Some(Sort { key, descending })
    }
}

const fn has_ranges(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Text
        | FieldKind::Integer
        | FieldKind::Decimal
        | FieldKind::Date
        | FieldKind::DateTime
        | FieldKind::Measure(_)
        | FieldKind::Weight
        | FieldKind::Money => true,
        FieldKind::Boolean | FieldKind::Enum(_) | FieldKind::Reference(_) | FieldKind::Category => false,
    }
}

/// The narrower of two lower bounds.
fn lower(gt: Option<Value>, gte: Option<Value>) -> Bound {
    match (gt, gte) {
        (Some(gt), Some(gte)) if gte > gt => Bound::Included(gte),
        (Some(gt), _) => Bound::Excluded(gt),
        (None, Some(gte)) => Bound::Included(gte),
        (None, None) => Bound::Unbounded,
    }
}

/// The narrower of two upper bounds.
fn upper(lt: Option<Value>, lte: Option<Value>) -> Bound {
    match (lt, lte) {
        (Some(lt), Some(lte)) if lte < lt => Bound::Included(lte),
        (Some(lt), _) => Bound::Excluded(lt),
        (None, Some(lte)) => Bound::Included(lte),
        (None, None) => Bound::Unbounded,
    }
}

/// In which languages the texts of a page are shown.
pub(super) fn languages(locales: &[Locale], spare: &Locale) -> Vec<Locale> {
    if locales.is_empty() {
        vec![spare.clone()]
    } else {
        locales.to_vec()
    }
}

#[cfg(test)]
mod tests;
