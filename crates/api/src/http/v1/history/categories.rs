//! The past of categories. Their paths are those of the tree as it is now.

use application::category::CategoryRevision;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::category::CategoryState;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Subject;
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply::{self, ListBody};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::categories::{past_view, receipt, reference, tag};
use crate::http::v1::parameters::{Conditional, DryRun, HistoryParameters, Revalidate, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{CategoryBody, CategoryInput, DiffBody, HistoryEntryBody, RevertInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(diff))
        .routes(routes!(revert))
}

/// The category, be it deleted.
async fn subject(app: &App, text: &str) -> Result<Subject, Problem> {
    let category = reference(text, &app.default_locale)?;
    let found = app.category_reader.find(&category, true).await?;
    let found = found.ok_or_else(|| Problem::not_found("category"))?;
    Ok(Subject {
        id: found.category.id.uuid(),
        now: found.category.record,
    })
}

async fn body(app: &App, category: &CategoryState) -> Result<(CategoryBody, String), Problem> {
    let view = past_view(app, category.clone()).await?;
    Ok((CategoryBody::from(&view), tag(&view)))
}

/// List the versions of a category
///
/// The newest first; of a deleted category too.
#[utoipa::path(
    get, path = "/v1/categories/{ref}/history", tag = "Categories", operation_id = "history",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:kettles"), HistoryParameters),
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
    super::list(&app, &app.histories.categories, &subject, &uri, query).await
}

/// Read a version of a category
///
/// The category as it was when it came to this version.
#[utoipa::path(
    get, path = "/v1/categories/{ref}/history/{version}", tag = "Categories", operation_id = "version",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:kettles"),
        ("version" = i64, Path, description = "A version", example = 1),
        Revalidate,
    ),
    responses(
        (status = 200, description = "The category at that version", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version"))),
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
    let state = super::version(&app.histories.categories, &subject, &version, query).await?;
    super::shown(&headers, &body(&app, &state).await?)
}

/// Compare two versions of a category
///
/// What makes the one into the other, as a JSON Patch (RFC 6902); either may be the older.
#[utoipa::path(
    get, path = "/v1/categories/{ref}/diff", tag = "Categories", operation_id = "diff",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", example = "key:kettles"),
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
    let [from, to] = super::two(&app.histories.categories, &subject, query).await?;
    let (before, after) = (body(&app, &from).await?.0, body(&app, &to).await?.0);
    Ok(super::differences(
        (from.record.version, &before),
        (to.record.version, &after),
    ))
}

/// Bring a category back to a version
///
/// Writes what it said then as a new version, by the rules that hold now: what it referred to must still exist, and its
/// names must be free. Where it stands in its life stays as it is.
#[utoipa::path(
    post, path = "/v1/categories/{ref}/revert", tag = "Categories", operation_id = "revert",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = RevertInput, description = "The version"),
    responses((status = 200, description = "The category as it is now", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "category_cycle", "state_conflict", "history_expired"]))),
)]
async fn revert(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let subject = subject(&app, &text).await?;
    let then = super::target(&app.histories.categories, &subject, &submission).await?;
    let draft = CategoryInput::from(&then.content).parse(&app.default_locale)?;
    let revision: CategoryRevision<'_> = &|_| Ok(draft.clone());
    let written = app
        .categories
        .revise(&category, revision, &precondition, false, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
