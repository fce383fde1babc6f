//! Who the caller is.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::http::auth::{AnyScope, Authorized};
use crate::http::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me))
}

/// The subject and scopes of a token.
#[derive(Serialize, ToSchema)]
struct Me {
    #[schema(example = "cli")]
    subject: String,
    #[schema(example = json!(["catalog:admin"]))]
    scopes: Vec<String>,
}

/// Who the caller is
///
/// The subject and the scopes of the token that was sent; any scope will do.
#[utoipa::path(
    get, path = "/v1/me", tag = "Operations",
    responses((status = 200, description = "The caller", body = Me)),
    security(("token" = [])),
)]
async fn me(caller: Authorized<AnyScope>) -> Json<Me> {
    Json(Me {
        subject: caller.principal.subject().to_owned(),
        scopes: caller
            .principal
            .scopes()
            .iter()
            .map(|scope| scope.to_string())
            .collect(),
    })
}
