//! `GET /v1/store/{channel}/products` and `GET /v1/store/{channel}/products/{ref}`.

use application::product::ProductRef;
use application::storefront::{StoreFilter, StoreProduct, StoreRef};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::value::{Slug, Text};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use url::form_urlencoded;

use super::context::ContextParameters;
use super::{Context, PRODUCTS, SURROGATE_KEY, answer, cache_control};
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::v1::{Fields, PageParameters, Revalidate, known_category};
use crate::problem::Problem;
use crate::wire::{StoreProductBody, category_ref, product_ref};

/// What the list is called inside its cursors.
const LIST: &str = "store-products";

/// List published products
///
/// Those that are on sale in the channel now, with their variants, in the order of their creation. Pages by keyset.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("category" = Option<String>, Query, description = "Products in this category or one below it: id, `key:<key>` or `slug:<slug>`"),
        ("brand" = Option<String>, Query, description = "Products of exactly this brand"),
        ("tag" = Option<String>, Query, description = "Products with exactly this tag"),
        ContextParameters, Fields, PageParameters, Revalidate,
    ),
    responses(
        (status = 200, description = "A page of products", body = ListBody<StoreProductBody>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer; never past the next beginning or end of a listing in the channel, or the next change of a price"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@list", "resource_not_found"]))),
)]
pub(super) async fn list(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    uri: Uri,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let category = query.parse("category", |c| category_ref(&c, &app.default_locale))?;
    let filter = StoreFilter {
        category: None,
        brand: query
            .parse("brand", Text::<120>::parse)?
            .map(|brand| brand.to_string()),
        tag: query.parse("tag", Text::<255>::parse)?.map(|tag| tag.to_string()),
    };
    let context = Context::take(&app, &channel, &mut query).await?;
    let filter = StoreFilter {
        category: known_category(&app, category).await?,
        ..filter
    };
    let scope = (context.visit.channel, &filter);
    let request = query.page(&app.cursors, LIST, &scope)?;
    query.finish_list()?;

    let page = app.storefront.list(&filter, &context.visit, &request).await?;
    let prices = context.price(&app, page.items.iter()).await?;
    let next_change = app.storefront.next_change(&context.visit).await?;
    let next_change = next_change.into_iter().chain(prices.until()).min();
    let body = |copy: &StoreProduct| StoreProductBody::new(copy, &prices, &context.locales);
    let (body, link) = reply::list_parts(&page, body, &request, &app.cursors, (LIST, &scope), &uri);
    answer(
        &headers,
        to_bytes(&body),
        cache_control(&app, next_change),
        PRODUCTS,
        link,
    )
}

/// Read a published product
///
/// By id, `key:<key>`, `slug:<slug>`, or the bare slug. A slug that the product had before leads to its present one.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products/{ref}", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "enamel-kettle"),
        ContextParameters, Fields, Revalidate,
    ),
    responses(
        (status = 200, description = "The product with its variants", body = StoreProductBody,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer; never past the end of the product's listing or the next change of a price"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
        (status = 308, description = "The slug is a former one", headers(("Location" = String, description = "The address with the present slug"))),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
pub(super) async fn get(
    State(app): State<AppState>,
    Path((channel, text)): Path<(String, String)>,
    uri: Uri,
    mut query: Query,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let context = Context::take(&app, &channel, &mut query).await?;
    query.finish()?;
    let copy = find(&app, &text, &context).await?;
    if copy.moved {
        return Ok(moved(&app, &copy, &context, (&channel, &text, ""), &uri));
    }
    let prices = context.price(&app, std::iter::once(&copy)).await?;
    let body = to_bytes(&StoreProductBody::new(&copy, &prices, &context.locales));
    let kept = cache_control(&app, copy.until.into_iter().chain(prices.until()).min());
    let response = answer(&headers, body, kept, &surrogate_key(&copy), None)?;
    // Whoever asks whether it changed looks at it too.
    if method == Method::GET {
        app.views.count_answer(context.visit.channel, copy.product.id);
    }
    Ok(response)
}

pub(super) fn surrogate_key(copy: &StoreProduct) -> String {
    format!("product-{}", copy.product.id)
}

/// The product that the visitor means and may see.
pub(super) async fn find(app: &App, text: &str, context: &Context) -> Result<StoreProduct, Problem> {
    let by_slug = |slug| StoreRef::Slug(slug, context.locales.clone());
    // A slug has neither a colon nor, by its length and hyphens, quite the form of an id.
    let reference = match product_ref(text, &app.default_locale) {
        Ok(ProductRef::Id(id)) => StoreRef::Id(id),
        Ok(ProductRef::Key(key)) => StoreRef::Key(key),
        Ok(ProductRef::Slug(_, slug)) => by_slug(slug),
        Err(_) => by_slug(Slug::parse(text).map_err(|error| invalid("ref", &error.to_string()))?),
    };
    let found = app.storefront.find(&reference, &context.visit).await?;
    found.ok_or_else(|| Problem::not_found("product"))
}

/// To the same address with the present slug; `tail` is what follows it.
pub(super) fn moved(
    app: &App,
    copy: &StoreProduct,
    context: &Context,
    (channel, text, tail): (&str, &str, &str),
    uri: &Uri,
) -> Response {
    let slug = copy.product.content.slug.resolve(&context.locales);
    let slug = slug.map(Slug::as_str).unwrap_or_default();
    // Letters of any script are allowed in slugs, but not in headers.
    let slug: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    let prefix = if text.starts_with("slug:") { "slug:" } else { "" };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("/v1/store/{channel}/products/{prefix}{slug}{tail}{query}");
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let further = [
        (LOCATION, HeaderValue::try_from(location)),
        (SURROGATE_KEY, HeaderValue::try_from(surrogate_key(copy))),
        (CACHE_CONTROL, Ok(cache_control(app, copy.until))),
    ];
    let further = further
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.ok()?)));
    response.headers_mut().extend(further);
    response
}
