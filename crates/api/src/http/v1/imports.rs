//! Imports under `/v1/imports`, and the jobs that do them under `/v1/jobs`.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::PathBuf;

use application::import::{ImportCounts, ImportFault, ImportJobs, ImportMode, ImportOptions, Job};
use application::page::{Count, Page, Position, SortField};
use application::store::WriteContext;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::value::Currency;
use futures::StreamExt;
use http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode, Uri};
use serde::Serialize;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::parameters::{DryRun, PageParameters};
use crate::formats::{Format, Reading, batches};
use crate::http::auth::{Authorized, CatalogImport};
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE};
use crate::http::state::AppState;
use crate::problem::Problem;
use crate::server::{Lifecycle, RequestId};
use crate::wire::instant;

/// What imports need beyond the catalog.
#[derive(Clone)]
pub(crate) struct Imports {
    pub(crate) jobs: ImportJobs,
    /// Where bodies are kept while they are taken in.
    pub(crate) folder: PathBuf,
    /// Of prices in files that don't say, unless the request does.
    pub(crate) currency: Currency,
    pub(crate) lifecycle: Lifecycle,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(get))
        .routes(routes!(errors))
        .routes(routes!(cancel))
}

/// An import that runs or ran. Kept for later reading.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobBody {
    id: Uuid,
    /// `running`, `succeeded` (the file was read to its end, even where records failed), `failed` or `cancelled`.
    #[schema(example = "running")]
    status: &'static str,
    #[schema(example = "ndjson")]
    format: String,
    dry_run: bool,
    counts: CountsBody,
    /// Why the import as a whole failed; what came in until then stays, and it can be sent again. `interrupted` when
    /// the service stopped under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// What became of the records so far. A record is a product with its variants, or a category.
#[derive(Serialize, ToSchema)]
struct CountsBody {
    #[schema(example = 120)]
    created: u64,
    #[schema(example = 8)]
    updated: u64,
    #[schema(example = 0)]
    unchanged: u64,
    #[schema(example = 1)]
    failed: u64,
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        let Job {
            id,
            status,
            format,
            dry_run,
            actor: _,
            counts,
            error,
            created_at,
            updated_at,
            finished_at,
        } = job;
        let ImportCounts {
            created,
            updated,
            unchanged,
            failed,
        } = counts;
        Self {
            id,
            status: status.as_str(),
            format,
            dry_run,
            counts: CountsBody {
                created,
                updated,
                unchanged,
                failed,
            },
            error,
            created_at: instant(created_at),
            updated_at: instant(updated_at),
            finished_at: finished_at.map(instant),
        }
    }
}

/// One fault of a file.
#[derive(Serialize, ToSchema)]
struct FaultBody {
    /// Counted from 1, where the record, or the faulty row of it, begins.
    #[schema(example = 17)]
    line: u64,
    /// JSON Pointer (RFC 6901) into the record; with CSV the name of the column.
    #[schema(example = "/Variant Price")]
    pointer: String,
    #[schema(example = "currency_digits")]
    code: &'static str,
    #[schema(example = "GBP amounts have at most 2 digits after the point")]
    detail: String,
}

impl From<&ImportFault> for FaultBody {
    fn from(ImportFault { line, fault }: &ImportFault) -> Self {
        Self {
            line: *line,
            pointer: fault.pointer.clone(),
            code: fault.code,
            detail: fault.detail.clone(),
        }
    }
}

/// Import a file
///
/// Takes the file as the body, of any length, and starts a job that takes its categories, products and variants in; of
/// NDJSON its product types, channels, price lists and prices too, which its lines say with `resource`.
/// Records are matched by key, variants by SKU; each is taken in whole or not at all, and sending the same file twice
/// changes nothing the second time. That is also why an `Idempotency-Key` is not looked at here: a file that is sent
/// again makes another job, which finds nothing to do. The job starts once the whole body has arrived.
#[utoipa::path(
    post, path = "/v1/imports", tag = "Imports",
    params(
        ("format" = String, Query, description = "`ndjson` or `shopify-csv`", example = "ndjson"),
        ("mode" = Option<String>, Query, description = "`upsert` (when absent); `create` refuses records whose key exists, `update` those whose key does not", example = "upsert"),
        ("currency" = Option<String>, Query, description = "ISO 4217 code of the prices in a file that does not say", example = "EUR"),
        DryRun,
    ),
    request_body(content(
        (String = "application/x-ndjson", example = "{\"resource\":\"category\",\"key\":\"kettles\",\"name\":\"Kettles\"}\n{\"resource\":\"product\",\"key\":\"enamel-kettle\",\"status\":\"published\",\"name\":\"Enamel kettle\",\"categories\":[\"key:kettles\"],\"variants\":[{\"sku\":\"KETTLE\"}]}\n"),
        (String = "text/csv", example = "Handle,Title,Variant SKU,Variant Price\nenamel-kettle,Enamel kettle,KETTLE,19.99\n"),
    )),
    responses((status = 202, description = "The job that takes the file in", body = JobBody,
        headers(("Location" = String, description = "Address of the job")))),
    security(("token" = ["catalog:import"])),
    extensions(("x-problem-codes" = json!(["request_timeout", "unsupported_media_type"]))),
)]
async fn start(
    caller: Authorized<CatalogImport>,
    State(app): State<AppState>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    mut query: Query,
    body: Body,
) -> Result<Response, Problem> {
    let not_a_format = || invalid("format", &format!("must be {}", Format::NAMES));
    let format = query.take("format")?.ok_or_else(not_a_format)?;
    let format = Format::parse(&format).ok_or_else(not_a_format)?;
    let mode = match query.take("mode")? {
        None => ImportMode::default(),
        Some(mode) => {
            ImportMode::parse(&mode).ok_or_else(|| invalid("mode", "must be upsert, create or update"))?
        }
    };
    let currency = query.parse("currency", |code| Currency::parse(&code))?;
    let reading = Reading {
        format,
        locale: app.default_locale.clone(),
        currency: currency.unwrap_or(app.imports.currency),
    };
    let options = ImportOptions {
        mode,
        context: WriteContext {
            actor: caller.principal.subject().to_owned(),
            request_id,
            dry_run: query.flag("dryRun")?,
            idempotency: None,
        },
        place: format.places(),
    };
    query.finish()?;

    let file = spool(body.into_data_stream(), app.imports.folder.clone()).await?;
    let job = app.imports.jobs.create(format.as_str(), &options).await?;
    let location = HeaderValue::try_from(format!("/v1/jobs/{}", job.id)).ok();
    let accepted = JobBody::from(job.clone());
    let worker = app.clone();
    app.imports.lifecycle.writes().spawn(async move {
        let Imports { jobs, lifecycle, .. } = &worker.imports;
        let stop = lifecycle.closing().cancelled();
        jobs.run(job, batches(file, reading), &options, stop).await;
    });
    let mut response = (StatusCode::ACCEPTED, [(CACHE_CONTROL, PRIVATE)], Json(accepted)).into_response();
    response
        .headers_mut()
        .extend(location.map(|location| (LOCATION, location)));
    Ok(response)
}

