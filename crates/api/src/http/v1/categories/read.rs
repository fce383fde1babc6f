//! `GET /v1/categories` and `GET /v1/categories/{ref}`.

use application::cache::{CacheKey, Consistency, Loaded, Schema, Scope};
use application::category::{CategoryFilter, CategoryRef, CategoryView};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::CategoryId;
use http::{HeaderMap, Uri};

use super::{SCHEMA, named, reference};
use crate::http::auth::{Authorized, CatalogRead};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_and_body_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::v1::history::{CategoryPast, as_of};
use crate::http::v1::parameters::{AsOf, Demanded, Fields, PageParameters, Revalidate};
use crate::problem::Problem;
use crate::wire::{CategoryBody, category_ref};

/// What the list is called inside its cursors.
const LIST: &str = "categories";

/// List categories
///
/// The children of a category can also be sorted by `position`.
#[utoipa::path(
    get, path = "/v1/categories", tag = "Categories",
    params(
        ("parent" = Option<String>, Query, description = "Only direct children of this category: id, `key:<key>` or `slug:<slug>`"),
        ("deleted" = Option<bool>, Query, description = "Only deleted categories, where otherwise only those that are not"),
        Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of categories", body = ListBody<CategoryBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
pub(super) async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let parent = query.parse("parent", |parent| category_ref(&parent, &app.default_locale))?;
    let parent = match parent {
        None => None,
        Some(parent) => Some(named(&app, "parent", &parent).await?),
    };
    let filter = CategoryFilter {
        parent,
        deleted: query.flag("deleted")?,
    };
    let page = match filter.parent {
        Some(_) => query.page_of_siblings(&app.cursors, LIST, &filter)?,
        None => query.page(&app.cursors, LIST, &filter)?,
    };
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

/// Read a category
///
/// By id, `key:<key>` or `slug:<slug>` (in the default locale).
#[utoipa::path(
    get, path = "/v1/categories/{ref}", tag = "Categories",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:kettles"),
        ("expand" = Option<String>, Query, description = "`ancestors`: with the names of the categories above; not with `asOf`", example = "ancestors"),
        AsOf, Fields, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The category", body = CategoryBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
pub(super) async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let category = reference(&text, &app.default_locale)?;
    let expanded = match query.take("expand")?.as_deref() {
        None => false,
        Some("ancestors") => true,
        Some(_) => return Err(invalid("expand", "must be ancestors")),
    };
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        if expanded {
            return Err(invalid("expand", "does not go with asOf"));
        }
        return as_of::<CategoryPast>(&app, &text, instant, &headers).await;
    }
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let id = locate(&app, &category).await?;
    let load = move |app: AppState| async move {
        let found = app.category_reader.find(&CategoryRef::Id(id), false).await?;
        let Some(view) = found else {
            return Ok(Loaded::nothing(None));
        };
        let body = to_bytes(&if expanded {
            CategoryBody::with_ancestors(&view, &app.category_reader.by_ids(&view.path).await?)
        } else {
            CategoryBody::from(&view)
        });
        let version = view.category.record.version;
        let tag = version_and_body_tag(version, SCHEMA, &body);
        Ok(cached::versioned(body, tag, version))
    };
    // It shows where it stands in the tree, and how many products are below it.
    let key = cached::scopes(&app, &[Scope::Categories, Scope::Filing], &reading).await?;
    let schema = Schema::new(if expanded { "a2" } else { SCHEMA });
    let key = key.map(|names| CacheKey::varied(id, schema, names));
    let answer = cached::read(&app, key, &reading, load).await?;
    cached::respond(&headers, &answer, "category", PRIVATE)
}

/// The id that a reference leads to; one that is an id itself may lead nowhere.
async fn locate(app: &App, category: &CategoryRef) -> Result<CategoryId, Problem> {
    if let CategoryRef::Id(id) = category {
        return Ok(*id);
    }
    let path = app.category_reader.locate(category).await?;
    let id = path.and_then(|path| path.last().copied());
    id.ok_or_else(|| Problem::not_found("category"))
}
