//! Products under `/v1/products`.

mod create;
mod lifecycle;
mod read;
mod revise;

use application::cache::Representation;
use application::product::{ProductRef, ProductView};
use application::store::Receipt;
use domain::value::Locale;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::conditions::version_tag;
use crate::http::query::invalid;
use crate::http::reply;
use crate::http::state::AppState;
use crate::problem::Problem;
use crate::wire::{ProductBody, product_ref};

pub(in crate::http) use read::{in_category, locate};
pub(super) use revise::other_key;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read::list, create::create))
        .routes(routes!(
            read::get,
            revise::replace,
            revise::patch,
            lifecycle::delete
        ))
        .routes(routes!(lifecycle::publish))
        .routes(routes!(lifecycle::unpublish))
        .routes(routes!(lifecycle::archive))
        .routes(routes!(lifecycle::restore))
}

/// The product that a path segment names.
pub(super) fn reference(text: &str, default_locale: &Locale) -> Result<ProductRef, Problem> {
    product_ref(text, default_locale).map_err(|error| invalid("ref", &error.to_string()))
}

/// The receipt for a product without its variants.
pub(super) fn receipt(view: &ProductView, created: bool) -> Receipt {
    receipt_of(&ProductBody::from(&view.product), view, created)
}

fn receipt_of(body: &ProductBody, view: &ProductView, created: bool) -> Receipt {
    let tag = version_tag(view.product.record.version, Representation::Management.tag());
    reply::receipt(
        body,
        Some(tag),
        created.then(|| format!("/v1/products/{}", view.product.id)),
    )
}