/// Keeps the body in a file without a name, which is gone with its handle whatever happens.
async fn spool(mut body: BodyDataStream, folder: PathBuf) -> Result<File, Problem> {
    let file = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        tempfile::tempfile_in(&folder)
    });
    let file = file.await.map_err(io::Error::other).and_then(|file| file);
    let mut file = tokio::fs::File::from_std(file.map_err(|error| not_kept(&error))?);
    while let Some(chunk) = body.next().await {
        // Where a limit cut the body its layer answers instead.
        let chunk =
            chunk.map_err(|_| Problem::bad_request("invalid_parameter", "the body ended too early"))?;
        file.write_all(&chunk).await.map_err(|error| not_kept(&error))?;
    }
    file.flush().await.map_err(|error| not_kept(&error))?;
    file.seek(SeekFrom::Start(0))
        .await
        .map_err(|error| not_kept(&error))?;
    Ok(file.into_std().await)
}

fn not_kept(error: &io::Error) -> Problem {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "the body of an import cannot be kept"
    );
    let detail = "the file cannot be kept at the moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .header(RETRY_AFTER, HeaderValue::from_static("30"))
}

fn job_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| invalid("id", "must be the id of a job"))
}

fn show(job: Job) -> Response {
    (
        [(CACHE_CONTROL, HeaderValue::from_static("no-store"))],
        Json(JobBody::from(job)),
    )
        .into_response()
}

/// Read a job
///
/// Its state and what it has done so far.
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "Imports",
    params(("id" = String, Path, description = "Id of the job", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")),
    responses((status = 200, description = "The job", body = JobBody)),
    security(("token" = ["catalog:import"])),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
async fn get(
    _: Authorized<CatalogImport>,
    State(app): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let id = job_id(&id)?;
    query.finish()?;
    Ok(show(app.imports.jobs.find(id).await?))
}

/// List what was wrong with a job's file
///
/// In the order in which it was found. `sort` and `count` are not for this list.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/errors", tag = "Imports",
    params(
        ("id" = String, Path, description = "Id of the job", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        PageParameters,
    ),
    responses((status = 200, description = "A page of faults", body = ListBody<FaultBody>)),
    security(("token" = ["catalog:import"])),
    extensions(("x-problem-codes" = json!(["@one", "@list"]))),
)]
async fn errors(
    _: Authorized<CatalogImport>,
    State(app): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    const LIST: &str = "job-errors";
    let id = job_id(&id)?;
    let page = query.page(&app.cursors, LIST, &id)?;
    query.finish_list()?;
    if page.sort.descending || page.sort.field != SortField::Id {
        return Err(Problem::bad_request(
            "sort_not_allowed",
            "faults stand in the order in which they were found",
        ));
    }
    if page.count != Count::None {
        return Err(invalid("count", "must be none: faults are not counted"));
    }
    // A position in this list is a number, which fits where others have an id.
    let skip = page.after.map_or(0, |after| after.id.as_u64_pair().1);
    let mut items = app.imports.jobs.faults(id, skip, page.limit + 1).await?;
    let limit = page.limit as usize;
    let next = (items.len() > limit).then(|| Position {
        updated_at: None,
        rank: None,
        id: Uuid::from_u64_pair(0, skip + u64::from(page.limit)),
    });
    items.truncate(limit);
    let faults = Page {
        items,
        next,
        total: None,
    };
    let body = |fault: &ImportFault| FaultBody::from(fault);
    Ok(reply::list(
        &faults,
        body,
        &page,
        &app.cursors,
        (LIST, &id),
        &uri,
        PRIVATE,
    ))
}

/// Cancel a job
///
/// It ends with the batch that it is at; what came in until then stays. A job that has ended stays as it is.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/cancel", tag = "Imports",
    params(("id" = String, Path, description = "Id of the job", example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")),
    responses((status = 200, description = "The job; still running until its batch is done", body = JobBody)),
    security(("token" = ["catalog:import"])),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
async fn cancel(
    _: Authorized<CatalogImport>,
    State(app): State<AppState>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, Problem> {
    let id = job_id(&id)?;
    query.finish()?;
    Ok(show(app.imports.jobs.cancel(id).await?))
}
