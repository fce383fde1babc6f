//! `POST /v1/products`.

use application::access::Scope;
use application::product::{NewProduct, ProductView};
use axum::extract::State;
use axum::response::Response;

use super::receipt_of;
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{DryRun, Publish, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{ProductBody, ProductInput};

/// Create a product
///
/// With `variants`, at most 200 of them are created in the same transaction: all or nothing. The answer has them too.
#[utoipa::path(
    post, path = "/v1/products", tag = "Products",
    params(DryRun, Publish, WriteHeaders),
    request_body(content = ProductInput, description = "The product"),
    responses(
        (status = 201, description = "The product as created", body = ProductBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the product"))),
        (status = 200, description = "With `dryRun`: the product as it would be", body = ProductBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin", "state_conflict"]))),
)]
pub(super) async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let publish = query.flag("publish")?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    if publish {
        caller.require(Scope::CatalogPublish)?;
    }
    let (draft, variants) =
        submission.json(|input: ProductInput| input.parse_with_variants(&app.default_locale))?;
    let new = NewProduct {
        draft,
        variants,
        publish,
    };
    let render = |view: &ProductView, created| receipt_of(&ProductBody::expanded(view), view, created);
    let receipt = app.products.create(&new, &context, &render).await?;
    Ok(reply::written(receipt, context.dry_run))
}
