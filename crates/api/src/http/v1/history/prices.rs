//! The past of prices. A deleted price is known from the change log alone.

use application::history::History;
use application::pricing::PriceRevision;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::pricing::PriceState;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Past;
use crate::http::auth::{Authorized, PricesWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::http::v1::prices::{id, receipt, tag};
use crate::problem::Problem;
use crate::wire::{PriceBody, PriceInput, RevertInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    told().routes(routes!(revert))
}

pub(in crate::http::v1) struct PricePast;

impl Past for PricePast {
    type State = PriceState;
    type Body = PriceBody;

    const KIND: &'static str = "price";

    fn history(app: &App) -> &History<PriceState> {
        &app.histories.prices
    }

    fn id(price: &PriceState) -> Uuid {
        price.id.uuid()
    }

    async fn find(app: &App, text: &str) -> Result<PriceState, Problem> {
        let id = id(text)?;
        let found = match app.price_reader.find(id).await? {
            Some(price) => Some(price),
            None => app.histories.prices.newest(id.uuid()).await?,
        };
        found.ok_or_else(|| Problem::not_found(Self::KIND))
    }

    async fn body(_: &App, price: &PriceState) -> Result<(PriceBody, String), Problem> {
        Ok((PriceBody::from(price), tag(price)))
    }
}

super::told::told! {
    PricePast as PriceBody,
    tag: "Pricing", prefix: "", noun: "price",
    path: "/v1/prices/{id}", by: ("id", "The price's id; of a deleted one too", "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
}

/// Bring a price back to a version
///
/// Writes what it said then as a new version, by the rules that hold now: no other price may hold at the same time.
#[utoipa::path(
    post, path = "/v1/prices/{id}/revert", tag = "Pricing", operation_id = "revert",
    params(
        ("id" = String, Path, description = "The price's id", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = RevertInput, description = "The version"),
    responses((status = 200, description = "The price as it is now", body = PriceBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["prices:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "price_overlap", "state_conflict", "history_expired"]))),
)]
async fn revert(
    caller: Authorized<PricesWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let then = super::target::<PricePast>(&app, &text, &submission).await?;
    let draft = PriceInput::from(&then)
        .parse(&app.default_locale)
        .map_err(super::unfit)?;
    let revision: PriceRevision<'_> = &|_| Ok(draft.clone());
    let written = app
        .prices
        .revise(id, revision, &precondition, &context, &receipt)
        .await
        .map_err(super::unfit)?;
    Ok(reply::written(written, context.dry_run))
}
