//! Uploaded files under `/v1/media`.

use application::cache::{CacheKey, Consistency, Loaded, Schema};
use application::media::{MediaRef, MediaRevision};
use application::store::{Receipt, WriteContext};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::MediaId;
use domain::media::MediaState;
use http::{HeaderMap, Uri};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::history::{MediaPast, as_of};
use super::parameters::{
    AsOf, Conditional, Demanded, DryRun, Fields, PageParameters, Revalidate, WriteHeaders,
};
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE, to_bytes};
use crate::http::state::AppState;
use crate::http::submission::{Submission, claim};
use crate::problem::Problem;
use crate::server::RequestId;
use crate::wire::{MediaFileBody, MediaInput, canonical_id};

/// What the list is called inside its cursors.
const LIST: &str = "media";

/// Names the shape of the body in its tags.
const SCHEMA: &str = "f2";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(get, patch, delete))
}

pub(super) fn media_id(text: &str) -> Result<MediaId, Problem> {
    let id = canonical_id(text, "the id of a file");
    id.map(MediaId::new)
        .map_err(|error| invalid("id", &error.to_string()))
}

pub(super) fn tag(media: &MediaState) -> String {
    version_tag(media.record.version, SCHEMA)
}

fn receipt(media: &MediaState, created: bool) -> Receipt {
    let address = created.then(|| format!("/v1/media/{}", media.id));
    reply::receipt(&MediaFileBody::from(media), Some(tag(media)), address)
}

/// List uploaded files
#[utoipa::path(
    get, path = "/v1/media", tag = "Media",
    params(Fields, PageParameters),
    responses((status = 200, description = "A page of files", body = ListBody<MediaFileBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let page = query.page(&app.cursors, LIST, &())?;
    query.finish_list()?;
    let files = app.media.reader().list(&page).await?;
    Ok(reply::list(
        &files,
        |media| MediaFileBody::from(media),
        &page,
        &app.cursors,
        (LIST, &()),
        &uri,
        PRIVATE,
    ))
}

/// Upload a file
///
/// The file is the body, with its content type, or the one part of a form. At most 20 MiB of JPEG, PNG, GIF, WebP,
/// AVIF, PDF or MP4; what it is, is told from its bytes, and a content type that says something else is refused. A
/// picture has at most 100 megapixels. The same bytes are the same file: who uploads them again gets it as it is, with
/// 200.
#[utoipa::path(
    post, path = "/v1/media", tag = "Media",
    params(
        ("name" = Option<String>, Query, description = "What the file is called, at most 255 characters and no path; a form says it with its part", example = "kettle.jpg"),
        DryRun, WriteHeaders,
    ),
    request_body(content(
        (String = "multipart/form-data", example = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"kettle.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n…\r\n--x--\r\n"),
        (String = "image/jpeg", example = "…"),
        (String = "image/png", example = "…"),
        (String = "image/gif", example = "…"),
        (String = "image/webp", example = "…"),
        (String = "image/avif", example = "…"),
        (String = "application/pdf", example = "…"),
        (String = "video/mp4", example = "…"),
        (String = "application/octet-stream", example = "…"),
    )),
    responses(
        (status = 201, description = "The file as it is kept", body = MediaFileBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the resource"))),
        (status = 200, description = "The file was there already; or, with `dryRun`, as it would be", body = MediaFileBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@idempotent", "malformed_multipart", "request_timeout", "payload_too_large", "unsupported_media_type", "validation_failed", "state_conflict"]))),
)]
async fn upload(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    uri: Uri,
    mut query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = query.take("name")?;
    let dry_run = query.flag("dryRun")?;
    query.finish()?;
    let received = app.uploads.receive(&headers, body, name).await?;
    // Not of the body's own bytes: a form that is sent again is cut into its parts in another way.
    let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
    let parts = [
        path.as_bytes(),
        received.name().as_bytes(),
        received.digest.as_bytes(),
    ];
    let context = WriteContext {
        actor: caller.principal.subject().to_owned(),
        request_id,
        dry_run,
        idempotency: claim(&headers, &parts)?,
    };
    let take = async |upload| Ok(app.media.upload(&upload, &context, &receipt).await?);
    let written = app.uploads.with(received, take).await?;
    Ok(reply::written(written, context.dry_run))
}

/// Read what is known of a file
#[utoipa::path(
    get, path = "/v1/media/{id}", tag = "Media",
    params(("id" = String, Path, description = "Id of the file", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"), AsOf, Fields, Revalidate, Demanded),
    responses(
        (status = 200, description = "The file", body = MediaFileBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = media_id(&text)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        return as_of::<MediaPast>(&app, &text, instant, &headers).await;
    }
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let load = move |app: AppState| async move {
        let found = app.media.reader().find(MediaRef::Id(id)).await?;
        Ok(found.map_or(Loaded::nothing(None), |media| {
            let version = media.record.version;
            let body = to_bytes(&MediaFileBody::from(&media));
            cached::versioned(body, version_tag(version, SCHEMA), version)
        }))
    };
    let answer = cached::read(&app, Some(CacheKey::of(id, Schema::new(SCHEMA))), &reading, load).await?;
    cached::respond(&headers, &answer, "media", PRIVATE)
}

/// Change what is said of a file
///
/// Its name, its alternative text and its metadata, by JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the
/// version that is stored when it takes effect. Its bytes, and where they are served, stay.
#[utoipa::path(
    patch, path = "/v1/media/{id}", tag = "Media",
    params(
        ("id" = String, Path, description = "Id of the file", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"alt": {"en": "A blue kettle"}})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "add", "path": "/name", "value": "kettle.jpg"}])),
    )),
    responses((status = 200, description = "The file as described", body = MediaFileBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional"]))),
)]
async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = media_id(&text)?;
    let patch = submission.patch()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let revision: MediaRevision<'_> = &|stored| {
        patch.apply(&MediaInput::from(&stored.content.said), |input: MediaInput| {
            input.parse(&app.default_locale)
        })
    };
    let written = app
        .media
        .describe(id, revision, &precondition, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Delete a file
///
/// For good, and only when no product, variant or category shows it; a deleted one still does, as it may come back.
#[utoipa::path(
    delete, path = "/v1/media/{id}", tag = "Media",
    params(
        ("id" = String, Path, description = "Id of the file", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        DryRun, Conditional, WriteHeaders,
    ),
    responses((status = 204, description = "The file is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced"]))),
)]
async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let id = media_id(&text)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .media
        .delete(id, &precondition, &context, &|_, _| reply::deleted())
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}
