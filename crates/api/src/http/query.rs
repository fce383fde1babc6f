//! Query parameters, read strictly: an unknown, repeated or malformed one is an error that names it.

use application::page::{Count, PageRequest, Sort, SortField};
use axum::extract::FromRequestParts;
use chrono::{DateTime, SubsecRound, Utc};
use domain::Timestamp;
use domain::value::ValueError;
use http::request::Parts;
use url::form_urlencoded;

use super::cursor::{CursorKey, CursorScope};
use super::shape::FieldsTaken;
use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;
/// The most values of one parameter.
const MAX_VALUES: usize = 200;

/// The parameters of a request's query that nobody has taken yet.
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
        let mut query = Self(pairs.collect());
        match parts.extensions.get::<FieldsTaken>() {
            None => {}
            Some(FieldsTaken(Some(problem))) => return Err((**problem).clone()),
            Some(FieldsTaken(None)) => drop(query.take("fields")?),
        }
        Ok(query)
    }
}

impl Query {
    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = self.0.extract_if(.., |(n, _)| n == name);
        let value = values.next().map(|(_, value)| value);
        if values.next().is_some() {
            return Err(invalid(name, "stands in the query twice"));
        }
        Ok(value)
    }

    /// Takes a parameter and parses it as a value of the domain.
    pub(crate) fn parse<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(String) -> Result<T, ValueError>,
    ) -> Result<Option<T>, Problem> {
        self.take(name)?
            .map(parse)
            .transpose()
            .map_err(|e| invalid(name, &e.to_string()))
    }

    /// Values with commas between them, at most 200, each parsed.
    pub(crate) fn each<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, ValueError>,
    ) -> Result<Option<Vec<T>>, Problem> {
        self.parse(name, |text| {
            let values: Vec<_> = text.split(',').collect();
            if values.len() > MAX_VALUES {
                return Err(ValueError::TooLong {
                    max: MAX_VALUES,
                    of: "values",
                });
            }
            values.into_iter().map(parse).collect()
        })
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    /// A condition that may be on either side, or none.
    pub(crate) fn choice(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.take(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    /// Whether a write is only tried; `diff`, which says how that is answered, is another layer's concern.
    pub(crate) fn dry_run(&mut self) -> Result<bool, Problem> {
        match self.take("dryRun")?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true" | "diff" | "") => Ok(true),
            Some(_) => Err(invalid("dryRun", "must be true, false or diff")),
        }
    }

    pub(crate) fn instant(&mut self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        // A plus sign that was not escaped arrives as a space.
        let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
        let time = time.map_err(|_| invalid(name, "must be an instant such as 2026-01-31T12:00:00Z"))?;
        Ok(Some(time.with_timezone(&Utc).trunc_subsecs(6)))
    }

    /// The parameters of a page. `scope` describes the list, so that a cursor of another one is noticed.
    pub(crate) fn page(
        &mut self,
        key: &CursorKey,
        list: &str,
        filter: &impl std::fmt::Debug,
    ) -> Result<PageRequest, Problem> {
        self.page_sorted(key, list, filter, false)
    }

    /// The same for a list of siblings, which has the order of their positions too.
    pub(crate) fn page_of_siblings(
        &mut self,
        key: &CursorKey,
        list: &str,
        filter: &impl std::fmt::Debug,
    ) -> Result<PageRequest, Problem> {
        self.page_sorted(key, list, filter, true)
    }

    fn page_sorted(
        &mut self,
        key: &CursorKey,
        list: &str,
        filter: &impl std::fmt::Debug,
        by_position: bool,
    ) -> Result<PageRequest, Problem> {
        let sort = self.sort(by_position)?;
        let count = match self.take("count")?.as_deref() {
            None | Some("none") => Count::None,
            Some("estimate") => Count::Estimate,
            Some("exact") => Count::Exact,
            Some(_) => return Err(invalid("count", "must be none, estimate or exact")),
        };
        let plain = self.plain_page(key, list, filter, sort)?;
        Ok(PageRequest { count, ..plain })
    }

    /// The parameters of a page of a list that has one order.
    pub(crate) fn plain_page(
        &mut self,
        key: &CursorKey,
        list: &str,
        filter: &impl std::fmt::Debug,
        sort: Sort,
    ) -> Result<PageRequest, Problem> {
        let limit = match self.take("limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| invalid("limit", "must be a whole number from 1 to 200"))?,
        };
        let after = match self.take("cursor")? {
            None => None,
            Some(cursor) => Some(key.open(&cursor, &CursorScope::new(list, filter, sort))?),
        };
        Ok(PageRequest {
            sort,
            after,
            limit,
            count: Count::None,
        })
    }

    fn sort(&mut self, by_position: bool) -> Result<Sort, Problem> {
        let sort = self.take("sort")?;
        let sort = sort.as_deref().unwrap_or("createdAt");
        let (descending, name) = sort.strip_prefix('-').map_or((false, sort), |name| (true, name));
        let field = match name {
            // Ids are made in the order of creation.
            "id" | "createdAt" => SortField::Id,
            "updatedAt" => SortField::UpdatedAt,
            "position" if by_position => SortField::Position,
            "position" => {
                let detail = "only siblings are sorted by position: the list needs a filter by their parent";
                return Err(Problem::bad_request("sort_not_allowed", detail));
            }
            _ => {
                let detail = "sort must be id, createdAt or updatedAt, with a hyphen in front for descending";
                return Err(Problem::bad_request("sort_not_allowed", detail));
            }
        };
        Ok(Sort { field, descending })
    }

    /// Refuses what is left over.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        self.finish_as("invalid_parameter")
    }

    /// Refuses what is left over as filters that a list does not have.
    pub(crate) fn finish_list(self) -> Result<(), Problem> {
        self.finish_as("filter_unknown_field")
    }

    fn finish_as(self, code: &'static str) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(
                Problem::bad_request(code, "there is no such query parameter here")
                    .with("parameter", name.as_str()),
            ),
        }
    }
}

/// A parameter that does not have the form it must have.
pub(crate) fn invalid(name: &str, detail: &str) -> Problem {
    Problem::bad_request("invalid_parameter", format!("{name} {detail}")).with("parameter", name)
}
