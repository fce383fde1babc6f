//! `DELETE /v1/categories/{ref}` and `POST /v1/categories/{ref}/restore`.

use application::category::{OnChildren, OnProducts, Removal};
use axum::extract::{Path, State};
use axum::response::Response;

use super::{named, receipt, reference};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::{Query, invalid};
use crate::http::reply;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{CategoryBody, category_ref};

/// Delete a category
///
/// Soft, and refused while products or categories are in it, unless the request says what becomes of them. All of that
/// is one commit, of at most 5,000 products and as many categories; every product that changes gets a new version.
#[utoipa::path(
    delete, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        ("onProducts" = Option<String>, Query, description = "`refuse` (when absent), `unassign`: the products lose the category, or `move`: they get the category `to` instead. That is staged: a category in which shoppers still see products is refused until these are published without it"),
        ("to" = Option<String>, Query, description = "With `onProducts=move`: id, `key:<key>` or `slug:<slug>`"),
        ("onChildren" = Option<String>, Query, description = "`refuse` (when absent), `reparent`: the categories below move up to the parent, or `delete`: all below are deleted too"),
        DryRun, Conditional, WriteHeaders,
    ),
    responses((status = 204, description = "The category is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced"]))),
)]
pub(super) async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let removal = removal(&app, &mut query).await?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .categories
        .remove(&category, removal, &precondition, &context, &|_, _| {
            reply::deleted()
        })
        .await?;
    Ok(reply::written(written, context.dry_run))
}

async fn removal(app: &App, query: &mut Query) -> Result<Removal, Problem> {
    let to = query.parse("to", |to| category_ref(&to, &app.default_locale))?;
    let children = match query.take("onChildren")?.as_deref() {
        None | Some("refuse") => OnChildren::Refuse,
        Some("reparent") => OnChildren::Reparent,
        Some("delete") => OnChildren::Delete,
        Some(_) => return Err(invalid("onChildren", "must be refuse, reparent or delete")),
    };
    let products = match (query.take("onProducts")?.as_deref(), to) {
        (Some("move"), Some(to)) => OnProducts::Move(named(app, "to", &to).await?),
        (Some("move"), None) => return Err(invalid("to", "must be there when products are moved")),
        (_, Some(_)) => return Err(invalid("to", "can only be there when products are moved")),
        (None | Some("refuse"), None) => OnProducts::Refuse,
        (Some("unassign"), None) => OnProducts::Unassign,
        (Some(_), None) => return Err(invalid("onProducts", "must be refuse, unassign or move")),
    };
    Ok(Removal { products, children })
}

/// Restore a category
///
/// Undoes its deletion; its parent must not be deleted. What was deleted along with it, or lost it, stays as it is.
#[utoipa::path(
    post, path = "/v1/categories/{ref}/restore", tag = "Categories",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The category as restored", body = CategoryBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_slug"]))),
)]
pub(super) async fn restore(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .categories
        .restore(&category, &precondition, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
