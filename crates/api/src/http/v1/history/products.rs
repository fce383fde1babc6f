//! The past of products.

use application::product::{ReviseOptions, Revision};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::ProductState;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Subject;
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::conditions::version_tag;
use crate::http::query::Query;
use crate::http::reply::{self, ListBody};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, HistoryParameters, Revalidate, WriteHeaders};
use crate::http::v1::products::{SCHEMA, receipt, reference};
use crate::problem::Problem;
use crate::wire::{DiffBody, HistoryEntryBody, ProductBody, ProductInput, RevertInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(diff))
        .routes(routes!(revert))
}

/// The product, be it deleted.
async fn subject(app: &App, text: &str) -> Result<Subject, Problem> {
    let product = reference(text, &app.default_locale)?;
    let found = app.product_reader.find(&product, true).await?;
    let found = found.ok_or_else(|| Problem::not_found("product"))?;
    Ok(Subject {
        id: found.id.uuid(),
        now: found.record,
    })
}

fn body(product: &ProductState) -> (ProductBody, String) {
    let tag = version_tag(product.record.version, SCHEMA);
    (ProductBody::from(product), tag)
}

/// List the versions of a product
///
/// The newest first; of a deleted product too.
#[utoipa::path(
    get, path = "/v1/products/{ref}/history", tag = "Products", operation_id = "history",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:enamel-kettle"), HistoryParameters),
    responses((status = 200, description = "A page of versions", body = ListBody<HistoryEntryBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    uri: Uri,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    super::list(&app, &app.histories.products, &subject, &uri, query).await
}

/// Read a version of a product
///
/// The product as it was when it came to this version.
#[utoipa::path(
    get, path = "/v1/products/{ref}/history/{version}", tag = "Products", operation_id = "version",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:enamel-kettle"),
        ("version" = i64, Path, description = "A version", example = 1),
        Revalidate,
    ),
    responses(
        (status = 200, description = "The product at that version", body = ProductBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn show(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path((text, version)): Path<(String, String)>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    let state = super::version(&app.histories.products, &subject, &version, query).await?;
    super::shown(&headers, &body(&state))
}

/// Compare two versions of a product
///
/// What makes the one into the other, as a JSON Patch (RFC 6902); either may be the older.
#[utoipa::path(
    get, path = "/v1/products/{ref}/diff", tag = "Products", operation_id = "diff",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:enamel-kettle"),
        ("from" = i64, Query, description = "A version", example = 1),
        ("to" = i64, Query, description = "Another version", example = 3),
    ),
    responses((status = 200, description = "The differences", body = DiffBody)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn diff(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    let [from, to] = super::two(&app.histories.products, &subject, query).await?;
    let (before, after) = (body(&from).0, body(&to).0);
    Ok(super::differences(
        (from.record.version, &before),
        (to.record.version, &after),
    ))
}

/// Bring a product back to a version
///
/// Writes what it said then as a new version, by the rules that hold now: what it referred to must still exist, and its
/// names must be free. Where it stands in its life stays as it is.
#[utoipa::path(
    post, path = "/v1/products/{ref}/revert", tag = "Products", operation_id = "revert",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = RevertInput, description = "The version"),
    responses((status = 200, description = "The product as it is now", body = ProductBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "state_conflict", "history_expired"]))),
)]
async fn revert(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let subject = subject(&app, &text).await?;
    let then = super::target(&app.histories.products, &subject, &submission).await?;
    let draft = ProductInput::from(&then.content).parse(&app.default_locale)?;
    let revision: Revision<'_> = &|_| Ok(draft.clone());
    let options = ReviseOptions {
        precondition,
        ..ReviseOptions::default()
    };
    let written = app
        .products
        .revise(&product, revision, &options, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
