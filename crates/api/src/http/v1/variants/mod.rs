//! Variants: `/v1/products/{ref}/variants` and `/v1/variants/{ref}`.

mod list;
mod sets;

use application::access::Scope;
use application::cache::{CacheKey, Consistency, Loaded, Schema, Scope as CacheScope};
use application::product::{ProductRef, VariantOptions, VariantRef, VariantRevision, VariantStep};
use application::store::Receipt;
use application::{CatalogError, Faults, Render};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::VariantState;
use domain::{Timestamp, VariantId};
use http::HeaderMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::history::Histories;
use super::parameters::{
    AsOf, Conditional, CreateOnly, Demanded, DryRun, Fields, Publish, Revalidate, WriteHeaders,
};
use super::products::{other_key, reference as product_reference};
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{Parser, VariantBody, VariantInput, variant_ref};

/// Names the shape of the body in its tags.
pub(super) const SCHEMA: &str = "v1";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list, create))
        .routes(routes!(get, replace, patch, delete))
        .routes(routes!(restore))
        .routes(routes!(sets::generate))
        .routes(routes!(sets::reorder))
        .routes(routes!(sets::lookup))
}

pub(super) fn reference(text: &str) -> Result<VariantRef, Problem> {
    variant_ref(text).map_err(|error| invalid("ref", &error.to_string()))
}

pub(super) fn receipt(variant: &VariantState, created: bool) -> Receipt {
    let tag = version_tag(variant.record.version, SCHEMA);
    reply::receipt(
        &VariantBody::from(variant),
        Some(tag),
        created.then(|| format!("/v1/variants/{}", variant.id)),
    )
}

/// Add a variant to a product
///
/// It has a value for every option axis of the product, in a combination that no other variant has. Shoppers see it once
/// the product is published.
#[utoipa::path(
    post, path = "/v1/products/{ref}/variants", tag = "Variants",
    params(("ref" = String, Path, description = "The product: id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"), DryRun, Publish, WriteHeaders),
    request_body(content = VariantInput, description = "The variant, without `product`"),
    responses(
        (status = 201, description = "The variant as created", body = VariantBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the variant"))),
        (status = 200, description = "With `dryRun`: the variant as it would be", body = VariantBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "duplicate_key", "duplicate_sku", "duplicate_gtin", "duplicate_options", "duplicate_slug", "state_conflict"]))),
)]
async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let product = product_reference(&text, &app.default_locale)?;
    let content = submission.json(|input: VariantInput| input.parse_nested(&app.default_locale))?;
    let publish = query.flag("publish")?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    if publish {
        caller.require(Scope::CatalogPublish)?;
    }
    let receipt = app
        .variants
        .create(&product, &content, publish, &context, &receipt)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Read a variant
///
/// By id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`.
#[utoipa::path(
    get, path = "/v1/variants/{ref}", tag = "Variants",
    params(("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`", example = "sku:KETTLE-BLUE"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The variant", body = VariantBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let variant = reference(&text)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        return as_of(&app, &variant, instant, &headers).await;
    }
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let id = locate(&app, &variant).await?;
    let load = move |app: AppState| async move {
        let found = app.variant_reader.find(&VariantRef::Id(id), false).await?;
        Ok(found.map_or(Loaded::nothing(None), |variant| {
            let version = variant.record.version;
            let body = to_bytes(&VariantBody::from(&variant));
            cached::versioned(body, version_tag(version, SCHEMA), version)
        }))
    };
    // It goes, and comes back, with its product, of which its own entity is not told.
    let key = cached::scopes(&app, &[CacheScope::Deletions], &reading).await?;
    let key = key.map(|names| CacheKey::varied(id, Schema::new(SCHEMA), names));
    let answer = cached::read(&app, key, &reading, load).await?;
    cached::respond(&headers, &answer, "variant", PRIVATE)
}

/// The id that a reference leads to; one that is an id itself may lead nowhere.
async fn locate(app: &App, variant: &VariantRef) -> Result<VariantId, Problem> {
    match variant {
        VariantRef::Id(id) => Ok(*id),
        VariantRef::Key(_) | VariantRef::Sku(_) | VariantRef::Gtin(_) => {
            let found = app.variant_reader.find(variant, false).await?;
            let variant = found.ok_or_else(|| Problem::not_found("variant"))?;
            Ok(variant.id)
        }
    }
}

