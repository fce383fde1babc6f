//! `GET /v1/categories/tree`.

use application::category::{Audience, TreeRequest};
use axum::extract::State;
use axum::response::Response;
use domain::category::MAX_DEPTH;
use http::HeaderMap;

use super::named;
use crate::http::auth::{Authorized, CatalogRead};
use crate::http::conditions::strong_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE, to_bytes};
use crate::http::state::AppState;
use crate::http::v1::parameters::Revalidate;
use crate::problem::Problem;
use crate::wire::{CategoryNode, TreeBody, category_ref, nest};

/// The most categories of one answer: more than shops have, and still a few megabytes.
pub(in crate::http) const TREE_LIMIT: u32 = 10_000;

/// Takes the number of levels from the query.
pub(in crate::http) fn depth(query: &mut Query) -> Result<Option<u32>, Problem> {
    let Some(text) = query.take("depth")? else {
        return Ok(None);
    };
    let depth = text.parse().ok();
    let depth = depth.filter(|depth| usize::try_from(*depth).is_ok_and(|d| (1..=MAX_DEPTH).contains(&d)));
    let depth = depth.ok_or_else(|| invalid("depth", "must be a whole number from 1 to 12"))?;
    Ok(Some(depth))
}

/// Read the category tree
///
/// All of it in one answer, down to a depth and from a category where that is asked for.
#[utoipa::path(
    get, path = "/v1/categories/tree", tag = "Categories",
    params(
        ("root" = Option<String>, Query, description = "The category on the first level: id, `key:<key>` or `slug:<slug>`; all roots when absent"),
        ("depth" = Option<u32>, Query, description = "How many levels, 1 to 12; all when absent", minimum = 1, maximum = 12),
        Revalidate,
    ),
    responses(
        (status = 200, description = "The tree", body = TreeBody<CategoryNode>, headers(("ETag" = String, description = "Strong tag of the bytes"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
)]
pub(super) async fn tree(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let root = query.parse("root", |root| category_ref(&root, &app.default_locale))?;
    let depth = depth(&mut query)?;
    query.finish()?;
    let root = match root {
        None => None,
        Some(root) => Some(named(&app, "root", &root).await?),
    };
    let request = TreeRequest {
        root,
        depth,
        limit: TREE_LIMIT + 1,
    };
    let (nodes, truncated) = cut(app.category_reader.subtree(&request).await?);
    let ids: Vec<_> = nodes.iter().map(|node| node.category.id).collect();
    let counts = app
        .category_reader
        .product_counts(&ids, Audience::Management)
        .await?;
    let body = to_bytes(&TreeBody {
        items: nest(&nodes, |node, children| {
            CategoryNode::new(node, &counts, children)
        }),
        count: nodes.len(),
        truncated,
    });
    reply::resource(&headers, body.clone(), &strong_tag(&body), PRIVATE)
}

/// Leaves out what is over the limit, and tells whether anything was.
pub(in crate::http) fn cut<T>(mut nodes: Vec<T>) -> (Vec<T>, bool) {
    let limit = usize::try_from(TREE_LIMIT).unwrap_or(usize::MAX);
    let truncated = nodes.len() > limit;
    nodes.truncate(limit);
    (nodes, truncated)
}
