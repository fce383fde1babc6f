//! What the searches of both planes share: from their parts to a request, and from what was found to a response.

use application::Faults;
use application::cache::Demand;
use application::changelog::LogPosition;
use application::search::{Audience, Search, SearchFailure, SearchPage, SearchRequest, SuggestQuery};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::conditions::{not_modified, strong_tag};
use super::position;
use super::query::{Query, invalid};
use super::reply::{CATALOG_POSITION, JSON, to_bytes};
use super::state::App;
use crate::problem::Problem;
use crate::wire::{SearchBody, SearchParts, Shown, search_text};

/// Answers are looked at again before they are shown again: what is found moves with every write, and nothing tells
/// caches of it.
const REVALIDATED: HeaderValue = HeaderValue::from_static("no-cache");

/// The search of this instance.
pub(super) fn engine(app: &App) -> Result<&Search, Problem> {
    app.search.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "search is switched off here",
        )
    })
}

/// The request, with the place that its cursor stands for.
pub(super) fn request(
    app: &App,
    parts: &SearchParts,
    audience: Audience,
    demand: Demand,
) -> Result<SearchRequest, Problem> {
    let mut request = SearchRequest {
        audience,
        text: parts.text.clone(),
        filter: parts.filter.clone(),
        facets: parts.facets.clone(),
        sort: parts.sort.clone(),
        limit: parts.limit,
        after: None,
        min_position: demand.min_position,
        highlight: parts.highlight.clone(),
        explain: parts.explain,
    };
    if let Some(cursor) = &parts.cursor {
        request.after = Some(app.cursors.open_place(cursor, &request.scope())?);
    }
    Ok(request)
}

/// How many suggestions of each kind there are when nobody says.
const SUGGESTIONS: usize = 5;

/// What has been typed, and how many suggestions of each kind are wanted.
pub(super) fn suggestion(query: &mut Query) -> Result<(String, usize), Problem> {
    let text = query.parse("q", search_text)?;
    let text = text.ok_or_else(|| invalid("q", "is required"))?;
    let Some(limit) = query.take("limit")? else {
        return Ok((text, SUGGESTIONS));
    };
    let limit = limit.parse().ok();
    let limit = limit.filter(|limit| (1..=SuggestQuery::MAX).contains(limit));
    let limit = limit.ok_or_else(|| invalid("limit", "must be a number from 1 to 20"))?;
    Ok((text, limit))
}

/// A page of hits as a response, and the cursor of the next one.
pub(super) fn respond<S, T: Serialize>(
    app: &App,
    headers: &HeaderMap,
    (parts, scope): (&SearchParts, &str),
    page: &SearchPage<S>,
    body: impl Fn(&S) -> T,
) -> Result<Response, Problem> {
    let next_cursor = page
        .next
        .as_ref()
        .map(|place| app.cursors.seal_place(place, scope));
    let shown = Shown {
        next_cursor,
        facets: &parts.facets,
        ranges: &parts.ranges,
    };
    tagged(headers, page.position, &SearchBody::new(page, shown, body))
}

/// An answer that says which state of the catalog it is of.
pub(super) fn tagged<B: Serialize>(
    headers: &HeaderMap,
    at: LogPosition,
    body: &B,
) -> Result<Response, Problem> {
    let body = to_bytes(body);
    let tag = strong_tag(&body);
    let mut response = if not_modified(headers, &tag)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, JSON)], body).into_response()
    };
    let told: [(HeaderName, Option<HeaderValue>); 3] = [
        (CACHE_CONTROL, Some(REVALIDATED)),
        (ETAG, HeaderValue::try_from(tag).ok()),
        (CATALOG_POSITION, HeaderValue::try_from(position::write(at)).ok()),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name, value?)));
    response.headers_mut().extend(told);
    Ok(response)
}

/// Faults of a body. What the catalog does not have is told by its own code.
pub(super) fn refused(failure: SearchFailure) -> Problem {
    match failure {
        SearchFailure::Invalid(faults) => match named(&faults) {
            Some((code, detail)) => Problem::bad_request(code, detail).with_faults(faults),
            None => faults.into(),
        },
        other => other.into(),
    }
}

/// The same for faults of query parameters.
pub(super) fn refused_parameter(failure: SearchFailure) -> Problem {
    match failure {
        SearchFailure::Invalid(faults) => parameter(faults),
        other => other.into(),
    }
}

/// Faults whose places are parameters' names.
pub(super) fn parameter(faults: Faults) -> Problem {
    let Some(first) = faults.iter().next() else {
        return faults.into();
    };
    let name = first.pointer.split('/').next().unwrap_or_default().to_owned();
    let (code, detail) = named(&faults).unwrap_or_else(|| {
        let detail = format!("{} {}", first.pointer, first.detail);
        ("invalid_parameter", detail)
    });
    Problem::bad_request(code, detail)
        .with("parameter", name)
        .with_faults(faults)
}

/// The code of the whole problem, where there is one for a fault.
fn named(faults: &Faults) -> Option<(&'static str, String)> {
    let of = |code: &str| faults.iter().find(|fault| fault.code == code);
    let fault = of("filter_unknown_field").or_else(|| of("sort_not_allowed"))?;
    Some((fault.code, fault.detail.clone()))
}

impl From<SearchFailure> for Problem {
    fn from(failure: SearchFailure) -> Self {
        let later = |code, detail: String| {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
                .header(RETRY_AFTER, HeaderValue::from_static("1"))
        };
        match failure {
            SearchFailure::Invalid(faults) => faults.into(),
            SearchFailure::NotReady => later("unavailable", failure.to_string()),
            SearchFailure::NotCaughtUp => later("not_caught_up", failure.to_string()),
            SearchFailure::Store(error) => error.into(),
            SearchFailure::Failed(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a search failed");
                later("unavailable", "the search index failed".to_owned())
            }
            SearchFailure::Audience => {
                tracing::error!("a search for one plane reached the other");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "something went wrong inside the service",
                )
            }
        }
    }
}
