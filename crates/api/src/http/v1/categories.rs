//! Categories under `/v1/categories`.

use application::category::{CategoryFilter, CategoryRef, CategoryRevision, CategoryStep, CategoryView};
use application::store::Receipt;
use application::{Faults, Render};
use axum::extract::{Path, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::Timestamp;
use domain::category::CategoryState;
use domain::value::Locale;
use http::{HeaderMap, Uri};
use sha2::{Digest, Sha256};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::parameters::{AsOf, Conditional, CreateOnly, DryRun, PageParameters, Revalidate, WriteHeaders};
use super::products::other_key;
use crate::http::auth::{Authorized, CatalogRead, CatalogWrite};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{CategoryBody, CategoryInput, category_ref};

/// What the list is called inside its cursors.
const LIST: &str = "categories";

/// Names the shape of the body in its tags.
const SCHEMA: &str = "c1";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, patch, delete))
        .routes(routes!(restore))
}

pub(super) fn reference(text: &str, default_locale: &Locale) -> Result<CategoryRef, Problem> {
    category_ref(text, default_locale).map_err(|error| invalid("ref", &error.to_string()))
}

/// The version, by which writes are conditional, and a digest of the path, which changes with the ancestors.
pub(super) fn tag(view: &CategoryView) -> String {
    let digest = view
        .path
        .iter()
        .fold(Sha256::new(), |digest, id| digest.chain_update(id.uuid()))
        .finalize();
    let path = STANDARD_NO_PAD.encode(digest.get(..4).unwrap_or_default());
    version_tag(view.category.record.version, &format!("{SCHEMA}-{path}"))
}

/// A past state with the path that its parent has in the tree as it is now.
pub(super) async fn past_view(app: &App, category: CategoryState) -> Result<CategoryView, Problem> {
    let parent = match category.content.parent {
        None => None,
        Some(parent) => app.category_reader.find(&CategoryRef::Id(parent), true).await?,
    };
    let path = parent.map(|view| view.path.into_iter().chain([view.category.id]).collect());
    Ok(CategoryView {
        category,
        path: path.unwrap_or_default(),
    })
}

/// The category as it was, which is named as it is now, or was last.
async fn as_of(
    app: &App,
    category: &CategoryRef,
    instant: Timestamp,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let now = app.category_reader.find(category, true).await?;
    let now = now.ok_or_else(|| Problem::not_found("category"))?.category;
    let history = &app.histories.categories;
    let then = history
        .as_of(now.id.uuid(), "category", &now.record, instant)
        .await?;
    let view = past_view(app, then).await?;
    reply::resource(
        headers,
        to_bytes(&CategoryBody::from(&view)),
        &tag(&view),
        PRIVATE,
    )
}

pub(super) fn receipt(view: &CategoryView, created: bool) -> Receipt {
    let address = created.then(|| format!("/v1/categories/{}", view.category.id));
    reply::receipt(&CategoryBody::from(view), Some(tag(view)), address)
}

