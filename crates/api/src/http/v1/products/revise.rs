//! `PUT` and `PATCH /v1/products/{ref}`.

use application::access::Scope;
use application::product::{ProductRef, ReviseOptions, Revision};
use application::{Fault, Faults};
use axum::extract::{Path, State};
use axum::response::Response;

use super::{receipt, reference};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, CreateOnly, DryRun, Publish, WriteHeaders};
use crate::problem::Problem;
use crate::wire::{ProductBody, ProductInput};

/// Replace or create a product
///
/// Replaces everything that the product says; what is absent is emptied, but a slug is kept. Shoppers see it once it is
/// published. Named by `key:<key>`
/// it is created when it is missing.
#[utoipa::path(
    put, path = "/v1/products/{ref}", tag = "Products",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        DryRun, Publish, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = ProductInput, description = "The product, without variants"),
    responses(
        (status = 200, description = "The product as replaced", body = ProductBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The product as created", body = ProductBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the product"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin", "state_conflict"]))),
)]
pub(super) async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    let draft = submission.json(|input: ProductInput| {
        let draft = input.parse(&app.default_locale)?;
        match (&product, &draft.key) {
            (ProductRef::Key(named), Some(key)) if named != key => Err(other_key()),
            _ => Ok(draft),
        }
    })?;
    revise(
        &caller,
        &app,
        &product,
        &|_| Ok(draft.clone()),
        true,
        query,
        &submission,
    )
    .await
}

/// A replacement whose key is not the one that it is addressed by would not be idempotent.
pub(in crate::http::v1) fn other_key() -> Faults {
    Fault::new("/key", "pattern", "must be the key in the address").into()
}

/// Change parts of a product
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect: patches of disjoint fields both survive. Shoppers see the change once it is published.
#[utoipa::path(
    patch, path = "/v1/products/{ref}", tag = "Products",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        DryRun, Publish, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"brand": "Hearthmoor"})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/brand", "value": "Hearthmoor"}])),
    )),
    responses((status = 200, description = "The product as changed", body = ProductBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "duplicate_sku", "duplicate_gtin", "state_conflict"]))),
)]
pub(super) async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    let patch = submission.patch()?;
    let revision: Revision<'_> = &|stored| {
        let Some(stored) = stored else {
            return Err(Faults::default());
        };
        patch.apply(&ProductInput::from(&stored.content), |input| {
            input.parse(&app.default_locale)
        })
    };
    revise(&caller, &app, &product, revision, false, query, &submission).await
}

async fn revise(
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    product: &ProductRef,
    revision: Revision<'_>,
    upsert: bool,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let options = ReviseOptions {
        precondition: submission.precondition()?,
        publish: query.flag("publish")?,
        upsert,
    };
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    if options.publish {
        caller.require(Scope::CatalogPublish)?;
    }
    let written = app
        .products
        .revise(product, revision, &options, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
