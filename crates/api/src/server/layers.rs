//! The layers around every route, in the one order in which they work.
//!
//! Invariant, from the outside in: what names and measures a request sees every answer, also those of the layers below;
//! time-outs lie outside the detached task, so that they end the waiting and not the write; the size of a body is
//! counted inside decompression, so that a small body cannot become a large one.

use std::any::Any;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    middleware::{from_fn, from_fn_with_state},
    response::Response,
};
use http::{HeaderName, Method, StatusCode, Uri, header};
use tower::{
    ServiceBuilder,
    util::{MapRequestLayer, option_layer},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
    decompression::{DecompressionBody, RequestDecompressionLayer},
};

use super::{
    body::{self, BodySize},
    detach, etag,
    lifecycle::Lifecycle,
    metrics::{self, HttpMetrics},
    origin::Origin,
    problem::{self, problem},
    request_id::{self, NewRequestId, REQUEST_ID},
    settings::HttpSettings,
    timeout::{self, RequestTimeout},
};

/// Smaller answers fit one packet with or without compression.
const COMPRESS_ABOVE: u64 = 1024;

const REQUEST_HEADERS: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::RANGE,
    HeaderName::from_static("catalog-consistency"),
    HeaderName::from_static("catalog-min-position"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("traceparent"),
    REQUEST_ID,
];

const RESPONSE_HEADERS: [HeaderName; 14] = [
    header::ACCEPT_RANGES,
    header::CONTENT_RANGE,
    header::ETAG,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
    HeaderName::from_static("cache-status"),
    HeaderName::from_static("catalog-position"),
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("idempotency-replayed"),
    HeaderName::from_static("ratelimit"),
    HeaderName::from_static("ratelimit-policy"),
    HeaderName::from_static("sunset"),
    REQUEST_ID,
];

/// Tells requests that may send without end and take as long as they need, such as imports: neither the body limit nor
/// the request time-out applies to them, the pause between two chunks stays limited.
pub type StreamPredicate = fn(&Method, &Uri) -> bool;

/// Tells how large a body may be at least, whatever the limit on others: for addresses that take much at once.
pub type Allowance = fn(&Method, &Uri) -> usize;

/// What the layers need.
pub struct Layers {
    pub settings: HttpSettings,
    pub lifecycle: Lifecycle,
    pub metrics: HttpMetrics,
    pub new_request_id: NewRequestId,
    pub is_stream: StreamPredicate,
    pub allowance: Allowance,
}

/// Puts the layers around all routes that `router` has now, and around its fallback.
pub fn wrap(router: Router, layers: Layers) -> Router {
    let Layers {
        settings,
        lifecycle,
        metrics,
        new_request_id,
        is_stream,
        allowance,
    } = layers;
    let time = RequestTimeout {
        after: settings.request_timeout,
        exempt: is_stream,
    };
    let size = BodySize {
        limit: settings.body_limit,
        exempt: is_stream,
        allowance,
    };
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(new_request_id, request_id::identify))
            .layer(from_fn_with_state(metrics, metrics::measure))
            .layer(from_fn(problem::normalize))
            .layer(from_fn(problem::limit_uri))
            .layer(CatchPanicLayer::custom(answer_panic))
            .layer(option_layer(cors(&settings.cors_origins)))
            .layer(from_fn(etag::tag_codings))
            .layer(compression())
            .layer(from_fn_with_state(time, timeout::limit_time))
            .layer(from_fn_with_state(settings.body_idle_timeout, body::limit_pauses))
            .layer(from_fn_with_state(lifecycle.writes().clone(), detach::detach))
            .layer(RequestDecompressionLayer::new().no_br().no_deflate())
            .layer(MapRequestLayer::new(
                |request: http::Request<DecompressionBody<Body>>| -> Request { request.map(Body::new) },
            ))
            .layer(from_fn_with_state(size, body::limit_size))
            // axum's own limit of 2 MB would hold a larger setting back; a route may still set its own inside.
            .layer(DefaultBodyLimit::max(settings.body_limit)),
    )
}

/// For requests that come from inside: panics and errors of libraries become problems, as they do outside.
pub fn answering(router: Router) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn(problem::normalize))
            .layer(CatchPanicLayer::custom(answer_panic)),
    )
}

fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(COMPRESS_ABOVE)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        // Compressed in itself, and fetched in ranges.
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::SSE);
    CompressionLayer::new().no_deflate().compress_when(predicate)
}

fn cors(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let allowed = if origins.iter().any(Origin::is_any) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(Origin::header))
    };
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods(methods)
            .allow_headers(REQUEST_HEADERS)
            .expose_headers(RESPONSE_HEADERS)
            .max_age(std::time::Duration::from_hours(1)),
    )
}

#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong inside the service",
    )
}
