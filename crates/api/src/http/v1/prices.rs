//! Prices under `/v1/prices`.

use application::cache::{CacheKey, Consistency, Loaded, Schema, Scope};
use application::pricing::{PriceFilter, PriceRevision};
use application::store::Receipt;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::PriceId;
use domain::pricing::PriceState;
use domain::value::Currency;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::history::{PricePast, as_of};
use super::parameters::{
    AsOf, Conditional, Demanded, DryRun, Fields, PageParameters, Revalidate, WriteHeaders,
};
use crate::http::auth::{Authorized, CatalogRead, PricesWrite};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE, to_bytes};
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{PriceBody, PriceInput, price_id, resource_ref, variant_ref};

/// What the list is called inside its cursors.
const LIST: &str = "prices";

/// Names the shape of the body in its tags.
const SCHEMA: &str = "pr1";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, patch, delete))
}

pub(super) fn id(text: &str) -> Result<PriceId, Problem> {
    price_id(text).map_err(|error| invalid("id", &error.to_string()))
}

pub(super) fn tag(price: &PriceState) -> String {
    version_tag(price.record.version, SCHEMA)
}

pub(super) fn receipt(price: &PriceState, created: bool) -> Receipt {
    let address = created.then(|| format!("/v1/prices/{}", price.id));
    reply::receipt(&PriceBody::from(price), Some(tag(price)), address)
}

/// List prices
///
/// Those that variants carry themselves are not among them.
#[utoipa::path(
    get, path = "/v1/prices", tag = "Pricing",
    params(
        ("priceList" = Option<String>, Query, description = "Only prices of this list: id or `key:<key>`"),
        ("variant" = Option<String>, Query, description = "Only prices of this variant: id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`"),
        ("currency" = Option<String>, Query, description = "Only prices in this currency (ISO 4217)"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of prices", body = ListBody<PriceBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let list = query.parse("priceList", |list| resource_ref(&list))?;
    let variant = query.parse("variant", |variant| variant_ref(&variant))?;
    let currency = query.parse("currency", |code| Currency::parse(&code))?;
    let list = match list {
        None => None,
        Some(list) => {
            let found = app.price_lists.reader().find(&list, false).await?;
            let found = found.ok_or_else(|| invalid("priceList", "names no price list"))?;
            Some(found.id)
        }
    };
    let variant = match variant {
        None => None,
        Some(variant) => {
            let found = app
                .pricing
                .variants(&[variant])
                .await?
                .into_iter()
                .flatten()
                .next();
            Some(found.ok_or_else(|| invalid("variant", "names no variant"))?)
        }
    };
    let filter = PriceFilter {
        list,
        variant,
        currency,
    };
    let page = query.page(&app.cursors, LIST, &filter)?;
    query.finish_list()?;
    let prices = app.price_reader.list(&filter, &page).await?;
    let body = |price: &PriceState| PriceBody::from(price);
    Ok(reply::list(
        &prices,
        body,
        &page,
        &app.cursors,
        (LIST, &filter),
        &uri,
        PRIVATE,
    ))
}

/// Create a price
///
/// Prices of one list, variant, currency and quantity must not hold at the same time; times may touch.
#[utoipa::path(
    post, path = "/v1/prices", tag = "Pricing",
    params(DryRun, WriteHeaders),
    request_body(content = PriceInput, description = "The price"),
    responses(
        (status = 201, description = "The price as created", body = PriceBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the price"))),
        (status = 200, description = "With `dryRun`: the price as it would be", body = PriceBody),
    ),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "price_overlap"]))),
)]
async fn create(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let draft = submission.json(|input: PriceInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app.prices.create(&draft, &context, &receipt).await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Read a price
#[utoipa::path(
    get, path = "/v1/prices/{id}", tag = "Pricing",
    params(("id" = String, Path, description = "The price's id", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The price", body = PriceBody, headers(("ETag" = String, description = "Tag of the version"))),
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
    let id = id(&text)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        return as_of::<PricePast>(&app, &text, instant, &headers).await;
    }
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let load = move |app: AppState| async move {
        let found = app.price_reader.find(id).await?;
        Ok(found.map_or(Loaded::nothing(None), |price| {
            cached::versioned(
                to_bytes(&PriceBody::from(&price)),
                tag(&price),
                price.record.version,
            )
        }))
    };
    // It goes with its product when that is erased, of which its own entity is not told.
    let key = cached::scopes(&app, &[Scope::Deletions], &reading).await?;
    let key = key.map(|names| CacheKey::varied(id, Schema::new("r1"), names));
    let answer = cached::read(&app, key, &reading, load).await?;
    cached::respond(&headers, &answer, "price", PRIVATE)
}

/// Replace a price
///
/// Replaces everything that the price says; list and variant stay and have to be named as they are.
#[utoipa::path(
    put, path = "/v1/prices/{id}", tag = "Pricing",
    params(
        ("id" = String, Path, description = "The price's id", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = PriceInput, description = "The price"),
    responses((status = 200, description = "The price as replaced", body = PriceBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "price_overlap"]))),
)]
async fn replace(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let draft = submission.json(|input: PriceInput| input.parse(&app.default_locale))?;
    revise(&caller, &app, id, &|_| Ok(draft.clone()), query, &submission).await
}

/// Change parts of a price
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect.
#[utoipa::path(
    patch, path = "/v1/prices/{id}", tag = "Pricing",
    params(
        ("id" = String, Path, description = "The price's id", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"amount": "17.99"})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/amount", "value": "17.99"}])),
    )),
    responses((status = 200, description = "The price as changed", body = PriceBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "price_overlap"]))),
)]
async fn patch(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let patch = submission.patch()?;
    let revision: PriceRevision<'_> = &|stored| {
        patch.apply(&PriceInput::from(stored), |input| {
            input.parse(&app.default_locale)
        })
    };
    revise(&caller, &app, id, revision, query, &submission).await
}

async fn revise(
    caller: &Authorized<PricesWrite>,
    app: &AppState,
    id: PriceId,
    revision: PriceRevision<'_>,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .prices
        .revise(id, revision, &precondition, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Delete a price
#[utoipa::path(
    delete, path = "/v1/prices/{id}", tag = "Pricing",
    params(("id" = String, Path, description = "The price's id", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The price is deleted")),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body"]))),
)]
async fn delete(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .prices
        .delete(id, &precondition, &context, &|_, _| reply::deleted())
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}
