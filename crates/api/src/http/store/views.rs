//! `POST /v1/store/{channel}/products/{ref}/views` and `GET /v1/store/{channel}/trending`.

use std::sync::Arc;

use application::cdn::PRODUCTS;
use application::storefront::StoreRef;
use application::views::Window;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::context::ContextParameters;
use super::{Context, names, respond};
use crate::http::cached;
use crate::http::query::{Query, invalid};
use crate::http::reply::ListBody;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::http::v1::{Fields, Revalidate};
use crate::problem::Problem;
use crate::wire::StoreProductBody;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 50;

/// Count a view of a product
///
/// For pages whose product comes from a cache, so that this service does not see that it is looked at. One request counts
/// once, whoever sends it and however often; the count is written a moment later. By any reference that reads the
/// product, a former slug included.
#[utoipa::path(
    post, path = "/v1/store/{channel}/products/{ref}/views", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "enamel-kettle"),
        ContextParameters,
    ),
    responses((status = 204, description = "It is counted")),
    security(()),
    extensions(("x-problem-codes" = json!(["@one", "@no-body"]))),
)]
pub(super) async fn view(
    State(app): State<AppState>,
    Path((channel, text)): Path<(String, String)>,
    mut query: Query,
    headers: HeaderMap,
    submission: Submission,
) -> Result<Response, Problem> {
    submission.nothing()?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    let located = names::product(&app, &text, &context).await?;
    // An id may be of something that is not on sale, or of nothing.
    let visit = context.visit(app.clock.now());
    let seen = app.storefront.find(&StoreRef::Id(located.id), &visit).await?;
    seen.ok_or_else(|| Problem::not_found("product"))?;
    app.views.count(context.channel(), located.id);
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, NO_STORE)]).into_response())
}

/// List the products that are viewed most
///
/// Those on sale in the channel now, in the order of their views over the window, the most viewed first. Views show after
/// a few seconds. While they cannot be read the list is empty, and not to be kept by any cache.
#[utoipa::path(
    get, path = "/v1/store/{channel}/trending", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("window" = Option<String>, Query, description = "Views of the last `1h`, `24h` (when absent) or `7d`", example = "24h"),
        ("limit" = Option<u32>, Query, description = "How many products at most, 1 to 50; 10 when absent", minimum = 1, maximum = 50, example = 10),
        ContextParameters, Fields, Revalidate,
    ),
    responses(
        (status = 200, description = "The products, all on one page", body = ListBody<StoreProductBody>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer; never past the next beginning or end of a listing in the channel, or the next change of a price; `no-store` while views cannot be read"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
pub(super) async fn trending(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let window = match query.take("window")? {
        None => Window::Day,
        Some(text) => Window::parse(&text).ok_or_else(|| invalid("window", "must be 1h, 24h or 7d"))?,
    };
    let limit = match query.take("limit")? {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| invalid("limit", "must be a whole number from 1 to 50"))?,
    };
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    let (ranked, is_known) = match app.views.most_viewed(context.channel(), window).await {
        Ok(ranked) => (ranked, true),
        // A page does without the list sooner than without its other parts.
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "views cannot be read");
            (Vec::new(), false)
        }
    };
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let (context, ranked) = (Arc::clone(&own), ranked.clone());
        async move {
            let visit = context.visit(app.clock.now());
            let seen = app.storefront.among(&ranked, &visit, None, limit).await?;
            let prices = context
                .price(&app, visit.at, seen.iter().map(|(_, copy)| copy))
                .await?;
            let next_change = app.storefront.next_change(&visit).await?;
            let items = seen
                .iter()
                .map(|(_, copy)| StoreProductBody::new(copy, &prices, &context.locales));
            // There is no further page.
            let body = ListBody {
                items: items.collect(),
                next_cursor: None,
                total: None,
                total_is_estimate: None,
            };
            Ok(cached::tagged(
                &body,
                "",
                next_change.into_iter().chain(prices.until()).min(),
            ))
        }
    };
    // The order changes all the time, and no write tells of it.
    let answer = cached::read(&app, None, &context.reading, load).await?;
    let mut response = respond(&app, &headers, &context, &answer, "product", PRODUCTS)?;
    if !is_known {
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    }
    Ok(response)
}
