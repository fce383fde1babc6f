//! The past of resources that are stored as a whole.

use utoipa_axum::router::OpenApiRouter;

use crate::http::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(channels::routes())
        .merge(product_types::routes())
        .merge(price_lists::routes())
}

/// Makes the module of a kind: its handlers, with the way back.
macro_rules! whole {
    (
        $module:ident: $kind:path as $input:path,
        tag: $tag:tt, prefix: $prefix:tt, noun: $noun:tt, path: $path:tt, example: $example:tt,
        scope: $scope:ident $scope_name:tt,
    ) => {
        mod $module {
            use axum::extract::{Path, State};
            use axum::response::Response;
            use utoipa_axum::{router::OpenApiRouter, routes};

            use crate::http::auth::{Authorized, $scope};
            use crate::http::query::Query;
            use crate::http::state::AppState;
            use crate::http::submission::Submission;
            use crate::http::v1::history::told::told;
            use crate::http::v1::parameters::{Conditional, DryRun, WriteHeaders};
            use crate::http::v1::resources::{self, Call};
            use crate::problem::Problem;
            use crate::wire::{ResourceBody, RevertInput};

            pub(super) fn routes() -> OpenApiRouter<AppState> {
                told().routes(routes!(revert))
            }

            told! {
                $kind as ResourceBody<$input>,
                tag: $tag, prefix: $prefix, noun: $noun,
                path: $path, by: ("ref", "Id or `key:<key>`; of a deleted one too", $example),
            }

            #[utoipa::path(
                post, path = concat!($path, "/revert"), tag = $tag, operation_id = concat!($prefix, "revert"),
                summary = concat!("Bring a ", $noun, " back to a version"),
                description = "Writes what it said then as a new version, by the rules that hold now: what it referred to must still exist, its key must be free, and what rests on it must fit.",
                params(
                    ("ref" = String, Path, description = "Id or `key:<key>`", example = $example),
                    DryRun, Conditional, WriteHeaders,
                ),
                request_body(content = RevertInput, description = "The version"),
                responses((status = 200, description = concat!("The ", $noun, " as it is now"), body = ResourceBody<$input>, headers(("ETag" = String, description = "Tag of the version")))),
                security(("token" = [$scope_name])),
                extensions(("x-problem-codes" = json!(["@one", "@body", "@idempotent", "@conditional", "duplicate_key", "state_conflict", "history_expired"]))),
            )]
            async fn revert(
                caller: Authorized<$scope>,
                State(app): State<AppState>,
                Path(text): Path<String>,
                query: Query,
                submission: Submission,
            ) -> Result<Response, Problem> {
                resources::revert::<$kind>(Call::new(&caller, &app, query, &submission), &text).await
            }
        }
    };
}

whole! {
    channels: crate::http::v1::channels::ChannelKind as crate::wire::ChannelInput,
    tag: "Channels", prefix: "", noun: "channel", path: "/v1/channels/{ref}", example: "key:default",
    scope: CatalogWrite "catalog:write",
}

whole! {
    product_types: crate::http::v1::product_types::ProductTypeKind as crate::wire::ProductTypeInput,
    tag: "Product types", prefix: "", noun: "product type", path: "/v1/product-types/{ref}", example: "key:generic",
    scope: CatalogWrite "catalog:write",
}

whole! {
    price_lists: crate::http::v1::price_lists::PriceListKind as crate::wire::PriceListInput,
    tag: "Pricing", prefix: "list_", noun: "price list", path: "/v1/price-lists/{ref}", example: "key:base",
    scope: PricesWrite "prices:write",
}
