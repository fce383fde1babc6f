//! All routes, with the document that describes them.

use axum::Router;
use http::{Method, Uri};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::state::AppState;
use super::{files, openapi, operations, store, store_prices, v1};

pub(super) fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::head())
        .merge(v1::routes())
        .merge(store::routes())
        .merge(files::routes())
        .merge(store_prices::routes())
        .merge(operations::routes())
}

/// The routes without their description, to be given a state.
pub(crate) fn routes() -> Router<AppState> {
    described().split_for_parts().0
}

/// Everything that the service answers.
pub(crate) fn router(state: AppState) -> Router {
    let (routes, document) = described().split_for_parts();
    let docs = SwaggerUi::new("/docs").url("/openapi.json", openapi::finish(document));
    routes.with_state(state).merge(docs)
}

/// Whether a request's body is a file: it is limited where it is received, and takes the time that it takes.
pub(crate) fn is_stream(method: &Method, uri: &Uri) -> bool {
    method == Method::POST && matches!(uri.path(), "/v1/imports" | "/v1/media")
}

/// What five thousand prices with long names come to.
pub(super) const MANY_PRICES: usize = 4 * 1024 * 1024;

/// How many bytes a request's body may have at least.
pub(crate) fn allowance(method: &Method, uri: &Uri) -> usize {
    let many_prices = uri.path().starts_with("/v1/price-lists/") && uri.path().ends_with("/prices");
    if method == Method::PUT && many_prices {
        MANY_PRICES
    } else {
        0
    }
}
