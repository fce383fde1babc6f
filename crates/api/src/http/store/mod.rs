//! The store plane: published only, anonymous, and the same for everyone, so that any CDN can keep it. Nothing is written
//! but that a product was looked at.
//!
//! Invariant: whatever an answer depends on is in its address or in the clock, and it is kept no longer than until the
//! clock changes it.

mod categories;
mod context;
mod prices;
mod products;
mod related;
mod views;

use axum::response::Response;
use bytes::Bytes;
use domain::Timestamp;
use http::header::LINK;
use http::{HeaderMap, HeaderName, HeaderValue};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::context::Context;
use super::conditions::strong_tag;
use super::reply;
use super::state::{App, AppState};
use crate::problem::Problem;
use application::storefront::Freshness;

const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// What every answer that shows more than one product can be purged by.
const PRODUCTS: &str = "products";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(categories::tree))
        .routes(routes!(categories::category))
        .routes(routes!(prices::prices))
        .routes(routes!(products::list))
        .routes(routes!(products::get))
        .routes(routes!(related::related))
        .routes(routes!(views::trending))
        .routes(routes!(views::view))
}

/// How long shared caches may keep an answer that is another one after `next_change`.
fn cache_control(app: &App, next_change: Option<Timestamp>) -> HeaderValue {
    // Now, and not when the question was asked: what the answer took is over.
    let Freshness { fresh, stale } = Freshness::until(next_change, app.clock.now(), app.store_max_age);
    let value = format!(
        "public, max-age=0, s-maxage={}, stale-while-revalidate={}",
        fresh.as_secs(),
        stale.as_secs()
    );
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// An answer that a CDN can keep, revalidate and purge.
fn answer(
    headers: &HeaderMap,
    body: Bytes,
    cache_control: HeaderValue,
    surrogate_key: &str,
    link: Option<HeaderValue>,
) -> Result<Response, Problem> {
    let etag = strong_tag(&body);
    let mut response = reply::resource(headers, body, &etag, cache_control)?;
    if let Ok(key) = HeaderValue::try_from(surrogate_key) {
        response.headers_mut().insert(SURROGATE_KEY, key);
    }
    if let Some(link) = link {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
