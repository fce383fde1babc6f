//! Which price counts: `/v1/prices/resolve`.

use application::pricing::PricingContext;
use application::{Fault, Faults};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::auth::{Authorized, CatalogRead};
use crate::http::query::Query;
use crate::http::reply::PRIVATE;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{Question, ResolutionBody, ResolveInput, ResolvedLineBody};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(resolve))
}

/// Find out prices
///
/// What variants cost, for whom and when. Of the prices that hold, the one counts whose list has the highest
/// priority; then the one whose list comes first in the channel; then the one whose list has more conditions; then the
/// one for the largest quantity that is reached; then one of a list before one that the variant carries itself; then
/// the one that began last; then the one with the lower ids.
#[utoipa::path(
    post, path = "/v1/prices/resolve", tag = "Pricing",
    request_body(content = ResolveInput, description = "What is to be bought, by whom and when"),
    responses((status = 200, description = "The prices", body = ResolutionBody)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@body"]))),
)]
async fn resolve(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let question = submission.json(|input: ResolveInput| input.parse(&app.default_locale))?;
    query.finish()?;
    let Question {
        lines,
        channel,
        currency,
        country,
        customer_groups,
        at,
        explain,
    } = question;
    let mut faults = Faults::default();
    let missing =
        |at: String, what: &str| Fault::new(at, "reference_not_found", format!("there is no such {what}"));
    let channel = match channel {
        None => None,
        Some(channel) => {
            let found = app.channels.reader().find(&channel, false).await?;
            if found.is_none() {
                faults.push(missing("/channel".to_owned(), "channel"));
            }
            found
        }
    };
    let (references, quantities): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
    let variants = app.pricing.variants(&references).await?;
    for (index, _) in variants.iter().enumerate().filter(|(_, v)| v.is_none()) {
        faults.push(missing(format!("/lines/{index}/variant"), "variant"));
    }
    let variants = faults.or(variants.into_iter().collect::<Option<Vec<_>>>())?;
    let context = PricingContext {
        channel: channel.as_ref().map(|channel| channel.id),
        channel_lists: channel.map(|c| c.content.price_lists).unwrap_or_default(),
        currency,
        country,
        customer_groups,
        at,
        staged: true,
    };
    let lines: Vec<_> = variants.into_iter().zip(quantities).collect();
    let resolved = app.pricing.resolve_lines(&lines, &context, explain).await?;
    let lines = lines
        .iter()
        .zip(&resolved)
        .map(|((variant, quantity), resolved)| ResolvedLineBody::new(*variant, *quantity, resolved, explain))
        .collect();
    let body = axum::Json(ResolutionBody { lines });
    Ok(([(CACHE_CONTROL, PRIVATE)], body).into_response())
}
