//! The past of variants.

use application::history::History;
use application::product::{VariantOptions, VariantRevision};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::VariantState;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::Past;
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::conditions::version_tag;
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
use crate::http::v1::variants::{SCHEMA, receipt, reference};
use crate::problem::Problem;
use crate::wire::{RevertInput, VariantBody, VariantInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    told().routes(routes!(revert))
}

pub(in crate::http::v1) struct VariantPast;

impl Past for VariantPast {
    type State = VariantState;
    type Body = VariantBody;

    const KIND: &'static str = "variant";

    fn history(app: &App) -> &History<VariantState> {
        &app.histories.variants
    }

    fn id(variant: &VariantState) -> Uuid {
        variant.id.uuid()
    }

    async fn find(app: &App, text: &str) -> Result<VariantState, Problem> {
        let found = app.variant_reader.find(&reference(text)?, true).await?;
        found.ok_or_else(|| Problem::not_found(Self::KIND))
    }

    async fn body(_: &App, variant: &VariantState) -> Result<(VariantBody, String), Problem> {
        let tag = version_tag(variant.record.version, SCHEMA);
        Ok((VariantBody::from(variant), tag))
    }
}

super::told::told! {
    VariantPast as VariantBody,
    tag: "Variants", prefix: "", noun: "variant",
    path: "/v1/variants/{ref}", by: ("ref", "Id, `key:<key>`, `sku:<sku>` or `gtin:<gtin>`; of a deleted one too", "sku:KETTLE-BLUE"),
}

/// Bring a variant back to a version
///
/// Writes what it said then as a new version, by the rules that hold now: what it referred to must still exist, and its
/// names must be free. Where it stands in its life stays as it is.
#[utoipa::path(
    post, path = "/v1/variants/{ref}/revert", tag = "Variants", operation_id = "revert",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<gtin>`", example = "sku:KETTLE-BLUE"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content = RevertInput, description = "The version"),
    responses((status = 200, description = "The variant as it is now", body = VariantBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_sku", "duplicate_gtin", "duplicate_options", "state_conflict", "history_expired"]))),
)]
async fn revert(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let variant = reference(&text)?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let then = super::target::<VariantPast>(&app, &text, &submission).await?;
    let content = VariantInput::from(&then.content)
        .parse_nested(&app.default_locale)
        .map_err(super::unfit)?;
    let revision: VariantRevision<'_> = &|_| Ok(content.clone());
    let options = VariantOptions {
        precondition,
        ..VariantOptions::default()
    };
    let written = app
        .variants
        .revise(&variant, revision, &options, &context, &receipt)
        .await
        .map_err(super::unfit)?;
    Ok(reply::written(written, context.dry_run))
}
