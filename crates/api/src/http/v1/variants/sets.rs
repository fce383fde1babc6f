//! Requests about many variants: making them from option axes, ordering them and looking them up.

use application::product::{Generated, VariantNames};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::product::VariantState;
use http::header::CACHE_CONTROL;

use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply::{self, PRIVATE};
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{DryRun, WriteHeaders};
use crate::http::v1::products::reference as product_reference;
use crate::problem::Problem;
use crate::wire::{GeneratedBody, GenerationInput, LookupBody, LookupInput, OrderBody, OrderInput};

/// Generate variants of a product
///
/// One for every combination of the option axes' values that no variant of the product has yet, all of them or none.
/// They stand behind the variants that are there, in the order of the values. At most 2,000 combinations.
#[utoipa::path(
    post, path = "/v1/products/{ref}/variants/generate", tag = "Variants",
    params(
        ("ref" = String, Path, description = "The product: id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        DryRun, WriteHeaders,
    ),
    request_body(content = GenerationInput, description = "How SKUs are made, and the values of the axes"),
    responses((status = 200, description = "The variants that were created; with `dryRun` those that would be", body = GeneratedBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "duplicate_sku", "duplicate_options", "state_conflict"]))),
)]
pub(super) async fn generate(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = product_reference(&text, &app.default_locale)?;
    let generation = submission.json(|input: GenerationInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let render = |generated: &Generated, _| reply::receipt(&GeneratedBody::from(generated), None, None);
    let written = app
        .variants
        .generate(&product, &generation, &context, &render)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Put the variants of a product in order
///
/// The variants that are named come first, those that are not stay behind them as they are. All positions are numbered
/// from 0 in one commit; a variant whose position stays the same keeps its version.
#[utoipa::path(
    post, path = "/v1/products/{ref}/variants/reorder", tag = "Variants",
    params(
        ("ref" = String, Path, description = "The product: id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        DryRun, WriteHeaders,
    ),
    request_body(content = OrderInput, description = "The variants in their order"),
    responses((status = 200, description = "All variants of the product in their new order", body = OrderBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent"]))),
)]
pub(super) async fn reorder(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = product_reference(&text, &app.default_locale)?;
    let order = submission.json(|input: OrderInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let render =
        |variants: &Vec<VariantState>, _| reply::receipt(&OrderBody::from(variants.as_slice()), None, None);
    let written = app.variants.reorder(&product, &order, &context, &render).await?;
    Ok(reply::written(written, context.dry_run))
}

/// Look up variants
///
/// By SKU, GTIN or id, at most 200 names together. A name that leads to no variant is no error but told under `missing`.
#[utoipa::path(
    post, path = "/v1/variants/lookup", tag = "Variants",
    request_body(content = LookupInput, description = "The names"),
    responses((status = 200, description = "The variants that were found", body = LookupBody)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@body"]))),
)]
pub(super) async fn lookup(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    query.finish()?;
    let names: VariantNames = submission.json(|input: LookupInput| input.parse(&app.default_locale))?;
    let found = app.variant_reader.lookup(&names).await?;
    let body = axum::Json(LookupBody::new(&names, &found));
    Ok(([(CACHE_CONTROL, PRIVATE)], body).into_response())
}
