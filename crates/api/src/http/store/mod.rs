//! The store plane: published only, anonymous, and the same for everyone, so that any CDN can keep it. Nothing is written
//! but that a product was looked at.
//!
//! Invariant: whatever an answer depends on is in its address or in the clock, and it is kept no longer than until the
//! clock changes it. In the cache it is under the entity of the one product that it shows, or under the generations of
//! the scopes that it depends on; both hold all of its context.

mod categories;
mod channel;
mod context;
mod names;
mod prices;
mod products;
mod related;
mod search;
mod views;

use std::sync::Arc;
use std::time::Duration;

use application::cache::{Answer, Basis, Source};
use application::cdn::EVERYTHING;
use application::storefront::Freshness;
use axum::response::Response;
use domain::Timestamp;
use http::header::LINK;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::context::Context;
use super::cached::{self, CACHE_STATUS};
use super::reply;
use super::state::{App, AppState};
use crate::problem::Problem;
use crate::server::{REMEMBERED, Repeatable};

const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(categories::tree))
        .routes(routes!(categories::category))
        .routes(routes!(prices::prices))
        .routes(routes!(products::list))
        .routes(routes!(products::get))
        .routes(routes!(related::related))
        .routes(routes!(search::by_parameters, search::by_description))
        .routes(routes!(search::suggest))
        .routes(routes!(views::trending))
        .routes(routes!(views::view))
}

/// How long shared caches may keep an answer that is another one after `next_change`.
fn cache_control(app: &App, next_change: Option<Timestamp>) -> HeaderValue {
    // Now, and not when the question was asked: what the answer took is over.
    let Freshness { fresh, stale } = freshness(app, next_change, Duration::ZERO);
    let (fresh, stale) = (fresh.as_secs(), stale.as_secs());
    let value = format!(
        "public, max-age=0, s-maxage={fresh}, stale-while-revalidate={stale}, stale-if-error={stale}"
    );
    HeaderValue::try_from(value).unwrap_or(NOT_KEPT)
}

fn freshness(app: &App, next_change: Option<Timestamp>, later: Duration) -> Freshness {
    Freshness::until(next_change, app.clock.now() + later, app.store_max_age)
}

const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-cache");

/// An answer that a CDN can keep, revalidate and purge; 404 where there is no `kind`.
fn respond(
    app: &AppState,
    headers: &HeaderMap,
    context: &Context,
    answer: &Answer,
    kind: &str,
    surrogate_keys: &str,
) -> Result<Response, Problem> {
    let cache_control = match answer.source {
        // Whoever asks next may be told better.
        Source::Stale => NOT_KEPT,
        _ => cache_control(app, answer.true_until()),
    };
    let mut response = cached::respond(headers, answer, kind, cache_control)?;
    let keys = HeaderValue::try_from(format!("{surrogate_keys} {EVERYTHING}"));
    response
        .headers_mut()
        .extend(keys.into_iter().map(|keys| (SURROGATE_KEY, keys)));
    // What it says of its own end has to stay the same until it is forgotten.
    let stays = |_: &Basis| {
        let [now, later] =
            [Duration::ZERO, REMEMBERED].map(|later| freshness(app, answer.true_until(), later));
        now == later
    };
    if let Some(basis) = context.reading.basis().filter(stays) {
        let (basis, answers) = (Arc::new(basis), app.answers.clone());
        let (standing, asked) = (Arc::clone(&basis), answers.clone());
        response.extensions_mut().insert(Repeatable {
            stands: Arc::new(move || asked.stands(&standing)),
            repeated: Arc::new(move || answers.repeated(&basis)),
            sign: (CACHE_STATUS, cached::REMEMBERED),
        });
    }
    Ok(response)
}

/// The same for a page, whose facts are the cursor of the next one.
fn respond_with_page(
    app: &AppState,
    headers: &HeaderMap,
    context: &Context,
    answer: &Answer,
    surrogate_keys: &str,
    uri: &Uri,
) -> Result<Response, Problem> {
    let mut response = respond(app, headers, context, answer, "product", surrogate_keys)?;
    let cursor = std::str::from_utf8(&answer.entry().facts).unwrap_or_default();
    if !cursor.is_empty()
        && let Some(link) = reply::next_link(uri, cursor)
    {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}
