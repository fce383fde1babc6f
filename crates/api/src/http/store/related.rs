//! `GET /v1/store/{channel}/products/{ref}/related`.

use application::page::{Page, Position, Sort, SortField};
use application::storefront::StoreProduct;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::ProductId;
use domain::product::{Relation, RelationKind};
use http::{HeaderMap, Uri};
use uuid::Uuid;

use super::context::ContextParameters;
use super::products::{find, moved, surrogate_key};
use super::{Context, PRODUCTS, answer, cache_control};
use crate::http::query::Query;
use crate::http::reply::{self, ListBody, to_bytes};
use crate::http::state::AppState;
use crate::http::v1::{PlainPageParameters, Revalidate};
use crate::problem::Problem;
use crate::wire::RelatedBody;

/// What the list is called inside its cursors.
const LIST: &str = "store-related";

/// That of the relations, whose places stand for ids.
const ORDER: Sort = Sort {
    field: SortField::Id,
    descending: false,
};

/// List the products that are related to a published product
///
/// In the order of its relations. Those that are not on sale in the channel now are left out.
#[utoipa::path(
    get, path = "/v1/store/{channel}/products/{ref}/related", tag = "Store",
    params(
        ("channel" = String, Path, description = "The channel's key", example = "default"),
        ("ref" = String, Path, description = "Id, `key:<key>`, `slug:<slug>` or a slug", example = "enamel-kettle"),
        ("kind" = Option<String>, Query, description = "Only `crossSell`, `upSell`, `accessory` or `replacement`"),
        ContextParameters, PlainPageParameters, Revalidate,
    ),
    responses(
        (status = 200, description = "A page of related products", body = ListBody<RelatedBody>,
            headers(
                ("ETag" = String, description = "Strong tag of the bytes"),
                ("Cache-Control" = String, description = "How long shared caches may keep the answer; never past the next beginning or end of a listing in the channel"),
                ("Surrogate-Key" = String, description = "Keys by which a CDN can purge the answer"),
            )),
        (status = 304, description = "The caller has it already"),
        (status = 308, description = "The slug is a former one", headers(("Location" = String, description = "The address with the present slug"))),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one", "@list"]))),
)]
pub(super) async fn related(
    State(app): State<AppState>,
    Path((channel, text)): Path<(String, String)>,
    uri: Uri,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = query.parse("kind", |kind| RelationKind::parse(&kind))?;
    let context = Context::take(&app, &channel, &mut query).await?;
    let copy = find(&app, &text, &context).await?;
    if copy.moved {
        return Ok(moved(&app, &copy, &context, (&channel, &text, "/related"), &uri));
    }
    let scope = (context.visit.channel, copy.product.id, kind);
    let request = query.plain_page(&app.cursors, LIST, &scope, ORDER)?;
    query.finish_list()?;

    let relations = &copy.product.content.relations;
    let relations: Vec<&Relation> = relations
        .iter()
        .filter(|relation| kind.is_none_or(|kind| relation.kind == kind))
        .collect();
    let products: Vec<ProductId> = relations.iter().map(|relation| relation.product).collect();
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let after = request.after.map(|position| place_of(&position));
    let mut found = app
        .storefront
        .among(&products, &context.visit, after, limit.saturating_add(1))
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(place, _)| position_of(*place));
    let items = found
        .into_iter()
        .filter_map(|(place, copy)| Some((relations.get(place)?.kind, copy)))
        .collect();
    let page = Page {
        items,
        next,
        total: None,
    };
    let prices = context
        .price(&app, page.items.iter().map(|(_, copy)| copy))
        .await?;
    let body = |(kind, copy): &(RelationKind, StoreProduct)| {
        RelatedBody::new(*kind, copy, &prices, &context.locales)
    };
    let (body, link) = reply::list_parts(&page, body, &request, &app.cursors, (LIST, &scope), &uri);
    let next_change = app.storefront.next_change(&context.visit).await?;
    let next_change = next_change.into_iter().chain(prices.until()).min();
    let keys = format!("{PRODUCTS} {}", surrogate_key(&copy));
    answer(
        &headers,
        to_bytes(&body),
        cache_control(&app, next_change),
        &keys,
        link,
    )
}

/// The place in the list of relations stands for the id, which is what cursors carry.
fn position_of(place: usize) -> Position {
    Position {
        updated_at: None,
        rank: None,
        id: Uuid::from_u128(place as u128),
    }
}

fn place_of(position: &Position) -> usize {
    usize::try_from(position.id.as_u128()).unwrap_or(usize::MAX)
}
