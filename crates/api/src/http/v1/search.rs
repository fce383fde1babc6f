//! Search for management: `/v1/search`.

use application::cache::Consistency;
use application::pricing::PricingContext;
use application::resource::{ResourceRef, ResourceRevision};
use application::search::{
    Audience, Located, SearchSettings, SearchSettingsId, SearchSettingsState, SuggestQuery,
};
use application::store::Receipt;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::product::ProductState;
use domain::value::{Country, Currency, Key, Locale};
use http::header::{CACHE_CONTROL, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::parameters::{Conditional, Demanded, DryRun, Revalidate, WriteHeaders};
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::cached;
use crate::http::conditions::{not_modified, version_tag};
use crate::http::position;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE};
use crate::http::search::{self, refused, refused_parameter};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{
    ProductBody, ResourceBody, SearchBody, SearchInput, SearchSettingsInput, StatusBody, SuggestBody,
    SuggestedBody, SynonymsInput, resource_ref,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(products))
        .routes(routes!(suggest))
        .routes(routes!(status))
        .routes(routes!(settings, replace_settings, patch_settings))
        .routes(routes!(synonyms, replace_synonyms))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never built")]
struct ReaderParameters {
    /// A language of any channel (BCP 47) to search texts in; the texts of all languages when absent.
    locale: Option<String>,
    /// In which prices are compared (ISO 4217); the catalog's usual one when absent.
    currency: Option<String>,
    /// The channel whose prices count: id or `key:<key>`.
    #[param(example = "key:default")]
    channel: Option<String>,
    /// The country whose prices count (ISO 3166-1 alpha-2).
    country: Option<String>,
    /// At most 200 groups whose prices count, with commas between them.
    group: Option<String>,
}

async fn audience(app: &App, query: &mut Query) -> Result<(Audience, Vec<Locale>), Problem> {
    let locale = query.parse("locale", |locale| Locale::parse(&locale))?;
    let currency = query.parse("currency", |code| Currency::parse(&code))?;
    let channel = query.parse("channel", |channel| resource_ref(&channel))?;
    let country = query.parse("country", |code| Country::parse(&code))?;
    let groups = query.each("group", |group| Key::parse(group))?;
    let channel = match channel {
        None => None,
        Some(named) => {
            let found = app.channels.reader().find(&named, false).await?;
            Some(found.ok_or_else(|| invalid("channel", "leads to no channel"))?)
        }
    };
    let pricing = PricingContext {
        channel: channel.as_ref().map(|channel| channel.id),
        channel_lists: channel
            .map(|channel| channel.content.price_lists)
            .unwrap_or_default(),
        currency: currency.unwrap_or(app.imports.currency),
        country,
        customer_groups: groups.into_iter().flatten().collect(),
        at: None,
        staged: true,
    };
    let locales = locale.iter().chain([&app.default_locale]).cloned().collect();
    let audience = Audience::Management {
        locale,
        pricing: Some(pricing),
    };
    Ok((audience, locales))
}

/// Search working copies
///
/// Of all products that are not deleted, whatever their status, with filters, facets and order.
#[utoipa::path(
    post, path = "/v1/search/products", tag = "Search",
    params(ReaderParameters, Demanded),
    request_body(content = SearchInput, description = "What is searched for"),
    responses((status = 200, description = "A page of hits", body = SearchBody<ProductBody>,
        headers(
            ("ETag" = String, description = "Strong tag of the bytes"),
            ("Catalog-Position" = String, description = "The answer reflects all changes up to here"),
        ))),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list", "@body", "not_caught_up"]))),
)]
async fn products(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    mut query: Query,
    headers: HeaderMap,
    submission: Submission,
) -> Result<Response, Problem> {
    let parts = submission.json(|input: SearchInput| input.parse(&app.default_locale))?;
    let demand = cached::demand(&headers, Consistency::Strong)?;
    let (audience, _) = audience(&app, &mut query).await?;
    query.finish()?;
    let engine = search::engine(&app)?;
    let request = search::request(&app, &parts, audience, demand)?;
    let scope = request.scope();
    let page = engine.management(request).await.map_err(refused)?;
    let body = |product: &ProductState| ProductBody::from(product);
    search::respond(&app, &headers, (&parts, &scope), &page, body)
}

/// Suggest products, categories and brands
///
/// For what an editor is typing, of working copies.
#[utoipa::path(
    get, path = "/v1/search/suggest", tag = "Search",
    params(
        ("q" = String, Query, description = "What has been typed so far, at most 1,000 characters", example = "enam"),
        ("limit" = Option<u32>, Query, description = "How many of each kind, 1 to 20; 5 when absent", example = 5),
        ReaderParameters, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "What may be meant", body = SuggestBody, headers(("Catalog-Position" = String, description = "The answer reflects all changes up to here"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["not_caught_up"]))),
)]
async fn suggest(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (text, limit) = search::suggestion(&mut query)?;
    let demand = cached::demand(&headers, Consistency::Strong)?;
    let (audience, locales) = audience(&app, &mut query).await?;
    query.finish()?;
    let asked = SuggestQuery {
        audience,
        text: Located::new("q", text),
        limit,
        min_position: demand.min_position,
    };
    let found = search::engine(&app)?
        .suggest_management(asked)
        .await
        .map_err(refused_parameter)?;
    let product = |product: &ProductState| SuggestedBody::of(product, &locales);
    search::tagged(&headers, found.position, &SuggestBody::new(&found, product))
}

