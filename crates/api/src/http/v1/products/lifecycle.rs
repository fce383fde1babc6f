//! `POST /v1/products/{ref}/publish`, `/discard-draft`, `/unpublish`, `/archive`, `/restore`, and `DELETE /v1/products/{ref}`.

use application::access::Scope;
use application::product::{LifecycleStep, ProductView};
use application::store::Receipt;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{receipt, reference};
use crate::http::auth::{Authorized, CatalogPublish, CatalogWrite, RequiredScope};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::problem::Problem;
use crate::wire::ProductBody;

/// Publish a product
///
/// Makes the working copies of the product and its variants what shoppers see. Where they see them already the product
/// stays as it is.
#[utoipa::path(
    post, path = "/v1/products/{ref}/publish", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product as published", body = ProductBody)),
    security(("token" = ["catalog:publish"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin"]))),
)]
pub(super) async fn publish(
    caller: Authorized<CatalogPublish>,
    state: State<AppState>,
    path: Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        LifecycleStep::Publish,
        &receipt,
        &caller,
        state,
        path,
        query,
        submission,
    )
    .await
}

/// Discard unpublished changes
///
/// Makes the published copies of the product and its variants their working copies again. Variants that were never
/// published are deleted.
#[utoipa::path(
    post, path = "/v1/products/{ref}/discard-draft", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product as it is published", body = ProductBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin"]))),
)]
pub(super) async fn discard_draft(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .products
        .discard_draft(&product, &precondition, &context, &receipt)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Take a product out of the store
///
/// Brings a published product back to a draft, at once.
#[utoipa::path(
    post, path = "/v1/products/{ref}/unpublish", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product as a draft", body = ProductBody)),
    security(("token" = ["catalog:publish"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict"]))),
)]
pub(super) async fn unpublish(
    caller: Authorized<CatalogPublish>,
    state: State<AppState>,
    path: Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        LifecycleStep::Unpublish,
        &receipt,
        &caller,
        state,
        path,
        query,
        submission,
    )
    .await
}

/// Archive a product
///
/// Takes it out of the store for good, at once; `restore` brings it back as a draft.
#[utoipa::path(
    post, path = "/v1/products/{ref}/archive", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product as archived", body = ProductBody)),
    security(("token" = ["catalog:publish"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict"]))),
)]
pub(super) async fn archive(
    caller: Authorized<CatalogPublish>,
    state: State<AppState>,
    path: Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        LifecycleStep::Archive,
        &receipt,
        &caller,
        state,
        path,
        query,
        submission,
    )
    .await
}

/// Restore a product
///
/// Undoes a deletion, with the variants that were deleted with the product; else brings an archived product back as a
/// draft.
#[utoipa::path(
    post, path = "/v1/products/{ref}/restore", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product as restored", body = ProductBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin"]))),
)]
pub(super) async fn restore(
    caller: Authorized<CatalogWrite>,
    state: State<AppState>,
    path: Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        LifecycleStep::Restore,
        &receipt,
        &caller,
        state,
        path,
        query,
        submission,
    )
    .await
}

/// Delete a product
///
/// Soft: the product and its variants are out of every list and can be restored; their keys, slugs, SKUs and GTINs
/// are free again. With `permanent=true`, for which the scope `catalog:admin` is needed, nothing is kept of the product, its
/// variants and their prices, in no history either; a product that is deleted already is found too. While others name
/// it in their relations or attributes that is refused, with how many they are (`affected`) and the ids of some (`sample`).
#[utoipa::path(
    delete, path = "/v1/products/{ref}", tag = "Products",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), 
        ("permanent" = Option<bool>, Query, description = "`true` leaves nothing of the product, for good"),
        DryRun, Conditional, WriteHeaders,
    ),
    responses((status = 204, description = "The product is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "referenced"]))),
)]
pub(super) async fn delete(
    caller: Authorized<CatalogWrite>,
    state: State<AppState>,
    path: Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let render = |_: &ProductView, _| reply::deleted();
    let step = if query.flag("permanent")? {
        caller.require(Scope::CatalogAdmin)?;
        LifecycleStep::Erase
    } else {
        LifecycleStep::Delete
    };
    advance(step, &render, &caller, state, path, query, submission).await
}

async fn advance<S: RequiredScope>(
    step: LifecycleStep,
    render: &(dyn Fn(&ProductView, bool) -> Receipt + Send + Sync),
    caller: &Authorized<S>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .products
        .advance(&product, step, &precondition, &context, render)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}
