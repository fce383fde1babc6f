//! The past of categories. Their paths are those of the tree as it is now.

use application::category::CategoryRevision;
use application::history::History;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::category::CategoryState;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Past;
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::categories::{past_view, receipt, reference, tag};
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{CategoryBody, CategoryInput, RevertInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    told().routes(routes!(revert))
}

pub(in crate::http::v1) struct CategoryPast;

impl Past for CategoryPast {
    type State = CategoryState;
    type Body = CategoryBody;

    const KIND: &'static str = "category";

    fn history(app: &App) -> &History<CategoryState> {
        &app.histories.categories
    }

    fn id(category: &CategoryState) -> Uuid {
        category.id.uuid()
    }

    async fn find(app: &App, text: &str) -> Result<CategoryState, Problem> {
        let category = reference(text, &app.default_locale)?;
        let found = app.category_reader.find(&category, true).await?;
        Ok(found.ok_or_else(|| Problem::not_found(Self::KIND))?.category)
    }

    async fn body(app: &App, category: &CategoryState) -> Result<(CategoryBody, String), Problem> {
        let view = past_view(app, category.clone()).await?;
        Ok((CategoryBody::from(&view), tag(&view)))
    }
}

super::told::told! {
    CategoryPast as CategoryBody,
    tag: "Categories", prefix: "", noun: "category",
    path: "/v1/categories/{ref}", by: ("ref", "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", "key:kettles"),
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
    let then = super::target::<CategoryPast>(&app, &text, &submission).await?;
    let draft = CategoryInput::from(&then.content)
        .parse(&app.default_locale)
        .map_err(super::unfit)?;
    let revision: CategoryRevision<'_> = &|_| Ok(draft.clone());
    let written = app
        .categories
        .revise(&category, revision, &precondition, false, &context, &receipt)
        .await
        .map_err(super::unfit)?;
    Ok(reply::written(written, context.dry_run))
}
