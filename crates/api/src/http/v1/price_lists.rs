//! Price lists under `/v1/price-lists`, and the prices of one list at once.

use application::Faults;
use application::cache::Schema;
use application::history::History;
use application::pricing::{PriceListDraft, UpsertCounts};
use application::resource::Resources;
use application::store::Receipt;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use domain::pricing::{PriceListContent, PriceListState};
use domain::value::Locale;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::parameters::{
    AsOf, Conditional, CreateOnly, Demanded, DryRun, Fields, PageParameters, Revalidate, WriteHeaders,
};
use super::resources::{self, Call, Kind};
use crate::http::auth::{Authorized, CatalogRead, PricesWrite};
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody};
use crate::http::router::MANY_PRICES;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{PriceLinesInput, PriceListInput, ResourceBody, UpsertBody, resource_ref};

pub(super) struct PriceListKind;

impl Kind for PriceListKind {
    type Content = PriceListContent;
    type Input = PriceListInput;
    type Draft = PriceListDraft;

    const PATH: &'static str = "/v1/price-lists";
    const SCHEMA: &'static str = "pl1";
    const CACHED: Schema = Schema::new("l1");

    fn service(app: &App) -> &Resources<PriceListContent, PriceListDraft> {
        &app.price_lists
    }

    fn history(app: &App) -> &History<PriceListState> {
        &app.histories.price_lists
    }

    fn parse(input: PriceListInput, default_locale: &Locale) -> Result<PriceListDraft, Faults> {
        input.parse(default_locale)
    }

    fn key(input: &mut PriceListInput) -> &mut Option<String> {
        &mut input.key
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    let many = OpenApiRouter::new()
        .routes(routes!(upsert))
        .layer(DefaultBodyLimit::max(MANY_PRICES));
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, patch, delete))
        .routes(routes!(restore))
        .merge(many)
}

/// List price lists
#[utoipa::path(
    get, path = "/v1/price-lists", tag = "Pricing", operation_id = "list_lists",
    params(
        ("deleted" = Option<bool>, Query, description = "Only deleted lists, where otherwise only those that are not"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of price lists", body = ListBody<ResourceBody<PriceListInput>>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    query: Query,
) -> Result<Response, Problem> {
    resources::list::<PriceListKind>(&app, &uri, query).await
}

/// Create a price list
#[utoipa::path(
    post, path = "/v1/price-lists", tag = "Pricing", operation_id = "create_list",
    params(DryRun, WriteHeaders),
    request_body(content = PriceListInput, description = "The price list"),
    responses(
        (status = 201, description = "The price list as created", body = ResourceBody<PriceListInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the price list"))),
        (status = 200, description = "With `dryRun`: the price list as it would be", body = ResourceBody<PriceListInput>),
    ),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key"]))),
)]
async fn create(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::create::<PriceListKind>(Call::new(&caller, &app, query, &submission)).await
}

/// Read a price list
#[utoipa::path(
    get, path = "/v1/price-lists/{ref}", tag = "Pricing", operation_id = "get_list",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:base"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The price list", body = ResourceBody<PriceListInput>, headers(("ETag" = String, description = "Tag of the version"))),
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
    resources::get::<PriceListKind>(&app, &text, query, &headers).await
}

/// Replace or create a price list
///
/// Replaces everything that the list says of itself; its prices stay. Named by `key:<key>` it is created when it is
/// missing.
#[utoipa::path(
    put, path = "/v1/price-lists/{ref}", tag = "Pricing", operation_id = "replace_list",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:summer-sale"),
        DryRun, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = PriceListInput, description = "The price list"),
    responses(
        (status = 200, description = "The price list as replaced", body = ResourceBody<PriceListInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The price list as created", body = ResourceBody<PriceListInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the price list"))),
    ),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key"]))),
)]
async fn replace(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::replace::<PriceListKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Change parts of a price list
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect.
#[utoipa::path(
    patch, path = "/v1/price-lists/{ref}", tag = "Pricing", operation_id = "patch_list",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:summer-sale"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"status": "inactive"})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/status", "value": "inactive"}])),
    )),
    responses((status = 200, description = "The price list as changed", body = ResourceBody<PriceListInput>, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key"]))),
)]
async fn patch(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::patch::<PriceListKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Delete a price list
///
/// Soft, and only when no prices are left in it. The list `base` stays: the prices that variants carry stand in it.
#[utoipa::path(
    delete, path = "/v1/price-lists/{ref}", tag = "Pricing", operation_id = "delete_list",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:summer-sale"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The price list is deleted")),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced"]))),
)]
async fn delete(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::delete::<PriceListKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Restore a price list
///
/// Undoes its deletion.
#[utoipa::path(
    post, path = "/v1/price-lists/{ref}/restore", tag = "Pricing", operation_id = "restore_list",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:summer-sale"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The price list as restored", body = ResourceBody<PriceListInput>)),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key"]))),
)]
async fn restore(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::restore::<PriceListKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Write many prices of a list
///
/// At most 5,000 lines, all or none of them. A line is written over the price that the list has with the same variant,
/// currency, quantity and start; where there is none it is added. Prices that no line speaks of stay. The body may have
/// 4 MiB.
#[utoipa::path(
    put, path = "/v1/price-lists/{ref}/prices", tag = "Pricing", operation_id = "upsert_prices",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:base"), DryRun, WriteHeaders),
    request_body(content = PriceLinesInput, description = "The prices"),
    responses((status = 200, description = "How many were created, updated, and already so", body = UpsertBody)),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "price_overlap"]))),
)]
async fn upsert(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let list = resource_ref(&text).map_err(|error| invalid("ref", &error.to_string()))?;
    let lines = submission.json(|input: PriceLinesInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app.prices.upsert(&list, &lines, &context, &counted).await?;
    Ok(reply::written(receipt, context.dry_run))
}

fn counted(counts: &UpsertCounts, _: bool) -> Receipt {
    reply::receipt(&UpsertBody::from(counts), None, None)
}
