//! `GET /v1/store/{channel}/prices`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use application::cache::{CacheKey, Schema, Scope};
use application::cdn::PRICES;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::value::Sku;
use http::HeaderMap;

use super::context::ContextParameters;
use super::{Context, respond};
use crate::http::cached;
use crate::http::query::{Query, invalid};
use crate::http::state::AppState;
use crate::http::v1::{Demanded, Revalidate};
use crate::problem::Problem;
use crate::wire::{StorePriceBody, StorePricesBody, VariantPrices};

const SCHEMA: Schema = Schema::new("sp");

/// Read prices
///
/// What one piece of each variant costs now. SKUs that are not on sale in the channel are left out.
#[utoipa::path(
    get, path = "/v1/store/{channel}/prices", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("skus" = String, Query, description = "1 to 200 SKUs, with commas between them", example = "KETTLE-BLUE,KETTLE-RED"),
        ContextParameters, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The prices in the order of the SKUs", body = StorePricesBody,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer: never past the next change of a price or listing"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
pub(super) async fn prices(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let skus = query.each("skus", |sku| Sku::parse(sku))?;
    let skus = skus.ok_or_else(|| invalid("skus", "is required"))?;
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;

    let question = format!("{skus:?}|{}", context.key());
    let key = cached::scopes(
        &app,
        &[Scope::Shelf, Scope::PriceLists, Scope::Prices],
        &context.reading,
    )
    .await?;
    let key = key.map(|names| CacheKey::query(SCHEMA, format!("{question}|{names}")));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let (context, skus) = (Arc::clone(&own), skus.clone());
        async move {
            let visit = context.visit(app.clock.now());
            let on_sale = app.storefront.on_sale(&skus, &visit).await?;
            let on_sale: HashMap<_, _> = on_sale.into_iter().collect();
            let variants: Vec<_> = on_sale.values().copied().collect();
            let prices = app
                .pricing
                .resolve_many(&variants, &context.pricing(visit.at))
                .await?;
            let prices = VariantPrices(prices);
            let next_change = app.storefront.next_change(&visit).await?;
            let mut seen = BTreeSet::new();
            let items = skus.iter().filter(|sku| seen.insert(*sku)).filter_map(|sku| {
                let variant = on_sale.get(sku)?;
                Some(StorePriceBody::new(sku, *variant, prices.0.get(variant)?))
            });
            let body = StorePricesBody {
                items: items.collect(),
            };
            Ok(cached::tagged(
                &body,
                "",
                next_change.into_iter().chain(prices.until()).min(),
            ))
        }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    respond(&app, &headers, &context, &answer, "prices", PRICES)
}
