//! `GET` and `POST /v1/store/{channel}/search`, and `GET /v1/store/{channel}/suggest`.

use std::sync::Arc;

use application::Faults;
use application::search::{Audience, FilterRequest, HighlightRequest, Located, SortRequest, SuggestQuery};
use application::storefront::StoreProduct;
use axum::extract::{Path, State};
use axum::response::Response;
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

fn audience(app: &App, context: &Context) -> Audience {
    let at = app.clock.now();
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
    let request = search::request(app, parts, audience(app, context), context.demand)?;
    let scope = request.scope();
    let page = engine.store(request).await.map_err(refused)?;
    let copies = page.hits.iter().map(|hit| &hit.item);
    let prices = context.price(app, app.clock.now(), copies).await?;
    let body = |copy: &StoreProduct| StoreProductBody::new(copy, &prices, &context.locales);
    search::respond(app, headers, (parts, &scope), &page, body)
}

/// The parts of a search that stand in the address.
fn parts(query: &mut Query) -> Result<SearchParts, Problem> {
    let text = query.parse("q", search_text)?;
    let filter = query.take("filter")?.map(|text| filter(&text)).transpose()?;
    let each = |query: &mut Query, name: &str| -> Result<Vec<String>, Problem> {
        let names = query.take(name)?;
        let names = names.iter().flat_map(|names| names.split(','));
        Ok(names.map(ToOwned::to_owned).collect())
    };
    let facets: Vec<_> = each(query, "facets")?
        .iter()
        .map(|f| facet_by_name("facets", f))
        .collect();
    let sort: Vec<SortRequest> = each(query, "sort")?
        .iter()
        .map(|key| sort_key("sort", key))
        .collect();
    let highlight = each(query, "highlight")?;
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
        sort,
        limit,
        cursor: query.take("cursor")?,
        highlight: HighlightRequest {
            fields: highlight
                .into_iter()
                .map(|field| Located::new("highlight", field))
                .collect(),
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
    let (text, limit) = suggestion(&mut query)?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    let asked = SuggestQuery {
        audience: audience(&app, &context),
        text: Located::new("q", text),
        limit,
        min_position: context.demand.min_position,
    };
    let found = search::engine(&app)?
        .suggest_store(asked)
        .await
        .map_err(refused_parameter)?;
    let product = |copy: &StoreProduct| {
        let content = &copy.product.content;
        SuggestedBody {
            id: copy.product.id.uuid(),
            name: content
                .name
                .resolve(&context.locales)
                .map(ToString::to_string)
                .unwrap_or_default(),
            slug: content
                .slug
                .resolve(&context.locales)
                .map(|slug| slug.as_str().to_owned()),
        }
    };
    search::tagged(&headers, found.position, &SuggestBody::new(&found, product))
}

const SUGGESTIONS: usize = 5;

/// What has been typed, and how many suggestions of each kind are wanted.
pub(in crate::http) fn suggestion(query: &mut Query) -> Result<(String, usize), Problem> {
    let text = query.parse("q", search_text)?;
    let text = text.ok_or_else(|| parameter(missing("q")))?;
    let limit = query.take("limit")?;
    let limit = limit.map(|limit| {
        limit
            .parse()
            .ok()
            .filter(|limit| (1..=SuggestQuery::MAX).contains(limit))
    });
    let limit = match limit {
        None => SUGGESTIONS,
        Some(Some(limit)) => limit,
        Some(None) => return Err(invalid("limit", "must be a number from 1 to 20")),
    };
    Ok((text, limit))
}

fn missing(name: &str) -> Faults {
    application::Fault::new(name, "required", "is required").into()
}
