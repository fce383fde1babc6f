//! `POST /v1/categories`, `PUT` and `PATCH /v1/categories/{ref}`.

use application::Faults;
use application::category::{CategoryRef, CategoryRevision};
use axum::extract::{Path, State};
use axum::response::Response;

use super::{receipt, reference};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, CreateOnly, DryRun, WriteHeaders};
use crate::http::v1::products::other_key;
use crate::problem::Problem;
use crate::wire::{CategoryBody, CategoryInput};

/// Create a category
#[utoipa::path(
    post, path = "/v1/categories", tag = "Categories",
    params(DryRun, WriteHeaders),
    request_body(content = CategoryInput, description = "The category"),
    responses(
        (status = 201, description = "The category as created", body = CategoryBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the category"))),
        (status = 200, description = "With `dryRun`: the category as it would be", body = CategoryBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key", "duplicate_slug", "state_conflict"]))),
)]
pub(super) async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let draft = submission.json(|input: CategoryInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app.categories.create(&draft, &context, &receipt).await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Replace or create a category
///
/// Replaces everything that the category says; what is absent is emptied, but a slug is kept. Named by `key:<key>` it
/// is created when it is missing.
#[utoipa::path(
    put, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = CategoryInput, description = "The category"),
    responses(
        (status = 200, description = "The category as replaced", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The category as created", body = CategoryBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the category"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "category_cycle", "state_conflict"]))),
)]
pub(super) async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let draft = submission.json(|input: CategoryInput| {
        let draft = input.parse(&app.default_locale)?;
        match (&category, &draft.key) {
            (CategoryRef::Key(named), Some(key)) if named != key => Err(other_key()),
            _ => Ok(draft),
        }
    })?;
    revise(
        &caller,
        &app,
        &category,
        &|_| Ok(draft.clone()),
        true,
        query,
        &submission,
    )
    .await
}

/// Change parts of a category
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect. Changing `parent` moves the category with all below it.
#[utoipa::path(
    patch, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"position": 3})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/position", "value": 3}])),
    )),
    responses((status = 200, description = "The category as changed", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "category_cycle", "state_conflict"]))),
)]
pub(super) async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let patch = submission.patch()?;
    let revision: CategoryRevision<'_> = &|stored| {
        let Some(stored) = stored else {
            return Err(Faults::default());
        };
        patch.apply(&CategoryInput::from(&stored.content), |input| {
            input.parse(&app.default_locale)
        })
    };
    revise(&caller, &app, &category, revision, false, query, &submission).await
}

async fn revise(
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    category: &CategoryRef,
    revision: CategoryRevision<'_>,
    upsert: bool,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .categories
        .revise(category, revision, &precondition, upsert, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
