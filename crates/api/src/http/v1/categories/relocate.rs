//! `POST /v1/categories/{ref}/move`.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{receipt, reference};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{CategoryBody, RelocationInput};

/// Move a category
///
/// With all below it, to another parent, another place among its siblings, or both. Of two moves at the same time that
/// would make a cycle together one fails. Where its new siblings leave no room between them, because they share a
/// position, they are numbered anew in the same commit, which gives them new versions.
#[utoipa::path(
    post, path = "/v1/categories/{ref}/move", operation_id = "move", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = RelocationInput, description = "Where to", example = json!({"parent": "key:kitchen"})),
    responses((status = 200, description = "The category where it is now", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "category_cycle", "state_conflict"]))),
)]
pub(super) async fn relocate(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let to = submission.json(|input: RelocationInput| input.parse(&app.default_locale))?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .categories
        .relocate(&category, &to, &precondition, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
