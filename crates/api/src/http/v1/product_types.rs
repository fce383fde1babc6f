//! Product types under `/v1/product-types`.

use application::cache::{CacheKey, Consistency, Loaded, Schema};
use application::history::History;
use application::resource::{ResourceRef, Resources};
use application::{Fault, Faults};
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::ProductTypeId;
use domain::product_type::{Moment, ProductTypeContent, ProductTypeState};
use domain::resource::Content as _;
use domain::value::Locale;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::parameters::{
    AsOf, Conditional, CreateOnly, Demanded, DryRun, Fields, PageParameters, Revalidate, WriteHeaders,
};
use super::resources::{self, Call, Kind};
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{ListBody, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{ProductInput, ProductTypeInput, ResourceBody, product_schema, resource_ref};

pub(super) struct ProductTypeKind;

impl Kind for ProductTypeKind {
    type Content = ProductTypeContent;
    type Input = ProductTypeInput;
    type Draft = ProductTypeContent;

    const PATH: &'static str = "/v1/product-types";
    const SCHEMA: &'static str = "pt1";
    const CACHED: Schema = Schema::new("t1");

    fn service(app: &App) -> &Resources<ProductTypeContent> {
        &app.product_types
    }

    fn history(app: &App) -> &History<ProductTypeState> {
        &app.histories.product_types
    }

    fn parse(input: ProductTypeInput, default_locale: &Locale) -> Result<ProductTypeContent, Faults> {
        input.parse(default_locale)
    }

    fn key(input: &mut ProductTypeInput) -> &mut Option<String> {
        &mut input.key
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, patch, delete))
        .routes(routes!(restore))
        .routes(routes!(schema))
        .routes(routes!(validate))
}

/// List product types
#[utoipa::path(
    get, path = "/v1/product-types", tag = "Product types",
    params(
        ("deleted" = Option<bool>, Query, description = "Only deleted product types, where otherwise only those that are not"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of product types", body = ListBody<ResourceBody<ProductTypeInput>>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    query: Query,
) -> Result<Response, Problem> {
    resources::list::<ProductTypeKind>(&app, &uri, query).await
}

/// Create a product type
#[utoipa::path(
    post, path = "/v1/product-types", tag = "Product types",
    params(DryRun, WriteHeaders),
    request_body(content = ProductTypeInput, description = "The product type"),
    responses(
        (status = 201, description = "The product type as created", body = ResourceBody<ProductTypeInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the product type"))),
        (status = 200, description = "With `dryRun`: the product type as it would be", body = ResourceBody<ProductTypeInput>),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key"]))),
)]
async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::create::<ProductTypeKind>(Call::new(&caller, &app, query, &submission)).await
}

/// Read a product type
#[utoipa::path(
    get, path = "/v1/product-types/{ref}", tag = "Product types",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The product type", body = ResourceBody<ProductTypeInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    resources::get::<ProductTypeKind>(&app, &text, query, &headers).await
}

/// Replace or create a product type
///
/// Replaces everything that the product type says. What stored products would not fit is refused, with how many they are
/// (`affected`) and the ids of some (`sample`). Named by `key:<key>` it is created when it is missing.
#[utoipa::path(
    put, path = "/v1/product-types/{ref}", tag = "Product types",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"),
        DryRun, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = ProductTypeInput, description = "The product type"),
    responses(
        (status = 200, description = "The product type as replaced", body = ResourceBody<ProductTypeInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The product type as created", body = ResourceBody<ProductTypeInput>,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the product type"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "state_conflict"]))),
)]
async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::replace::<ProductTypeKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Change parts of a product type
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect. What stored products would not fit is refused.
#[utoipa::path(
    patch, path = "/v1/product-types/{ref}", tag = "Product types",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"name": {"en": "Footwear"}})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/name/en", "value": "Footwear"}])),
    )),
    responses((status = 200, description = "The product type as changed", body = ResourceBody<ProductTypeInput>, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "state_conflict"]))),
)]
async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::patch::<ProductTypeKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Delete a product type
///
/// Soft, and only when no product has it. The default type stays.
#[utoipa::path(
    delete, path = "/v1/product-types/{ref}", tag = "Product types",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The product type is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced", "state_conflict"]))),
)]
async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::delete::<ProductTypeKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Restore a product type
///
/// Undoes its deletion.
#[utoipa::path(
    post, path = "/v1/product-types/{ref}/restore", tag = "Product types",
    params(("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The product type as restored", body = ResourceBody<ProductTypeInput>)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key"]))),
)]
async fn restore(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    resources::restore::<ProductTypeKind>(Call::new(&caller, &app, query, &submission), &text).await
}

