//! The cache for those who run the service: `/v1/admin/cache`.

use application::cache::{Cache, Purge};
use application::store::StoreError;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::auth::{Authorized, CatalogAdmin};
use crate::http::query::Query;
use crate::http::reply::PRIVATE;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{CacheBody, PurgeInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(report))
        .routes(routes!(purge))
}

/// See how the cache is
///
/// As this instance sees it: what it keeps, what it did since it started, which instances share the cache.
#[utoipa::path(
    get, path = "/v1/admin/cache", tag = "Operations", operation_id = "cache",
    responses((status = 200, description = "The cache", body = CacheBody)),
    security(("token" = ["catalog:admin"])),
)]
async fn report(
    _: Authorized<CatalogAdmin>,
    State(app): State<AppState>,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let cache = app.answers.cache();
    let body = match cache {
        Some(cache) => CacheBody::of(&cache.report().await, cache.policy()),
        None => CacheBody::disabled(),
    };
    Ok(([(CACHE_CONTROL, PRIVATE)], Json(body)).into_response())
}

/// Have the cache forget
///
/// Everything, all that depends on a scope, or all that is kept about one resource; on every instance, before this is
/// answered. Writes do by themselves what is needed: this is for those who changed the database in other ways.
#[utoipa::path(
    post, path = "/v1/admin/cache/purge", tag = "Operations", operation_id = "purge_cache",
    request_body(content = PurgeInput, description = "What is to be forgotten: exactly one of the members"),
    responses((status = 204, description = "It is forgotten")),
    security(("token" = ["catalog:admin"])),
    extensions(("x-problem-codes" = json!(["@body"]))),
)]
async fn purge(
    _: Authorized<CatalogAdmin>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let what = submission.json(PurgeInput::parse)?;
    query.finish()?;
    if let Some(cache) = app.answers.cache() {
        forget(cache, what).await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn forget(cache: &Cache, what: Purge) -> Result<(), Problem> {
    let forgotten = cache.purge(what).await;
    // This instance has forgotten; that the others have cannot be said.
    Ok(forgotten.map_err(|error| StoreError::Unavailable(error.into()))?)
}
