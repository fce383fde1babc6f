//! `GET /v1/store/{channel}/products/{ref}/related`.

use std::sync::Arc;

use application::cache::{CacheKey, Loaded, Schema, Scope};
use application::cdn::{PRODUCTS, product_key};
use application::page::{Page, PageRequest, Position, Sort, SortField};
use application::store::StoreError;
use application::storefront::{StoreProduct, StoreRef};
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::{Relation, RelationKind};
use domain::{ChannelId, ProductId};
use http::{HeaderMap, Uri};
use uuid::Uuid;

use super::context::ContextParameters;
use super::{Context, names, respond_with_page};
use crate::http::cached;
use crate::http::query::Query;
use crate::http::reply::{self, ListBody};
use crate::http::state::AppState;
use crate::http::v1::{Demanded, PlainPageParameters, Revalidate};
use crate::problem::Problem;
use crate::wire::RelatedBody;

const RELATED: Schema = Schema::new("sx");

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
        ContextParameters, PlainPageParameters, Revalidate, Demanded,
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
    let context = Context::take(&app, &channel, &mut query, &headers).await?;
    let located = names::product(&app, &text, &context).await?;
    if let Some(elsewhere) = located.moved(&app, (&channel, &text, "/related"), &uri) {
        return Ok(elsewhere);
    }
    let scope = (context.channel(), located.id, kind);
    let request = query.plain_page(&app.cursors, LIST, &scope, ORDER)?;
    query.finish_list()?;

    let question = format!("{scope:?}|{request:?}|{}", context.key());
    let key = cached::scopes(
        &app,
        &[Scope::Shelf, Scope::PriceLists, Scope::Prices],
        &context.reading,
    )
    .await?;
    let key = key.map(|names| CacheKey::query(RELATED, format!("{question}|{names}")));
    let own = Arc::clone(&context);
    let load = move |app: AppState| {
        let context = Arc::clone(&own);
        async move { load(&app, &context, scope, &request).await }
    };
    let answer = cached::read(&app, key, &context.reading, load).await?;
    let keys = format!("{PRODUCTS} {}", product_key(located.id.uuid()));
    respond_with_page(&app, &headers, &context, &answer, &keys, &uri)
}

async fn load(
    app: &AppState,
    context: &Context,
    scope: (ChannelId, ProductId, Option<RelationKind>),
    request: &PageRequest,
) -> Result<Loaded, StoreError> {
    let (_, id, kind) = scope;
    let visit = context.visit(app.clock.now());
    let next_change = app.storefront.next_change(&visit).await?;
    let Some(copy) = app.storefront.find(&StoreRef::Id(id), &visit).await? else {
        return Ok(Loaded::nothing(next_change));
    };
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
        .among(&products, &visit, after, limit.saturating_add(1))
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
        .price(app, visit.at, page.items.iter().map(|(_, copy)| copy))
        .await?;
    let body = |(kind, copy): &(RelationKind, StoreProduct)| {
        RelatedBody::new(*kind, copy, &prices, &context.locales)
    };
    let body = reply::list_body(&page, body, request, &app.cursors, (LIST, &scope));
    let cursor = body.next_cursor.clone().unwrap_or_default();
    let until = next_change
        .into_iter()
        .chain(prices.until())
        .chain(copy.until)
        .min();
    Ok(cached::tagged(&body, cursor, until))
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
