//! The categories on the store plane: the tree to navigate by, and single ones with the way to them.
//!
//! Categories have no draft state: all that are not deleted are shown. Counts are of published products.

use std::sync::Arc;

use application::cache::{CacheKey, Loaded, Schema, Scope};
use application::category::{Audience, CategoryRef, TreeRequest};
use application::cdn::{CATEGORIES, category_key};
use application::store::StoreError;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::CategoryId;
use domain::value::Slug;
use http::HeaderMap;
use uuid::Uuid;

use super::context::ContextParameters;
use super::{Context, names, respond};
use crate::http::cached;
use crate::http::query::{Query, invalid};
use crate::http::state::AppState;
use crate::http::v1::categories::{TREE_LIMIT, cut, depth};
use crate::http::v1::{Demanded, Fields, Revalidate};
use crate::problem::Problem;
use crate::wire::{StoreCategoryBody, StoreCategoryNode, StoreCategoryParts, TreeBody, category_ref, nest};

const TREE: Schema = Schema::new("st");
const ONE: Schema = Schema::new("sc");

/// Read the category tree of a channel
///
/// With the number of published products in each category and all below it.
#[utoipa::path(
    get, path = "/v1/store/{channel}/categories", operation_id = "category_tree", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("root" = Option<String>, Query, description = "The category on the first level: id, `key:<key>` or `slug:<slug>`; all roots when absent"),
        ("depth" = Option<u32>, Query, description = "How many levels, 1 to 12; all when absent", minimum = 1, maximum = 12),
        ContextParameters, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The tree", body = TreeBody<StoreCategoryNode>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
pub(super) async fn tree(
    State(app): State<AppState>,
    Path(channel): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    let root = query.parse("root", |root| category_ref(&root, context.locale(&app)))?;
    let depth = depth(&mut query)?;
    query.finish()?;
    let root = match root {
        None => None,
        Some(root) => Some(names::category(&app, "root", root, &context).await?),
    };
    let request = TreeRequest {
        root,
        depth,
        limit: TREE_LIMIT + 1,
    };
    let question = format!("{request:?}|{}", context.place());
    let key = cached::scopes(&app, &[Scope::Categories, Scope::Shelf], &context.reading).await?;
    let key = key.map(|names| CacheKey::query(TREE, format!("{question}|{names}")));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let context = Arc::clone(&own);
        async move { load_tree(&app, &context, &request).await }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    respond(&app, &headers, &context, &answer, "category", CATEGORIES)
}

async fn load_tree(app: &AppState, context: &Context, request: &TreeRequest) -> Result<Loaded, StoreError> {
    let visit = context.visit(app.clock.now());
    let (nodes, truncated) = cut(app.category_reader.subtree(request).await?);
    let ids: Vec<_> = nodes.iter().map(|node| node.category.id).collect();
    let counts = app
        .category_reader
        .product_counts(&ids, Audience::Store(visit))
        .await?;
    let body = TreeBody {
        items: nest(&nodes, |node, children| {
            StoreCategoryNode::new(node, &counts, &context.locales, children)
        }),
        count: nodes.len(),
        truncated,
    };
    Ok(cached::tagged(
        &body,
        "",
        app.storefront.next_change(&visit).await?,
    ))
}

/// Read a category of a channel
///
/// With its breadcrumbs and the categories right below. By id, `key:<key>`, `slug:<slug>` or the bare slug, in the asked
/// locale or else the default one.
#[utoipa::path(
    get, path = "/v1/store/{channel}/categories/{ref}", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "kettles"),
        Fields,
        ContextParameters, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The category", body = StoreCategoryBody,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one"]))),
)]
pub(super) async fn category(
    State(app): State<AppState>,
    Path((channel, text)): Path<(String, String)>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    query.finish()?;
    // A slug has neither a colon nor, by its length and hyphens, quite the form of an id.
    let reference = category_ref(&text, context.locale(&app))
        .or_else(|_| Slug::parse(text).map(|slug| CategoryRef::Slug(context.locale(&app).clone(), slug)))
        .map_err(|error| invalid("ref", &error.to_string()))?;
    let question = format!("{reference:?}|{}", context.place());
    let key = cached::scopes(&app, &[Scope::Categories, Scope::Shelf], &context.reading).await?;
    let key = key.map(|names| CacheKey::query(ONE, format!("{question}|{names}")));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let (context, reference) = (Arc::clone(&own), reference.clone());
        async move { load_one(&app, &context, &reference).await }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    let id = std::str::from_utf8(&answer.entry().facts).unwrap_or_default();
    let keys = format!(
        "{CATEGORIES} {}",
        category_key(Uuid::try_parse(id).unwrap_or_default())
    );
    respond(&app, &headers, &context, &answer, "category", &keys)
}

async fn load_one(app: &AppState, context: &Context, reference: &CategoryRef) -> Result<Loaded, StoreError> {
    let visit = context.visit(app.clock.now());
    let Some(path) = locate(app, reference, context).await? else {
        return Ok(Loaded::nothing(None));
    };
    let states = app.category_reader.by_ids(&path).await?;
    let mut line: Vec<_> = path
        .iter()
        .filter_map(|id| states.iter().find(|state| state.id == *id))
        .collect();
    // Deleted in between it is as if it had been before.
    let Some(category) = line.pop().filter(|state| Some(&state.id) == path.last()) else {
        return Ok(Loaded::nothing(None));
    };
    let id = category.id;

    let below = TreeRequest {
        root: Some(id),
        depth: Some(2),
        limit: TREE_LIMIT + 1,
    };
    let (mut children, _) = cut(app.category_reader.subtree(&below).await?);
    children.retain(|node| node.level > 1);
    let shown: Vec<_> = children.iter().map(|node| node.category.id).chain([id]).collect();
    let counts = app
        .category_reader
        .product_counts(&shown, Audience::Store(visit))
        .await?;
    let parts = StoreCategoryParts {
        category,
        ancestors: &line,
        children: &children,
        counts: &counts,
    };
    let body = StoreCategoryBody::new(&parts, &context.locales);
    let next_change = app.storefront.next_change(&visit).await?;
    Ok(cached::tagged(&body, id.to_string(), next_change))
}

/// The ids from the root down to the category. A slug is looked for in the languages of the visit, the best one first.
async fn locate(
    app: &AppState,
    category: &CategoryRef,
    context: &Context,
) -> Result<Option<Vec<CategoryId>>, StoreError> {
    let mut found = app.category_reader.locate(category).await?;
    if let CategoryRef::Slug(_, slug) = category {
        let others = context.locales.iter().skip(1).chain([&app.default_locale]);
        for locale in others {
            if found.is_some() {
                break;
            }
            let category = CategoryRef::Slug(locale.clone(), slug.clone());
            found = app.category_reader.locate(&category).await?;
        }
    }
    Ok(found)
}
