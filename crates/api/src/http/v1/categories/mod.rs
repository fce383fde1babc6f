//! Categories under `/v1/categories`.

mod lifecycle;
mod read;
mod relocate;
mod tree;
mod write;

use application::category::{Audience, CategoryRef, CategoryView};
use application::store::Receipt;
use bytes::Bytes;
use domain::category::CategoryState;
use domain::value::Locale;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::conditions::version_and_body_tag;
use crate::http::query::invalid;
use crate::http::reply::{self, to_bytes};
use crate::http::state::{App, AppState};
use crate::problem::Problem;
use crate::wire::{CategoryBody, category_ref};

pub(in crate::http) use tree::{TREE_LIMIT, cut, depth};

/// Names the shape of the body in its tags.
const SCHEMA: &str = "c2";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list, write::create))
        .routes(routes!(tree::tree))
        .routes(routes!(
            read::get,
            write::replace,
            write::patch,
            lifecycle::delete
        ))
        .routes(routes!(lifecycle::restore))
        .routes(routes!(relocate::relocate))
}

pub(super) fn reference(text: &str, default_locale: &Locale) -> Result<CategoryRef, Problem> {
    category_ref(text, default_locale).map_err(|error| invalid("ref", &error.to_string()))
}

/// The version, by which writes are conditional, and a digest of the body, which also shows what writes of other
/// resources change: the path and the count.
fn tagged(view: &CategoryView) -> (Bytes, String) {
    let body = to_bytes(&CategoryBody::from(view));
    let tag = version_and_body_tag(view.category.record.version, SCHEMA, &body);
    (body, tag)
}

pub(super) fn tag(view: &CategoryView) -> String {
    tagged(view).1
}

pub(super) fn receipt(view: &CategoryView, created: bool) -> Receipt {
    let (body, tag) = tagged(view);
    let address = created.then(|| format!("/v1/categories/{}", view.category.id));
    reply::receipt_of(body, Some(tag), address)
}

/// A past state with the path that its parent has in the tree as it is now, and the products that it has now.
pub(super) async fn past_view(app: &App, category: CategoryState) -> Result<CategoryView, Problem> {
    let parent = match category.content.parent {
        None => None,
        Some(parent) => app.category_reader.find(&CategoryRef::Id(parent), true).await?,
    };
    let path = parent.map(|view| view.path.into_iter().chain([view.category.id]).collect());
    let ids = [category.id];
    let counts = app
        .category_reader
        .product_counts(&ids, Audience::Management)
        .await?;
    Ok(CategoryView {
        product_count: counts.get(&category.id).copied().unwrap_or_default(),
        category,
        path: path.unwrap_or_default(),
    })
}

/// The id of the category that a query parameter names, which must exist.
pub(in crate::http) async fn named(
    app: &App,
    parameter: &str,
    category: &CategoryRef,
) -> Result<domain::CategoryId, Problem> {
    let path = app.category_reader.locate(category).await?;
    let id = path.and_then(|path| path.last().copied());
    id.ok_or_else(|| invalid(parameter, "names no category"))
}
