//! All routes, with the document that describes them.

use axum::Router;
use http::{Method, Uri};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::state::AppState;
use super::{openapi, operations, store, v1};

pub(super) fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::head())
        .merge(v1::routes())
        .merge(store::routes())
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

/// Whether a request's body may have any length.
pub(crate) fn is_stream(method: &Method, uri: &Uri) -> bool {
    method == Method::POST && uri.path() == "/v1/imports"
}
