//! Products under `/v1/products`.

mod create;
mod duplicate;
mod expand;
mod lifecycle;
mod read;
mod revise;

use application::product::{ProductRef, ProductView};
use application::store::Receipt;
use domain::product::{ProductState, ProductStatus};
use domain::value::Locale;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::conditions::version_tag;
use crate::http::query::invalid;
use crate::http::reply;
use crate::http::state::AppState;
use crate::problem::Problem;
use crate::wire::{ProductBody, product_ref};

pub(super) use revise::other_key;

/// Names the shape of the body without variants in its tags.
pub(super) const SCHEMA: &str = "m3";

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
        .routes(routes!(lifecycle::discard_draft))
        .routes(routes!(duplicate::duplicate))
        .routes(routes!(lifecycle::archive))
        .routes(routes!(lifecycle::restore))
}

/// The product that a path segment names.
pub(super) fn reference(text: &str, default_locale: &Locale) -> Result<ProductRef, Problem> {
    product_ref(text, default_locale).map_err(|error| invalid("ref", &error.to_string()))
}

/// The tag of the body without variants. Variants show in it by no more than whether they have unpublished changes.
fn tag(product: &ProductState) -> String {
    let version = product.record.version;
    if product.status == ProductStatus::Published && product.staged.variants {
        version_tag(version, &format!("{SCHEMA}-v"))
    } else {
        version_tag(version, SCHEMA)
    }
}

/// The receipt for a product without its variants.
pub(super) fn receipt(view: &ProductView, created: bool) -> Receipt {
    receipt_of(&ProductBody::from(&view.product), view, created)
}

fn receipt_of(body: &ProductBody, view: &ProductView, created: bool) -> Receipt {
    reply::receipt(
        body,
        Some(tag(&view.product)),
        created.then(|| format!("/v1/products/{}", view.product.id)),
    )
}
