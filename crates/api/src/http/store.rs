//! The store plane: read only, published only, anonymous, and the same for everyone, so that any CDN can keep it.

use application::cache::Representation;
use application::page::Page;
use application::product::{ProductFilter, ProductRef};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::ProductId;
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::value::{Slug, Text};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use std::collections::HashMap;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::query::{Query, invalid};
use super::reply::{self, ListBody};
use super::state::{App, AppState};
use super::v1::{Fields, PageParameters, Revalidate, in_category, locate};
use crate::problem::Problem;
use crate::wire::{StoreProductBody, category_ref, product_ref};

/// What the list is called inside its cursors.
const LIST: &str = "store-products";

/// The one channel there is.
const CHANNEL: &str = "default";

pub(super) const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

pub(super) fn known(channel: &str) -> Result<(), Problem> {
    if channel == CHANNEL {
        Ok(())
    } else {
        Err(Problem::not_found("channel"))
    }
}

pub(super) fn cache_control(app: &App) -> HeaderValue {
    let seconds = app.store_max_age.as_secs();
    let value = format!("public, max-age=0, s-maxage={seconds}, stale-while-revalidate={seconds}");
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// List published products
///
/// With their variants, in the order of their creation. Pages by keyset.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products", tag = "Store",
    params(
        ("channel" = String, Path, description = "`default`", example = "default"),
        ("category" = Option<String>, Query, description = "Products in this category or one below it: id, `key:<key>` or `slug:<slug>`"),
        ("brand" = Option<String>, Query, description = "Products of exactly this brand"),
        ("tag" = Option<String>, Query, description = "Products with exactly this tag"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of products", body = ListBody<StoreProductBody>,
        headers(("Cache-Control" = String, description = "How long shared caches may keep the answer")))),
    security(()),
    extensions(("x-problem-codes" = json!(["@list", "resource_not_found"]))),
)]
async fn list(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    known(&channel)?;
    let category = query.parse("category", |c| category_ref(&c, &app.default_locale))?;
    let filter = ProductFilter {
        status: Some(ProductStatus::Published),
        brand: query
            .parse("brand", Text::<120>::parse)?
            .map(|brand| brand.to_string()),
        tag: query.parse("tag", Text::<255>::parse)?.map(|tag| tag.to_string()),
        ..ProductFilter::default()
    };
    let filter = in_category(&app, filter, category).await?;
    let request = query.page(&app.cursors, LIST, &filter)?;
    query.finish_list()?;

    let Page { items, next, total } = app.product_reader.list(&filter, &request).await?;
    let ids: Vec<_> = items.iter().map(|product| product.id).collect();
    let mut variants: HashMap<ProductId, Vec<VariantState>> = HashMap::new();
    if !ids.is_empty() {
        for variant in app.product_reader.variants_of(&ids).await? {
            variants.entry(variant.product).or_default().push(variant);
        }
    }
    let body = |product: &ProductState| {
        let own = variants.get(&product.id).map(Vec::as_slice).unwrap_or_default();
        StoreProductBody::new(product, own, &app.default_locale)
    };
    let page = Page { items, next, total };
    Ok(reply::list(
        &page,
        body,
        &request,
        &app.cursors,
        (LIST, &filter),
        &uri,
        cache_control(&app),
    ))
}

/// Read a published product
///
/// By id, `key:<key>`, `slug:<slug>`, or the bare slug in the default locale.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products/{ref}", tag = "Store",
    params(
        ("channel" = String, Path, description = "`default`", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "enamel-kettle"),
        Fields, Revalidate,
    ),
    responses(
        (status = 200, description = "The product with its variants", body = StoreProductBody,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
async fn get(
    State(app): State<AppState>,
    Path((channel, text)): Path<(String, String)>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    known(&channel)?;
    query.finish()?;
    // A slug has neither a colon nor, by its length and hyphens, quite the form of an id.
    let product = product_ref(&text, &app.default_locale)
        .or_else(|_| Slug::parse(text).map(|slug| ProductRef::Slug(app.default_locale.clone(), slug)))
        .map_err(|error| invalid("ref", &error.to_string()))?;
    let id = locate(&app, &product).await?;
    let found = app.bodies.body(id, Representation::Store).await?;
    let found = found.ok_or_else(|| Problem::not_found("product"))?;
    let mut response = reply::resource(&headers, found.body, &found.etag, cache_control(&app))?;
    if let Ok(key) = HeaderValue::try_from(format!("product-{id}")) {
        response.headers_mut().insert(SURROGATE_KEY, key);
    }
    Ok(response)
}
