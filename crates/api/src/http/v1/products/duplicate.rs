//! `POST /v1/products/{ref}/duplicate`.

use application::product::{Duplication, ProductView};
use axum::extract::{Path, State};
use axum::response::Response;

use super::{receipt_of, reference};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{DryRun, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{DuplicationInput, ProductBody};

/// Duplicate a product
///
/// Creates a draft that says what the product's working copy says, with all of its variants. Names that only one may
/// have are new: slugs are made from the name, SKUs get a suffix, keys and GTINs are left out, and so are relations to
/// products that are deleted. The answer has the first 200 variants.
#[utoipa::path(
    post, path = "/v1/products/{ref}/duplicate", tag = "Products",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, WriteHeaders),
    request_body(content = DuplicationInput, description = "How the new product is to differ"),
    responses(
        (status = 201, description = "The product as created", body = ProductBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the product"))),
        (status = 200, description = "With `dryRun`: the product as it would be", body = ProductBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "duplicate_key", "duplicate_slug", "duplicate_sku", "state_conflict"]))),
)]
pub(super) async fn duplicate(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    let how: Duplication =
        submission.json_or_nothing(|input: DuplicationInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let render = |view: &ProductView, created| receipt_of(&ProductBody::expanded(view), view, created);
    let receipt = app.products.duplicate(&product, &how, &context, &render).await?;
    Ok(reply::written(receipt, context.dry_run))
}
