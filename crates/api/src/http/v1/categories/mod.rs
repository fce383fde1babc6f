//! Categories under `/v1/categories`.

mod lifecycle;
mod read;
mod relocate;
mod tree;
mod write;

use application::category::{CategoryRef, CategoryView};
use application::store::Receipt;
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

fn reference(text: &str, default_locale: &Locale) -> Result<CategoryRef, Problem> {
    category_ref(text, default_locale).map_err(|error| invalid("ref", &error.to_string()))
}

/// The receipt of a write. The body also shows what a write of another resource changes: the path and the count.
fn receipt(view: &CategoryView, created: bool) -> Receipt {
    let body = to_bytes(&CategoryBody::from(view));
    let tag = version_and_body_tag(view.category.record.version, SCHEMA, &body);
    let address = created.then(|| format!("/v1/categories/{}", view.category.id));
    reply::receipt_of(body, Some(tag), address)
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
