//! `GET` and `POST /v1/store/{channel}/search`, and `GET /v1/store/{channel}/suggest`.

use std::sync::Arc;

use application::search::{Audience, FilterRequest, HighlightRequest, Located, SuggestQuery};
use application::storefront::StoreProduct;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::Timestamp;
use http::HeaderMap;

use super::Context;
use super::context::ContextParameters;
use crate::http::query::{Query, invalid};
use crate::http::search::{self, parameter, refused, refused_parameter};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::{Demanded, Fields, Revalidate};
use crate::problem::Problem;
use crate::wire::{
    SearchBody, SearchInput, SearchParts, StoreProductBody, SuggestBody, SuggestedBody, facet_by_name,
    parse_filter, search_limit, search_text, sort_key,
};

fn audience(context: &Context, at: Timestamp) -> Audience {
    Audience::Store {
        visit: context.visit(at),
        locales: context.locales.clone(),
        pricing: context.pricing(at),
    }
}

/// Search products
///
/// The same as the search by `POST`, with what most searches need as parameters.
#[utoipa::path(
    get, path = "/v1/store/{channel}/search", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("q" = Option<String>, Query, description = "What someone typed, at most 1,000 characters", example = "enamel kettle"),
        ("filter" = Option<String>, Query, description = "The member `filter` of the search by `POST`, as JSON", example = r#"{"field": "price", "lt": "50.00"}"#),
        ("facets" = Option<String>, Query, description = "Fields whose values are to be counted, with commas between them: terms, the tree of `category`, statistics of prices and dates", example = "brand,category,price"),
        ("sort" = Option<String>, Query, description = "Fields to sort by, with commas between them, each with a hyphen in front for descending", example = "-price"),
        ("limit" = Option<u32>, Query, description = "How many hits a page has, 0 to 200; 50 when absent", example = 20),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"),
        ("highlight" = Option<String>, Query, description = "Fields whose texts are to be shown with what was found in them, with commas between them", example = "name"),
        ContextParameters, Fields, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "A page of hits", body = SearchBody<StoreProductBody>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Catalog-Position" = String, description = "The answer reflects all changes up to here"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@list", "resource_not_found", "not_caught_up"]))),
)]
pub(super) async fn by_parameters(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parts = parts(&mut query)?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    answer(&app, &headers, &context, &parts, refused_parameter).await
}

/// Search products by a description
///
/// Those that are on sale in the channel now, with filters, facets and order. Prices are the shopper's own.
#[utoipa::path(
    post, path = "/v1/store/{channel}/search", tag = "Store",
    params(("channel" = String, Path, description = "The channel's key", example = "default"), ContextParameters, Fields, Revalidate, Demanded),
    request_body(content = SearchInput, description = "What is searched for"),
    responses(
        (status = 200, description = "A page of hits", body = SearchBody<StoreProductBody>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Catalog-Position" = String, description = "The answer reflects all changes up to here"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@list", "@body", "resource_not_found", "not_caught_up"]))),
)]
pub(super) async fn by_description(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
    submission: Submission,
) -> Result<Response, Problem> {
    let parts = submission.json(|input: SearchInput| input.parse(&app.default_locale))?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    answer(&app, &headers, &context, &parts, refused).await
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    context: &Arc<Context>,
    parts: &SearchParts,
    refused: fn(application::search::SearchFailure) -> Problem,
) -> Result<Response, Problem> {
    let engine = search::engine(app)?;
    // What is found and what is shown of it are of one instant.
    let at = app.clock.now();
    let request = search::request(app, parts, audience(context, at), context.reading.demand)?;
    let scope = request.scope();
    let page = engine.store(request).await.map_err(refused)?;
    let copies = page.hits.iter().map(|hit| &hit.item);
    let prices = context.price(app, at, copies).await?;
    let body = |copy: &StoreProduct| StoreProductBody::new(copy, &prices, &context.locales);
    search::respond(app, headers, (parts, &scope), &page, body)
}

/// The parts of a search that stand in the address.
fn parts(query: &mut Query) -> Result<SearchParts, Problem> {
    let text = query.parse("q", search_text)?;
    let filter = query.take("filter")?.map(|text| filter(&text)).transpose()?;
    let facets = query.each("facets", |field| Ok(facet_by_name("facets", field)))?;
    let facets = facets.unwrap_or_default();
    let sort = query.each("sort", |key| Ok(sort_key("sort", key)))?;
    let highlight = query.each("highlight", |field| {
        Ok(Located::new("highlight", field.to_owned()))
    })?;
    let limit = query.take("limit")?.map(|limit| {
        limit
            .parse()
            .map_err(|_| invalid("limit", "must be a number from 0 to 200"))
    });
    let limit = search_limit(limit.transpose()?).map_err(|e| invalid("limit", &e.to_string()))?;
    Ok(SearchParts {
        text: text.map(|text| Located::new("q", text)),
        filter,
        ranges: vec![Vec::new(); facets.len()],
        facets,
        sort: sort.unwrap_or_default(),
        limit,
        cursor: query.take("cursor")?,
        highlight: HighlightRequest {
            fields: highlight.unwrap_or_default(),
            fragment: HighlightRequest::FRAGMENT,
        },
        explain: false,
    })
}

fn filter(text: &str) -> Result<FilterRequest, Problem> {
    let value = crate::wire::read_json(text.as_bytes()).map_err(|e| invalid("filter", &e.to_string()))?;
    parse_filter("filter", &value).map_err(parameter)
}

/// Suggest products, categories and brands
///
/// For what someone is typing: every word has to begin a word of what is suggested, or be near to one.
#[utoipa::path(
    get, path = "/v1/store/{channel}/suggest", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("q" = String, Query, description = "What has been typed so far, at most 1,000 characters", example = "enam"),
        ("limit" = Option<u32>, Query, description = "How many of each kind, 1 to 20; 5 when absent", example = 5),
        ContextParameters, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "What may be meant", body = SuggestBody, headers(("Catalog-Position" = String, description = "The answer reflects all changes up to here"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one", "not_caught_up"]))),
)]
pub(super) async fn suggest(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (text, limit) = search::suggestion(&mut query)?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    let asked = SuggestQuery {
        audience: audience(&context, app.clock.now()),
        text: Located::new("q", text),
        limit,
        min_position: context.reading.demand.min_position,
    };
    let found = search::engine(&app)?
        .suggest_store(asked)
        .await
        .map_err(refused_parameter)?;
    let product = |copy: &StoreProduct| SuggestedBody::of(&copy.product, &context.locales);
    search::tagged(&headers, found.position, &SuggestBody::new(&found, product))
}