/// The variant as it was, which is named as it is now, or was last.
async fn as_of(
    app: &App,
    variant: &VariantRef,
    instant: Timestamp,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let absent = || Problem::not_found("variant");
    let now = app.variant_reader.find(variant, true).await?.ok_or_else(absent)?;
    let Histories {
        products, variants, ..
    } = &app.histories;
    let then = variants.as_of(now.id.uuid(), "variant", &now, instant).await?;
    // Its own history does not tell when it went with its product.
    let owner = ProductRef::Id(then.product);
    if let Some(owner) = app.product_reader.find(&owner, true).await? {
        let owner = products.as_of(owner.id.uuid(), "variant", &owner, instant).await;
        if let Err(error @ CatalogError::NotFound(_)) = owner {
            return Err(error.into());
        }
    }
    let etag = version_tag(then.record.version, SCHEMA);
    reply::resource(headers, to_bytes(&VariantBody::from(&then)), &etag, PRIVATE)
}

/// Replace or create a variant
///
/// Replaces everything that the variant says. Named by `key:<key>`, and with `product` in the body, it is created
/// when it is missing.
#[utoipa::path(
    put, path = "/v1/variants/{ref}", tag = "Variants",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`", example = "key:kettle-blue"),
        DryRun, Publish, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = VariantInput, description = "The variant"),
    responses(
        (status = 200, description = "The variant as replaced", body = VariantBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The variant as created", body = VariantBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the variant"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_sku", "duplicate_gtin", "duplicate_options", "duplicate_slug", "state_conflict"]))),
)]
async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let variant = reference(&text)?;
    let (content, product) = submission.json(|mut input: VariantInput| {
        let mut parser = Parser::new(&app.default_locale);
        let product = parser.product_ref("/product", input.product.take());
        let content = input.parse_at(&mut parser, "");
        let (content, product) = parser.finish(content.zip(product))?;
        match (&variant, &content.key) {
            (VariantRef::Key(named), Some(key)) if named != key => Err(other_key()),
            _ => Ok((content, product)),
        }
    })?;
    revise(
        &caller,
        &app,
        &variant,
        &|_| Ok(content.clone()),
        (true, product),
        query,
        &submission,
    )
    .await
}

/// Change parts of a variant
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect: patches of disjoint fields both survive.
#[utoipa::path(
    patch, path = "/v1/variants/{ref}", tag = "Variants",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`", example = "sku:KETTLE-BLUE"),
        DryRun, Publish, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"mpn": "HM-2"})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "add", "path": "/mpn", "value": "HM-2"}])),
    )),
    responses((status = 200, description = "The variant as changed", body = VariantBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_sku", "duplicate_gtin", "duplicate_options", "duplicate_slug", "state_conflict"]))),
)]
async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let variant = reference(&text)?;
    let patch = submission.patch()?;
    let revision: VariantRevision<'_> = &|stored| {
        let Some(stored) = stored else {
            return Err(Faults::default());
        };
        let parse = |input: VariantInput| input.parse_nested(&app.default_locale);
        patch.apply(&VariantInput::from(&stored.content), parse)
    };
    revise(
        &caller,
        &app,
        &variant,
        revision,
        (false, None),
        query,
        &submission,
    )
    .await
}

async fn revise(
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    variant: &VariantRef,
    revision: VariantRevision<'_>,
    (replace, upsert_into): (bool, Option<ProductRef>),
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let options = VariantOptions {
        precondition: submission.precondition()?,
        replace,
        upsert_into,
        publish: query.flag("publish")?,
    };
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    if options.publish {
        caller.require(Scope::CatalogPublish)?;
    }
    let written = app
        .variants
        .revise(variant, revision, &options, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Delete a variant
///
/// Soft: it can be restored; its key, SKU, GTIN and options are free again. Shoppers see nothing of it from now on.
#[utoipa::path(
    delete, path = "/v1/variants/{ref}", tag = "Variants",
    params(("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`", example = "sku:KETTLE-BLUE"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The variant is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body"]))),
)]
async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        VariantStep::Delete,
        &|_, _| reply::deleted(),
        &caller,
        &app,
        &text,
        query,
        &submission,
    )
    .await
}

/// Restore a variant
///
/// Undoes its deletion. Shoppers see it once the product is published.
#[utoipa::path(
    post, path = "/v1/variants/{ref}/restore", tag = "Variants",
    params(("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`", example = "sku:KETTLE-BLUE"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The variant as restored", body = VariantBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_sku", "duplicate_gtin", "duplicate_options"]))),
)]
async fn restore(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        VariantStep::Restore,
        &receipt,
        &caller,
        &app,
        &text,
        query,
        &submission,
    )
    .await
}

async fn advance(
    step: VariantStep,
    render: Render<'_, VariantState>,
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    text: &str,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let variant = reference(text)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .variants
        .advance(&variant, step, &precondition, &context, render)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}
