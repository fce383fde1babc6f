//! The handlers that tell the past, for any kind of resource.

/// Makes `list`, `show` and `diff` for a kind, and `told`, their routes. `prefix` goes before the operations' names, for
/// kinds that share a tag.
macro_rules! told {
    (
        $past:ty as $body:ty,
        tag: $tag:tt, prefix: $prefix:tt, noun: $noun:tt,
        path: $path:tt, by: ($name:tt, $names:tt, $example:tt),
    ) => {
        /// The routes of the handlers that are made here.
        fn told() -> utoipa_axum::router::OpenApiRouter<crate::http::state::AppState> {
            utoipa_axum::router::OpenApiRouter::new()
                .routes(utoipa_axum::routes!(list))
                .routes(utoipa_axum::routes!(show))
                .routes(utoipa_axum::routes!(diff))
        }

        #[utoipa::path(
            get, path = concat!($path, "/history"), tag = $tag, operation_id = concat!($prefix, "history"),
            summary = concat!("List the versions of a ", $noun),
            description = concat!("The newest first; of a deleted ", $noun, " too."),
            params(($name = String, Path, description = $names, example = $example), crate::http::v1::parameters::HistoryParameters),
            responses((status = 200, description = "A page of versions", body = crate::http::reply::ListBody<crate::wire::HistoryEntryBody>)),
            security(("token" = ["catalog:read"])),
            extensions(("x-problem-codes" = json!(["@one", "@list"]))),
        )]
        async fn list(
            _: crate::http::auth::Authorized<crate::http::auth::CatalogRead>,
            axum::extract::State(app): axum::extract::State<crate::http::state::AppState>,
            axum::extract::Path(text): axum::extract::Path<String>,
            uri: http::Uri,
            query: crate::http::query::Query,
        ) -> Result<axum::response::Response, crate::problem::Problem> {
            crate::http::v1::history::list::<$past>(&app, &text, &uri, query).await
        }

        #[utoipa::path(
            get, path = concat!($path, "/history/{version}"), tag = $tag, operation_id = concat!($prefix, "version"),
            summary = concat!("Read a version of a ", $noun),
            description = concat!("The ", $noun, " as it was when it came to this version."),
            params(
                ($name = String, Path, description = $names, example = $example),
                ("version" = i64, Path, description = "A version", example = 1),
                crate::http::v1::parameters::Revalidate,
            ),
            responses(
                (status = 200, description = concat!("The ", $noun, " at that version"), body = $body, headers(("ETag" = String, description = "Tag of the version"))),
                (status = 304, description = "The caller has it already"),
            ),
            security(("token" = ["catalog:read"])),
            extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
        )]
        async fn show(
            _: crate::http::auth::Authorized<crate::http::auth::CatalogRead>,
            axum::extract::State(app): axum::extract::State<crate::http::state::AppState>,
            axum::extract::Path((text, version)): axum::extract::Path<(String, String)>,
            headers: http::HeaderMap,
            query: crate::http::query::Query,
        ) -> Result<axum::response::Response, crate::problem::Problem> {
            crate::http::v1::history::show::<$past>(&app, (&text, &version), &headers, query).await
        }

        #[utoipa::path(
            get, path = concat!($path, "/diff"), tag = $tag, operation_id = concat!($prefix, "diff"),
            summary = concat!("Compare two versions of a ", $noun),
            description = "What makes the one into the other, as a JSON Patch (RFC 6902); either may be the older.",
            params(
                ($name = String, Path, description = $names, example = $example),
                ("from" = i64, Query, description = "A version", example = 1),
                ("to" = i64, Query, description = "Another version", example = 3),
            ),
            responses((status = 200, description = "The differences", body = crate::wire::DiffBody)),
            security(("token" = ["catalog:read"])),
            extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
        )]
        async fn diff(
            _: crate::http::auth::Authorized<crate::http::auth::CatalogRead>,
            axum::extract::State(app): axum::extract::State<crate::http::state::AppState>,
            axum::extract::Path(text): axum::extract::Path<String>,
            query: crate::http::query::Query,
        ) -> Result<axum::response::Response, crate::problem::Problem> {
            crate::http::v1::history::diff::<$past>(&app, &text, query).await
        }
    };
}

pub(super) use told;
