//! `GET /v1/store/{channel}/products` and `GET /v1/store/{channel}/products/{ref}`.

use std::sync::Arc;

use application::cache::{CacheKey, Loaded, Schema, Scope};
use application::cdn::{PRODUCTS, product_key};
use application::page::Count;
use application::storefront::{StoreFilter, StoreProduct, StoreRef};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::value::Text;
use http::{HeaderMap, Method, Uri};

use super::context::ContextParameters;
use super::{Context, names, respond, respond_with_page};
use crate::http::cached;
use crate::http::query::Query;
use crate::http::reply::{self, ListBody};
use crate::http::state::AppState;
use crate::http::v1::{Demanded, Fields, PageParameters, Revalidate};
use crate::problem::Problem;
use crate::server::Repeatable;
use crate::wire::{StoreProductBody, category_ref};

/// What the list is called inside its cursors.
const LIST: &str = "store-products";

const PAGE: Schema = Schema::new("sl");
const ONE: Schema = Schema::new("s2");

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
        ContextParameters, Fields, PageParameters, Revalidate, Demanded,
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
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    let filter = StoreFilter {
        category: match category {
            Some(category) => Some(names::category(&app, "category", category, &context).await?),
            None => None,
        },
        ..filter
    };
    let scope = (context.channel(), filter);
    let request = query.page(&app.cursors, LIST, &scope)?;
    query.finish_list()?;

    let question = format!("{scope:?}|{request:?}|{}", context.key());
    let mut scopes = vec![Scope::Shelf, Scope::PriceLists, Scope::Prices];
    scopes.extend(scope.1.category.map(|_| Scope::Categories));
    let key = cached::scopes(&app, &scopes, &context.reading).await?;
    // An estimate is nothing that a write decides.
    let key = key.filter(|_| request.count != Count::Estimate);
    let key = key.map(|names| CacheKey::query(PAGE, format!("{question}|{names}")));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let (context, scope, request) = (Arc::clone(&own), scope.clone(), request);
        async move {
            let visit = context.visit(app.clock.now());
            let page = app.storefront.list(&scope.1, &visit, &request).await?;
            let prices = context.price(&app, visit.at, page.items.iter()).await?;
            let next_change = app.storefront.next_change(&visit).await?;
            let body = |copy: &StoreProduct| StoreProductBody::new(copy, &prices, &context.locales);
            let body = reply::list_body(&page, body, &request, &app.cursors, (LIST, &scope));
            let cursor = body.next_cursor.clone().unwrap_or_default();
            Ok(cached::tagged(
                &body,
                cursor,
                next_change.into_iter().chain(prices.until()).min(),
            ))
        }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    respond_with_page(&app, &headers, &context, &answer, PRODUCTS, &uri)
}

/// Read a published product
///
/// By id, `key:<key>`, `slug:<slug>`, or the bare slug. A slug that the product had before leads to its present one.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products/{ref}", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "enamel-kettle"),
        ContextParameters, Fields, Revalidate, Demanded,
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
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    let located = names::product(&app, &text, &context).await?;
    if let Some(elsewhere) = located.moved(&app, (&channel, &text, ""), &uri) {
        return Ok(elsewhere);
    }
    let (id, channel) = (located.id, context.channel());
    let key = cached::scopes(&app, &[Scope::PriceLists], &context.reading).await?;
    let key = key.map(|names| CacheKey::varied(id, ONE, format!("{}|{names}", context.key())));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let context = Arc::clone(&own);
        async move {
            let visit = context.visit(app.clock.now());
            let Some(copy) = app.storefront.find(&StoreRef::Id(id), &visit).await? else {
                return Ok(Loaded::nothing(app.storefront.next_change(&visit).await?));
            };
            let prices = context.price(&app, visit.at, std::iter::once(&copy)).await?;
            let body = StoreProductBody::new(&copy, &prices, &context.locales);
            Ok(cached::tagged(
                &body,
                "",
                copy.until.into_iter().chain(prices.until()).min(),
            ))
        }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    let mut response = respond(
        &app,
        &headers,
        &context,
        &answer,
        "product",
        &product_key(id.uuid()),
    )?;
    // Whoever asks whether it changed looks at it too.
    if method == Method::GET {
        app.views.count_answer(channel, id);
        if let Some(repeatable) = response.extensions_mut().get_mut::<Repeatable>() {
            repeatable.also(move || app.views.count_answer(channel, id));
        }
    }
    Ok(response)
}
