//! What is put around routes, and what that needs to know.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::{HeaderName, Method, StatusCode, Uri, header};
use tower::{ServiceBuilder, layer::layer_fn};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

use super::{
    lifecycle::Lifecycle,
    metrics::HttpMetrics,
    origin::Origin,
    problem::{Subject, problem},
    request_id::{NewRequestId, REQUEST_ID},
    settings::HttpSettings,
    stack::{Layered, Stack},
};

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
    let stack = Arc::new(Stack::new(layers));
    router.layer(layer_fn(move |route| Layered::new(stack.clone(), route)))
}

/// For requests that come from inside: panics and errors of libraries become problems, as they do outside.
pub fn answering(router: Router) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn(async |request: Request, next: Next| {
                let subject = Subject::of(&request);
                subject.normalize(next.run(request).await)
            }))
            .layer(CatchPanicLayer::custom(answer_panic)),
    )
}

pub(super) fn cors(origins: &[Origin]) -> Option<CorsLayer> {
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
pub(super) fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
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
