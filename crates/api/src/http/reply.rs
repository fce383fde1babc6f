//! Answers: single resources, lists, and the receipts of writes.

use application::page::{Page, PageRequest};
use application::store::Receipt;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;

use super::conditions::not_modified;
use super::cursor::{CursorKey, CursorScope};
use super::position;
use crate::problem::Problem;

/// Where in the change log a write stands: who asks for that much at least, reads it everywhere.
pub(super) const CATALOG_POSITION: HeaderName = HeaderName::from_static("catalog-position");

/// Management answers are for one caller and always checked again.
pub(crate) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListBody<T> {
    pub(crate) items: Vec<T>,
    /// Where the next page continues; `null` on the last.
    pub(crate) next_cursor: Option<String>,
    /// With `count=exact` or `count=estimate`: how many items all pages have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    /// `true` when `total` is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total_is_estimate: Option<bool>,
}

/// A resource with its tag, or 304 when the client has it already.
pub(crate) fn resource(
    headers: &HeaderMap,
    body: Bytes,
    etag: &str,
    cache_control: HeaderValue,
) -> Result<Response, Problem> {
    let fresh = not_modified(headers, etag)?;
    let etag = HeaderValue::try_from(etag).map_err(|_| internal())?;
    let common = [(ETAG, etag), (CACHE_CONTROL, cache_control)];
    Ok(if fresh {
        (StatusCode::NOT_MODIFIED, common).into_response()
    } else {
        (common, [(CONTENT_TYPE, JSON)], body).into_response()
    })
}

/// A page of a list.
pub(crate) fn list<T, B: Serialize>(
    page: &Page<T>,
    body: impl Fn(&T) -> B,
    request: &PageRequest,
    key: &CursorKey,
    list: (&str, &impl std::fmt::Debug),
    uri: &Uri,
    cache_control: HeaderValue,
) -> Response {
    let body = list_body(page, body, request, key, list);
    let link = body
        .next_cursor
        .as_ref()
        .and_then(|cursor| next_link(uri, cursor));
    let mut response = ([(CACHE_CONTROL, cache_control)], axum::Json(body)).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    response
}

/// The body of a page.
pub(crate) fn list_body<T, B>(
    page: &Page<T>,
    body: impl Fn(&T) -> B,
    request: &PageRequest,
    key: &CursorKey,
    (name, filter): (&str, &impl std::fmt::Debug),
) -> ListBody<B> {
    let scope = CursorScope::new(name, filter, request.sort);
    ListBody {
        items: page.items.iter().map(body).collect(),
        next_cursor: page.next.map(|position| key.seal(&position, &scope)),
        total: page.total.map(|total| total.items),
        total_is_estimate: page.total.and_then(|total| total.is_estimate.then_some(true)),
    }
}

/// The link to the page after the one at `uri` (RFC 8288).
pub(crate) fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let next = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.filter(|(name, _)| name != "cursor"))
        .append_pair("cursor", cursor)
        .finish();
    HeaderValue::try_from(format!("<{}?{next}>; rel=\"next\"", uri.path())).ok()
}

/// The receipt of a write that left a resource behind.
pub(crate) fn receipt<B: Serialize>(body: &B, etag: Option<String>, created_at: Option<String>) -> Receipt {
    receipt_of(to_bytes(body), etag, created_at)
}

/// The same for a body that is bytes already.
pub(crate) fn receipt_of(body: Bytes, etag: Option<String>, created_at: Option<String>) -> Receipt {
    Receipt {
        status: if created_at.is_some() { 201 } else { 200 },
        etag,
        location: created_at,
        body,
        replayed: false,
        position: None,
    }
}

/// The receipt of a deletion.
pub(crate) const fn deleted() -> Receipt {
    Receipt {
        status: 204,
        etag: None,
        location: None,
        body: Bytes::new(),
        replayed: false,
        position: None,
    }
}

/// What a write answers. A dry run made nothing that could have been created, have a tag or an address.
pub(crate) fn written(receipt: Receipt, dry_run: bool) -> Response {
    let Receipt {
        status,
        etag,
        location,
        body,
        replayed,
        position,
    } = receipt;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let status = if dry_run && status == StatusCode::CREATED {
        StatusCode::OK
    } else {
        status
    };
    let mut response = (status, [(CACHE_CONTROL, PRIVATE)]).into_response();
    let headers = response.headers_mut();
    if !dry_run {
        let kept = [(ETAG, etag), (LOCATION, location)];
        let kept = kept
            .into_iter()
            .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value?).ok()?)));
        headers.extend(kept);
        let position = position.and_then(|at| HeaderValue::try_from(position::write(at)).ok());
        headers.extend(position.map(|position| (CATALOG_POSITION, position)));
    }
    if replayed {
        headers.insert(
            HeaderName::from_static("idempotency-replayed"),
            HeaderValue::from_static("true"),
        );
    }
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, JSON);
        *response.body_mut() = body.into();
    }
    response
}

/// Serialises a wire type. These have only string keys and finite numbers, the two things that could fail.
pub(crate) fn to_bytes<B: Serialize>(body: &B) -> Bytes {
    let mut bytes = serde_json::to_vec(body).unwrap_or_default();
    // It may be kept for long, and what it grew by beyond its end would be kept with it.
    bytes.shrink_to_fit();
    bytes.into()
}

fn internal() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong inside the service",
    )
}