/// Read a product type as a JSON Schema
///
/// The JSON Schema (2020-12) of a product of this type as clients write it. It agrees with the service's own check; what
/// no schema can say stands in its `$comment`.
#[utoipa::path(
    get, path = "/v1/product-types/{ref}/schema", tag = "Product types",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"),
        ("publish" = Option<bool>, Query, description = "The schema of a product that is to be published: with what is required then"),
        Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The schema", body = Object, content_type = "application/schema+json",
            headers(("ETag" = String, description = "Tag of the version")), example = json!({"type": "object"})),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
async fn schema(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let moment = if query.flag("publish")? {
        Moment::Publish
    } else {
        Moment::Write
    };
    query.finish()?;
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let (shape, cached_as) = match moment {
        Moment::Publish => ("pts1-publish", Schema::new("j2")),
        Moment::Write => ("pts1", Schema::new("j1")),
    };
    let id = resources::locate::<ProductTypeKind>(&app, &reference(&text)?).await?;
    let load = move |app: AppState| async move {
        let found = app
            .product_types
            .reader()
            .find(&ResourceRef::Id(id), false)
            .await?;
        Ok(found.map_or(Loaded::nothing(None), |state| {
            let body = to_bytes(&product_schema(&state, moment));
            let version = state.record.version;
            cached::versioned(body, version_tag(version, shape), version)
        }))
    };
    let answer = cached::read(&app, Some(CacheKey::of(id, cached_as)), &reading, load).await?;
    let mut response = cached::respond(&headers, &answer, ProductTypeContent::KIND, PRIVATE)?;
    if response.status() == StatusCode::OK {
        let schema_json = HeaderValue::from_static("application/schema+json");
        response.headers_mut().insert(CONTENT_TYPE, schema_json);
    }
    Ok(response)
}

/// Whether a product would be taken.
#[derive(Serialize, ToSchema)]
struct Verdict {
    #[schema(example = false)]
    valid: bool,
    /// Every fault, at most 100.
    errors: Vec<VerdictItem>,
}

/// One fault of the product.
#[derive(Serialize, ToSchema)]
struct VerdictItem {
    /// JSON Pointer (RFC 6901) into the product.
    #[schema(example = "/attributes/material")]
    pointer: String,
    #[schema(example = "not_in_enum")]
    code: &'static str,
    #[schema(example = "must be one of leather, canvas")]
    detail: String,
}

/// Check a product without writing it
///
/// The body is a product as it would be created, with variants or without. The answer is 200 whatever the verdict. Only
/// writing can tell whether keys, slugs, SKUs, GTINs and unique values are free.
#[utoipa::path(
    post, path = "/v1/product-types/{ref}/validate", tag = "Product types",
    params(
        ("ref" = String, Path, description = "Id or `key:<key>`", example = "key:generic"),
        ("publish" = Option<bool>, Query, description = "Check what publishing takes too"),
    ),
    request_body(content = ProductInput, description = "The product"),
    responses((status = 200, description = "The verdict", body = Verdict)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "malformed_json", "request_timeout", "payload_too_large", "unsupported_media_type"]))),
)]
async fn validate(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let publish = query.flag("publish")?;
    query.finish()?;
    let parsed = submission.checked(|input: ProductInput| input.parse_with_variants(&app.default_locale))?;
    let state = find(&app, &text).await?;
    let faults = match parsed {
        Ok((draft, variants)) => app.products.validate(&state, &draft, &variants, publish).await?,
        Err(faults) => faults,
    };
    let errors: Vec<_> = faults
        .into_vec()
        .into_iter()
        .map(
            |Fault {
                 pointer,
                 code,
                 detail,
             }| VerdictItem {
                pointer,
                code,
                detail,
            },
        )
        .collect();
    let verdict = Verdict {
        valid: errors.is_empty(),
        errors,
    };
    Ok(([(CACHE_CONTROL, PRIVATE)], Json(verdict)).into_response())
}

fn reference(text: &str) -> Result<ResourceRef<ProductTypeId>, Problem> {
    resource_ref(text).map_err(|error| invalid("ref", &error.to_string()))
}

async fn find(app: &App, text: &str) -> Result<ProductTypeState, Problem> {
    let found = app.product_types.reader().find(&reference(text)?, false).await?;
    found.ok_or_else(|| Problem::not_found("product type"))
}
