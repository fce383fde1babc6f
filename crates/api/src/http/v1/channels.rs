//! Channels under `/v1/channels`.

use application::Faults;
use application::cache::Schema;
use application::channel::ChannelDraft;
use application::history::History;
use application::resource::Resources;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::channel::{ChannelContent, ChannelState};
use domain::value::Locale;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::parameters::{
    AsOf, Conditional, CreateOnly, Demanded, DryRun, Fields, PageParameters, Revalidate, WriteHeaders,
};
use super::resources::{self, Call, Kind};
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply::ListBody;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{ChannelInput, ResourceBody};

pub(super) struct ChannelKind;

impl Kind for ChannelKind {
    type Content = ChannelContent;
    type Input = ChannelInput;
    type Draft = ChannelDraft;

    const PATH: &'static str = "/v1/channels";
    const SCHEMA: &'static str = "ch1";
    const CACHED: Schema = Schema::new("h1");

    fn service(app: &App) -> &Resources<ChannelContent, ChannelDraft> {
        &app.channels
    }

    fn history(app: &App) -> &History<ChannelState> {
        &app.histories.channels
    }

    fn parse(input: ChannelInput, default_locale: &Locale) -> Result<ChannelDraft, Faults> {
        input.parse(default_locale)
    }

    fn key(input: &mut ChannelInput) -> &mut Option<String> {
        &mut input.key
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, patch, delete))
        .routes(routes!(restore))
}

/// List channels
#[utoipa::path(
    get, path = "/v1/channels", tag = "Channels",
    params(
        ("deleted" = Option<bool>, Query, description = "Only deleted channels, where otherwise only those that are not"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of channels", body = ListBody<ResourceBody<ChannelInput>>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    query: Query,
) -> Result<Response, Problem> {
    resources::list::<ChannelKind>(&app, &uri, query).await
}

/// Create a channel
#[utoipa::path(
    post, path = "/v1/channels", tag = "Channels",
    params(DryRun, WriteHeaders),
    request_body(content = ChannelInput, description = "The channel"),
    responses(
        (status = 201, description = "The channel as created", body = ResourceBody<ChannelInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the channel"))),
        (status = 200, description = "With `dryRun`: the channel as it would be", body = ResourceBody<ChannelInput>),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key"]))),
)]
async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::create::<ChannelKind>(Call::new(&caller, &app, query, &submission)).await
}

/// Read a channel
#[utoipa::path(
    get, path = "/v1/channels/{ref}", tag = "Channels",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:default"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The channel", body = ResourceBody<ChannelInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    resources::get::<ChannelKind>(&app, &text, query, &headers).await
}

/// Replace or create a channel
///
/// Replaces everything that the channel says. Named by `key:<key>` it is created when it is missing.
#[utoipa::path(
    put, path = "/v1/channels/{ref}", tag = "Channels",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:default"),
        DryRun, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = ChannelInput, description = "The channel"),
    responses(
        (status = 200, description = "The channel as replaced", body = ResourceBody<ChannelInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The channel as created", body = ResourceBody<ChannelInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the channel"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key"]))),
)]
async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::replace::<ChannelKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Change parts of a channel
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect.
#[utoipa::path(
    patch, path = "/v1/channels/{ref}", tag = "Channels",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:default"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"name": {"en": "Web"}})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/name/en", "value": "Web"}])),
    )),
    responses((status = 200, description = "The channel as changed", body = ResourceBody<ChannelInput>, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key"]))),
)]
async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::patch::<ChannelKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Delete a channel
///
/// Soft, and only when nothing refers to it.
#[utoipa::path(
    delete, path = "/v1/channels/{ref}", tag = "Channels",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:default"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The channel is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced"]))),
)]
async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::delete::<ChannelKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Restore a channel
///
/// Undoes its deletion.
#[utoipa::path(
    post, path = "/v1/channels/{ref}/restore", tag = "Channels",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:default"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The channel as restored", body = ResourceBody<ChannelInput>)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key"]))),
)]
async fn restore(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::restore::<ChannelKind>(Call::new(&caller, &app, query, &submission), &text).await
}
