//! The past of products.

use application::history::History;
use application::product::{ReviseOptions, Revision};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::ProductState;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Past;
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::conditions::version_tag;
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::http::v1::products::{SCHEMA, receipt, reference};
use crate::problem::Problem;
use crate::wire::{ProductBody, ProductInput, RevertInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    told().routes(routes!(revert))
}

pub(in crate::http::v1) struct ProductPast;

impl Past for ProductPast {
    type State = ProductState;
    type Body = ProductBody;

    const KIND: &'static str = "product";

    fn history(app: &App) -> &History<ProductState> {
        &app.histories.products
    }

    fn id(product: &ProductState) -> Uuid {
        product.id.uuid()
    }

    async fn find(app: &App, text: &str) -> Result<ProductState, Problem> {
        let product = reference(text, &app.default_locale)?;
        let found = app.product_reader.find(&product, true).await?;
        found.ok_or_else(|| Problem::not_found(Self::KIND))
    }

    async fn body(_: &App, product: &ProductState) -> Result<(ProductBody, String), Problem> {
        let tag = version_tag(product.record.version, SCHEMA);
        Ok((ProductBody::from(product), tag))
    }
}

super::told::told! {
    ProductPast as ProductBody,
    tag: "Products", prefix: "", noun: "product",
    path: "/v1/products/{ref}", by: ("ref", "Id, `key:<key>` or `slug:<slug>`; of a deleted one too", "key:enamel-kettle"),
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
    let then = super::target::<ProductPast>(&app, &text, &submission).await?;
    let draft = ProductInput::from(&then.content)
        .parse(&app.default_locale)
        .map_err(super::unfit)?;
    let revision: Revision<'_> = &|_| Ok(draft.clone());
    let options = ReviseOptions {
        precondition,
        ..ReviseOptions::default()
    };
    let written = app
        .products
        .revise(&product, revision, &options, &context, &receipt)
        .await
        .map_err(super::unfit)?;
    Ok(reply::written(written, context.dry_run))
}