/// Read how the search index stands
///
/// That of the instance that answers: each keeps its own.
#[utoipa::path(
    get, path = "/v1/search/status", tag = "Search",
    responses((status = 200, description = "Position, lag and size for each plane", body = StatusBody)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn status(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    query: Query,
) -> Result<Response, Problem> {
    query.finish()?;
    let planes = search::engine(&app)?.status().await?;
    let body = axum::Json(StatusBody::new(&planes, position::write));
    Ok(([(CACHE_CONTROL, PRIVATE)], body).into_response())
}

const ONLY: ResourceRef<SearchSettingsId> = ResourceRef::Id(SearchSettingsId::ONLY);

/// Names the shapes of the bodies in their tags.
const SETTINGS: &str = "ss1";
const SYNONYMS: &str = "sy1";

async fn stored(app: &App) -> Result<SearchSettingsState, Problem> {
    let found = app.search_settings.reader().find(&ONLY, false).await?;
    found.ok_or_else(|| Problem::not_found("search settings"))
}

/// The settings in the shape that `I` gives them.
async fn read<I>(app: &App, query: Query, headers: &HeaderMap, shape: &str) -> Result<Response, Problem>
where
    I: Serialize + for<'a> From<&'a SearchSettings>,
{
    query.finish()?;
    let state = stored(app).await?;
    let tag = version_tag(state.record.version, shape);
    let mut response = if not_modified(headers, &tag)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::Json(ResourceBody::<I>::from(&state)).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE);
    response
        .headers_mut()
        .extend(HeaderValue::try_from(tag).map(|tag| (ETAG, tag)));
    Ok(response)
}

fn receipt<I>(state: &SearchSettingsState, shape: &str) -> Receipt
where
    I: Serialize + for<'a> From<&'a SearchSettings>,
{
    let tag = version_tag(state.record.version, shape);
    reply::receipt(&ResourceBody::<I>::from(state), Some(tag), None)
}

/// A write of the settings: the caller, its query and its body.
struct Write<'a> {
    caller: &'a Authorized<CatalogWrite>,
    query: Query,
    submission: &'a Submission,
}

async fn write<I>(
    app: &App,
    write: Write<'_>,
    shape: &'static str,
    revision: ResourceRevision<'_, SearchSettings, SearchSettings>,
) -> Result<Response, Problem>
where
    I: Serialize + for<'a> From<&'a SearchSettings>,
{
    let Write {
        caller,
        mut query,
        submission,
    } = write;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let render = |state: &SearchSettingsState, _: bool| receipt::<I>(state, shape);
    let written = app
        .search_settings
        .revise(&ONLY, revision, &precondition, false, &context, &render)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Read the settings of search
#[utoipa::path(
    get, path = "/v1/search/settings", tag = "Search",
    params(Revalidate),
    responses(
        (status = 200, description = "The settings", body = ResourceBody<SearchSettingsInput>, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn settings(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::<SearchSettingsInput>(&app, query, &headers, SETTINGS).await
}

/// Replace the settings of search
#[utoipa::path(
    put, path = "/v1/search/settings", tag = "Search",
    params(DryRun, Conditional, WriteHeaders),
    request_body(content = SearchSettingsInput, description = "The settings"),
    responses((status = 200, description = "The settings as replaced", body = ResourceBody<SearchSettingsInput>, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "@conditional"]))),
)]
async fn replace_settings(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let content = submission.json(SearchSettingsInput::parse)?;
    let request = Write {
        caller: &caller,
        query,
        submission: &submission,
    };
    write::<SearchSettingsInput>(&app, request, SETTINGS, &|_| Ok(content.clone())).await
}

/// Change the settings of search
#[utoipa::path(
    patch, path = "/v1/search/settings", tag = "Search",
    params(DryRun, Conditional, WriteHeaders),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"typos": false})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/typos", "value": false}])),
    )),
    responses((status = 200, description = "The settings as changed", body = ResourceBody<SearchSettingsInput>, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "@conditional"]))),
)]
async fn patch_settings(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let patch = submission.patch()?;
    let revision: ResourceRevision<'_, SearchSettings, SearchSettings> = &|stored| {
        let stored = stored.map(|state| state.content.clone()).unwrap_or_default();
        patch.apply(&SearchSettingsInput::from(&stored), SearchSettingsInput::parse)
    };
    let request = Write {
        caller: &caller,
        query,
        submission: &submission,
    };
    write::<SearchSettingsInput>(&app, request, SETTINGS, revision).await
}

/// Read the synonyms
#[utoipa::path(
    get, path = "/v1/search/synonyms", tag = "Search",
    params(Revalidate),
    responses(
        (status = 200, description = "The synonyms, a part of the settings", body = ResourceBody<SynonymsInput>, headers(("ETag" = String, description = "Tag of the settings' version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!([]))),
)]
async fn synonyms(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    read::<SynonymsInput>(&app, query, &headers, SYNONYMS).await
}

/// Replace the synonyms
///
/// Other settings stay.
#[utoipa::path(
    put, path = "/v1/search/synonyms", tag = "Search",
    params(DryRun, Conditional, WriteHeaders),
    request_body(content = SynonymsInput, description = "The synonyms"),
    responses((status = 200, description = "The synonyms as replaced", body = ResourceBody<SynonymsInput>, headers(("ETag" = String, description = "Tag of the settings' version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "@conditional"]))),
)]
async fn replace_synonyms(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let input = submission
        .json(|input: SynonymsInput| input.clone().parse(SearchSettings::default()).map(|_| input))?;
    let revision: ResourceRevision<'_, SearchSettings, SearchSettings> = &|stored| {
        let before = stored.map(|state| state.content.clone()).unwrap_or_default();
        input.clone().parse(before)
    };
    let request = Write {
        caller: &caller,
        query,
        submission: &submission,
    };
    write::<SynonymsInput>(&app, request, SYNONYMS, revision).await
}
