//! The past of variants.

use application::product::{VariantOptions, VariantRevision};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::VariantState;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Subject;
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::conditions::version_tag;
use crate::http::query::Query;
use crate::http::reply::{self, ListBody};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::http::v1::parameters::{Conditional, DryRun, HistoryParameters, Revalidate, WriteHeaders};
use crate::http::v1::variants::{SCHEMA, receipt, reference};
use crate::problem::Problem;
use crate::wire::{DiffBody, HistoryEntryBody, RevertInput, VariantBody, VariantInput};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(diff))
        .routes(routes!(revert))
}

/// The variant, be it deleted.
async fn subject(app: &App, text: &str) -> Result<Subject, Problem> {
    let variant = reference(text)?;
    let found = app.variant_reader.find(&variant, true).await?;
    let found = found.ok_or_else(|| Problem::not_found("variant"))?;
    Ok(Subject {
        id: found.id.uuid(),
        now: found.record,
    })
}

fn body(variant: &VariantState) -> (VariantBody, String) {
    let tag = version_tag(variant.record.version, SCHEMA);
    (VariantBody::from(variant), tag)
}

/// List the versions of a variant
///
/// The newest first; of a deleted variant too.
#[utoipa::path(
    get, path = "/v1/variants/{ref}/history", tag = "Variants", operation_id = "history",
    params(("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<gtin>`; of a deleted one too", example = "sku:KETTLE-BLUE"), HistoryParameters),
    responses((status = 200, description = "A page of versions", body = ListBody<HistoryEntryBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    uri: Uri,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    super::list(&app, &app.histories.variants, &subject, &uri, query).await
}

/// Read a version of a variant
///
/// The variant as it was when it came to this version.
#[utoipa::path(
    get, path = "/v1/variants/{ref}/history/{version}", tag = "Variants", operation_id = "version",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<gtin>`; of a deleted one too", example = "sku:KETTLE-BLUE"),
        ("version" = i64, Path, description = "A version", example = 1),
        Revalidate,
    ),
    responses(
        (status = 200, description = "The variant at that version", body = VariantBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn show(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path((text, version)): Path<(String, String)>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    let state = super::version(&app.histories.variants, &subject, &version, query).await?;
    super::shown(&headers, &body(&state))
}

/// Compare two versions of a variant
///
/// What makes the one into the other, as a JSON Patch (RFC 6902); either may be the older.
#[utoipa::path(
    get, path = "/v1/variants/{ref}/diff", tag = "Variants", operation_id = "diff",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>`, `sku:<sku>` or `gtin:<gtin>`; of a deleted one too", example = "sku:KETTLE-BLUE"),
        ("from" = i64, Query, description = "A version", example = 1),
        ("to" = i64, Query, description = "Another version", example = 3),
    ),
    responses((status = 200, description = "The differences", body = DiffBody)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn diff(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let subject = subject(&app, &text).await?;
    let [from, to] = super::two(&app.histories.variants, &subject, query).await?;
    let (before, after) = (body(&from).0, body(&to).0);
    Ok(super::differences(
        (from.record.version, &before),
        (to.record.version, &after),
    ))
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
    let subject = subject(&app, &text).await?;
    let then = super::target(&app.histories.variants, &subject, &submission).await?;
    let content = VariantInput::from(&then.content).parse_nested(&app.default_locale)?;
    let revision: VariantRevision<'_> = &|_| Ok(content.clone());
    let options = VariantOptions {
        precondition,
        ..VariantOptions::default()
    };
    let written = app
        .variants
        .revise(&variant, revision, &options, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}
