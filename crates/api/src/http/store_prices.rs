//! What shoppers pay: `/v1/store/{channel}/prices`.

use std::collections::BTreeSet;
use std::time::Duration;

use application::pricing::PricingContext;
use application::resource::ResourceRef;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::Timestamp;
use domain::value::{Country, Currency, Key, Sku, ValueError};
use http::{HeaderMap, HeaderName, HeaderValue};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::encode::strong_tag;
use super::query::{Query, invalid};
use super::reply::{self, to_bytes};
use super::state::AppState;
use super::v1::Revalidate;
use crate::problem::Problem;
use crate::wire::{MAX_LINES, StorePriceBody, StorePricesBody};

const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(prices))
}

/// Read prices
///
/// What one piece of each variant costs now. SKUs that are not on sale are left out.
#[utoipa::path(
    get, path = "/v1/store/{channel}/prices", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("skus" = String, Query, description = "1 to 200 SKUs, with commas between them", example = "KETTLE-BLUE,KETTLE-RED"),
        ("currency" = Option<String>, Query, description = "One of the channel's currencies (ISO 4217); its default when absent"),
        ("country" = Option<String>, Query, description = "One of the channel's countries (ISO 3166-1 alpha-2)"),
        ("group" = Option<String>, Query, description = "Groups that the customer is in, with commas between them"),
        Revalidate,
    ),
    responses(
        (status = 200, description = "The prices in the order of the SKUs", body = StorePricesBody,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer: never past the next change of a price"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
async fn prices(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let channel = Key::parse(channel).map_err(|_| Problem::not_found("channel"))?;
    let found = app
        .channels
        .reader()
        .find(&ResourceRef::Key(channel), false)
        .await?;
    let channel = found.ok_or_else(|| Problem::not_found("channel"))?;
    let skus = query.parse("skus", |skus| each(&skus, |sku| Sku::parse(sku)))?;
    let skus: Vec<Sku> = skus.ok_or_else(|| invalid("skus", "is required"))?;
    let currency = query.parse("currency", |code| Currency::parse(&code))?;
    let country = query.parse("country", |code| Country::parse(&code))?;
    let groups = query.parse("group", |groups| each(&groups, |group| Key::parse(group)))?;
    query.finish()?;
    let content = channel.content;
    let currency = currency.unwrap_or_else(|| content.currencies.default_currency());
    if !content.currencies.currencies().contains(&currency) {
        return Err(invalid("currency", "is none of the channel's"));
    }
    if country.is_some_and(|country| !content.countries.is_empty() && !content.countries.contains(&country)) {
        return Err(invalid("country", "is none of the channel's"));
    }

    let now = app.pricing.now();
    let on_sale = app.pricing.on_sale(&skus).await?;
    let context = PricingContext {
        channel: Some(channel.id),
        channel_lists: content.price_lists,
        currency,
        country,
        customer_groups: groups.into_iter().flatten().collect(),
        at: Some(now),
    };
    let variants: Vec<_> = on_sale.values().copied().collect();
    let resolved = app.pricing.resolve_many(&variants, &context).await?;
    let mut seen = BTreeSet::new();
    let items = skus.iter().filter(|sku| seen.insert(*sku)).filter_map(|sku| {
        let variant = on_sale.get(sku)?;
        Some(StorePriceBody::new(sku, *variant, resolved.get(variant)?))
    });
    let body = to_bytes(&StorePricesBody {
        items: items.collect(),
    });
    let next = resolved.values().filter_map(|price| price.valid_until).min();
    let tag = strong_tag(&body);
    let mut response = reply::resource(&headers, body, &tag, cache_control(app.store_max_age, now, next))?;
    let keys = HeaderValue::from_static("prices");
    response.headers_mut().insert(SURROGATE_KEY, keys);
    Ok(response)
}

/// Values with commas between them, 1 to 200.
fn each<T>(text: &str, parse: impl Fn(&str) -> Result<T, ValueError>) -> Result<Vec<T>, ValueError> {
    let values: Vec<_> = text.split(',').collect();
    if values.len() > MAX_LINES {
        return Err(ValueError::TooLong {
            max: MAX_LINES,
            of: "values",
        });
    }
    values.into_iter().map(parse).collect()
}

/// Shared caches may keep an answer, but not past the next change, and where that is near not a moment longer.
fn cache_control(longest: Duration, now: Timestamp, next: Option<Timestamp>) -> HeaderValue {
    let until_next = next.map(|next| (next - now).to_std().unwrap_or_default());
    let value = match until_next {
        Some(left) if left < longest * 2 => {
            let seconds = left.min(longest).as_secs();
            let stale = left.as_secs() - seconds;
            format!("public, max-age=0, s-maxage={seconds}, stale-while-revalidate={stale}")
        }
        _ => {
            let seconds = longest.as_secs();
            format!("public, max-age=0, s-maxage={seconds}, stale-while-revalidate={seconds}")
        }
    };
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("no-cache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_keeps_an_answer_past_the_next_change() {
        let now = Timestamp::UNIX_EPOCH;
        let told = |left: Option<u64>| {
            let next = left.map(|seconds| now + Duration::from_secs(seconds));
            let value = cache_control(Duration::from_mins(1), now, next);
            value.to_str().unwrap_or_default().to_owned()
        };
        assert!(told(None).ends_with("s-maxage=60, stale-while-revalidate=60"));
        assert!(told(Some(500)).ends_with("s-maxage=60, stale-while-revalidate=60"));
        assert!(told(Some(90)).ends_with("s-maxage=60, stale-while-revalidate=30"));
        assert!(told(Some(59)).ends_with("s-maxage=59, stale-while-revalidate=0"));
        assert!(told(Some(0)).ends_with("s-maxage=0, stale-while-revalidate=0"));
    }
}