/// List categories
#[utoipa::path(
    get, path = "/v1/categories", tag = "Categories",
    params(
        ("parent" = Option<String>, Query, description = "Only direct children of this category: id, `key:<key>` or `slug:<slug>`"),
        ("deleted" = Option<bool>, Query, description = "Only deleted categories, where otherwise only those that are not"),
        PageParameters,
    ),
    responses((status = 200, description = "A page of categories", body = ListBody<CategoryBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let parent = query.parse("parent", |parent| category_ref(&parent, &app.default_locale))?;
    let parent = match parent {
        None => None,
        Some(parent) => {
            let found = app.category_reader.find(&parent, false).await?;
            Some(
                found
                    .ok_or_else(|| invalid("parent", "names no category"))?
                    .category
                    .id,
            )
        }
    };
    let filter = CategoryFilter {
        parent,
        deleted: query.flag("deleted")?,
    };
    let page = query.page(&app.cursors, LIST, &filter)?;
    query.finish_list()?;
    let categories = app.category_reader.list(&filter, &page).await?;
    let body = |view: &CategoryView| CategoryBody::from(view);
    Ok(reply::list(
        &categories,
        body,
        &page,
        &app.cursors,
        (LIST, &filter),
        &uri,
        PRIVATE,
    ))
}

/// Create a category
#[utoipa::path(
    post, path = "/v1/categories", tag = "Categories",
    params(DryRun, WriteHeaders),
    request_body(content = CategoryInput, description = "The category"),
    responses(
        (status = 201, description = "The category as created", body = CategoryBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the category"))),
        (status = 200, description = "With `dryRun`: the category as it would be", body = CategoryBody),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "duplicate_key", "duplicate_slug", "state_conflict"]))),
)]
async fn create(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let draft = submission.json(|input: CategoryInput| input.parse(&app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app.categories.create(&draft, &context, &receipt).await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Read a category
///
/// By id, `key:<key>` or `slug:<slug>` (in the default locale).
#[utoipa::path(
    get, path = "/v1/categories/{ref}", tag = "Categories",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"), AsOf, Revalidate),
    responses(
        (status = 200, description = "The category", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version"))),
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
    let category = reference(&text, &app.default_locale)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        return as_of(&app, &category, instant, &headers).await;
    }
    let view = app
        .category_reader
        .find(&category, false)
        .await?
        .ok_or_else(|| Problem::not_found("category"))?;
    reply::resource(
        &headers,
        to_bytes(&CategoryBody::from(&view)),
        &tag(&view),
        PRIVATE,
    )
}

/// Replace or create a category
///
/// Replaces everything that the category says; what is absent is emptied, but a slug is kept. Named by `key:<key>` it
/// is created when it is missing.
#[utoipa::path(
    put, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, CreateOnly, WriteHeaders,
    ),
    request_body(content = CategoryInput, description = "The category"),
    responses(
        (status = 200, description = "The category as replaced", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 201, description = "The category as created", body = CategoryBody,
            headers(("ETag" = String, description = "Tag of the version"), ("Location" = String, description = "Address of the category"))),
    ),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "category_cycle", "state_conflict"]))),
)]
async fn replace(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let draft = submission.json(|input: CategoryInput| {
        let draft = input.parse(&app.default_locale)?;
        match (&category, &draft.key) {
            (CategoryRef::Key(named), Some(key)) if named != key => Err(other_key()),
            _ => Ok(draft),
        }
    })?;
    revise(
        &caller,
        &app,
        &category,
        &|_| Ok(draft.clone()),
        true,
        query,
        &submission,
    )
    .await
}

/// Change parts of a category
///
/// By JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902), applied to the version that is stored when it takes
/// effect. Changing `parent` moves the category with all below it.
#[utoipa::path(
    patch, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        DryRun, Conditional, WriteHeaders,
    ),
    request_body(content(
        (Object = "application/merge-patch+json", example = json!({"position": 3})),
        (Vec<Object> = "application/json-patch+json", example = json!([{"op": "replace", "path": "/position", "value": 3}])),
    )),
    responses((status = 200, description = "The category as changed", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version")))),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "duplicate_slug", "category_cycle", "state_conflict"]))),
)]
async fn patch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let patch = submission.patch()?;
    let revision: CategoryRevision<'_> = &|stored| {
        let Some(stored) = stored else {
            return Err(Faults::default());
        };
        patch.apply(&CategoryInput::from(&stored.content), |input| {
            input.parse(&app.default_locale)
        })
    };
    revise(&caller, &app, &category, revision, false, query, &submission).await
}

async fn revise(
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    category: &CategoryRef,
    revision: CategoryRevision<'_>,
    upsert: bool,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = app
        .categories
        .revise(category, revision, &precondition, upsert, &context, &receipt)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

/// Delete a category
///
/// Soft, and only when neither products nor categories are left in it.
#[utoipa::path(
    delete, path = "/v1/categories/{ref}", tag = "Categories",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"), DryRun, Conditional, WriteHeaders),
    responses((status = 204, description = "The category is deleted")),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "referenced"]))),
)]
async fn delete(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        CategoryStep::Delete,
        &|_, _| reply::deleted(),
        &caller,
        &app,
        &text,
        query,
        &submission,
    )
    .await
}

/// Restore a category
///
/// Undoes its deletion; its parent must not be deleted.
#[utoipa::path(
    post, path = "/v1/categories/{ref}/restore", tag = "Categories",
    params(("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"), DryRun, Conditional, WriteHeaders),
    responses((status = 200, description = "The category as restored", body = CategoryBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@one", "@idempotent", "@conditional", "@no-body", "state_conflict", "duplicate_key", "duplicate_slug"]))),
)]
async fn restore(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    advance(
        CategoryStep::Restore,
        &receipt,
        &caller,
        &app,
        &text,
        query,
        &submission,
    )
    .await
}

async fn advance(
    step: CategoryStep,
    render: Render<'_, CategoryView>,
    caller: &Authorized<CatalogWrite>,
    app: &AppState,
    text: &str,
    mut query: Query,
    submission: &Submission,
) -> Result<Response, Problem> {
    let category = reference(text, &app.default_locale)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = app
        .categories
        .advance(&category, step, &precondition, &context, render)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}
