//! What operators and tools ask: is it alive, is it ready, what version, what numbers, what does a code mean.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::AppState;
use crate::problem::{Problem, codes};
use crate::server::Readiness;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Answers whether the database can be reached.
pub(crate) type Probe = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// What readiness is judged by.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) readiness: Readiness,
    pub(crate) database: Probe,
    /// `up`, `degraded` or `disabled`.
    pub(crate) cache: Arc<dyn Fn() -> &'static str + Send + Sync>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(version))
        .routes(routes!(metrics))
        .routes(routes!(problem))
}

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
struct Live {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process runs
#[utoipa::path(
    get, path = "/health/live", tag = "Operations",
    responses((status = 200, description = "It runs", body = Live)),
    security(()),
)]
async fn live() -> Response {
    ([(CACHE_CONTROL, NO_STORE)], Json(Live { status: "ok" })).into_response()
}

/// Whether requests are welcome, and how the parts are.
#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ok`, `degraded` (all answers are right, some are slower) or `unready`.
    #[schema(example = "ok")]
    status: &'static str,
    /// `up` or `down`.
    #[schema(example = "up")]
    database: &'static str,
    /// `up`, `degraded` (the database answers instead) or `disabled`.
    #[schema(example = "up")]
    cache: &'static str,
}

/// Whether requests are welcome
///
/// 503 while the process shuts down or cannot reach its database. A cache that is away is degraded, not unready.
#[utoipa::path(
    get, path = "/health/ready", tag = "Operations",
    responses(
        (status = 200, description = "Requests are welcome", body = Ready),
        (status = 503, description = "They are not, now", body = Ready),
    ),
    security(()),
)]
async fn ready(State(app): State<AppState>) -> Response {
    let Health {
        readiness,
        database,
        cache,
    } = &app.health;
    let up = database().await;
    let cache = cache();
    let welcome = up && readiness.is_ready();
    let status = match (welcome, cache) {
        (false, _) => "unready",
        (true, "degraded") => "degraded",
        (true, _) => "ok",
    };
    let code = if welcome {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Ready {
        status,
        database: if up { "up" } else { "down" },
        cache,
    };
    (code, [(CACHE_CONTROL, NO_STORE)], Json(body)).into_response()
}

/// What runs.
#[derive(Serialize, ToSchema)]
struct Version {
    #[schema(example = "vitrine")]
    name: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Which version runs
#[utoipa::path(
    get, path = "/version", tag = "Operations",
    responses((status = 200, description = "Name and version", body = Version)),
    security(()),
)]
async fn version() -> Json<Version> {
    Json(Version {
        name: "vitrine",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Metrics in Prometheus' text format
#[utoipa::path(
    get, path = "/metrics", tag = "Operations",
    responses((status = 200, description = "All metrics", body = String, content_type = "text/plain")),
    security(()),
)]
async fn metrics(State(app): State<AppState>) -> Response {
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    (
        [(CONTENT_TYPE, content_type), (CACHE_CONTROL, NO_STORE)],
        (app.metrics)(),
    )
        .into_response()
}

/// What a problem code means.
#[derive(Serialize, ToSchema)]
struct CodePage {
    #[schema(example = "validation_failed")]
    code: &'static str,
    #[schema(example = "Validation failed")]
    title: String,
    /// The HTTP status that comes with it; absent for codes of single faults inside `errors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 422)]
    status: Option<u16>,
    #[schema(example = "The body has the faults listed under `errors`.")]
    meaning: &'static str,
}

/// What a problem code means
///
/// The address that the `type` of a problem document (RFC 9457) leads to.
#[utoipa::path(
    get, path = "/problems/{code}", tag = "Operations",
    params(("code" = String, Path, description = "A code", example = "validation_failed")),
    responses((status = 200, description = "The code explained", body = CodePage)),
    security(()),
    extensions(("x-problem-codes" = json!(["resource_not_found"]))),
)]
async fn problem(Path(code): Path<String>) -> Result<Response, Problem> {
    let known = codes::find(&code).ok_or_else(|| Problem::not_found("problem code"))?;
    Ok(Json(CodePage {
        code: known.code,
        title: codes::title(known.code),
        status: (known.status != codes::ITEM).then_some(known.status),
        meaning: known.meaning,
    })
    .into_response())
}
