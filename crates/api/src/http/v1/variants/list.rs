//! `GET /v1/products/{ref}/variants`.

use application::product::VariantFilter;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::VariantState;
use domain::value::Sku;
use http::Uri;
use utoipa::IntoParams;

use crate::http::auth::{Authorized, CatalogRead};
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE};
use crate::http::state::AppState;
use crate::http::v1::parameters::{Fields, PageParameters};
use crate::http::v1::products::reference as product_reference;
use crate::problem::Problem;
use crate::wire::VariantBody;

/// What the list is called inside its cursors.
const LIST: &str = "variants";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never built")]
pub(super) struct FilterParameters {
    /// Variants whose SKU begins with this text.
    #[param(rename = "skuPrefix")]
    sku_prefix: Option<String>,
    /// Variants changed at or after this instant (RFC 3339).
    #[param(rename = "updatedSince")]
    updated_since: Option<String>,
    /// Variants changed before this instant (RFC 3339).
    #[param(rename = "updatedBefore")]
    updated_before: Option<String>,
    /// Only deleted variants, where otherwise only those that are not.
    deleted: Option<bool>,
}

/// List the variants of a product
///
/// They can also be sorted by `position`.
#[utoipa::path(
    get, path = "/v1/products/{ref}/variants", tag = "Variants",
    params(
        ("ref" = String, Path, description = "The product: id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        FilterParameters, Fields, PageParameters,
    ),
    responses((status = 200, description = "A page of variants", body = ListBody<VariantBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "@list"]))),
)]
pub(super) async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let product = product_reference(&text, &app.default_locale)?;
    let sku_prefix = query.take("skuPrefix")?;
    if sku_prefix.as_ref().is_some_and(|prefix| {
        prefix.is_empty() || prefix.chars().count() > Sku::MAX || prefix.chars().any(char::is_control)
    }) {
        return Err(invalid("skuPrefix", "must be the beginning of a SKU"));
    }
    let (updated_since, updated_before) = (query.instant("updatedSince")?, query.instant("updatedBefore")?);
    let deleted = query.flag("deleted")?;
    let product = app
        .product_reader
        .locate(&product)
        .await?
        .ok_or_else(|| Problem::not_found("product"))?;
    let filter = VariantFilter {
        product,
        sku_prefix,
        updated_since,
        updated_before,
        deleted,
    };
    let page = query.page_of_siblings(&app.cursors, LIST, &filter)?;
    query.finish_list()?;
    let variants = app.variant_reader.list(&filter, &page).await?;
    let body = |variant: &VariantState| VariantBody::from(variant);
    Ok(reply::list(
        &variants,
        body,
        &page,
        &app.cursors,
        (LIST, &filter),
        &uri,
        PRIVATE,
    ))
}
