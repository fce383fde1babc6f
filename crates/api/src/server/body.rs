//! Limits on request bodies: how long a client may pause, and how much it may send.
//!
//! Invariant: a handler that fails because a limit cut its body is answered with that limit's own problem, whatever it
//! made of the error; one that succeeds without the rest keeps its answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, HttpBody},
    extract::Request,
    response::Response,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tower_http::timeout::{TimeoutBody, TimeoutError};

use super::{
    layers::{Allowance, StreamPredicate},
    problem::problem,
};

/// Cuts a body whose client pauses for too long: 408 `request_timeout`.
pub(super) async fn limit_pauses<F>(
    longest: Duration,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    if request.body().is_end_stream() {
        return next(request).await;
    }
    let cut = Cut::default();
    let request = request.map(|body| cut.watch::<TimeoutError, _>(TimeoutBody::new(longest, body)));
    let response = next(request).await;
    if cut.explains(&response) {
        too_slow()
    } else {
        response
    }
}

#[derive(Clone, Copy)]
pub(super) struct BodySize {
    pub(super) limit: usize,
    pub(super) exempt: StreamPredicate,
    pub(super) allowance: Allowance,
}

/// Cuts a body that is larger than the limit, whether it says so beforehand or not: 413 `payload_too_large`.
pub(super) async fn limit_size<F>(
    size: BodySize,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    if (size.exempt)(request.method(), request.uri()) || request.body().is_end_stream() {
        return next(request).await;
    }
    let limit = size.limit.max((size.allowance)(request.method(), request.uri()));
    if content_length(request.headers()).is_some_and(|length| length > limit) {
        return too_large(limit);
    }
    let cut = Cut::default();
    let request = request.map(|body| cut.watch::<LengthLimitError, _>(Limited::new(body, limit)));
    let response = next(request).await;
    if cut.explains(&response) {
        too_large(limit)
    } else {
        response
    }
}

/// Whether a body was cut by its limit.
#[derive(Debug, Clone, Default)]
struct Cut(Arc<AtomicBool>);

impl Cut {
    fn watch<E, B>(&self, body: B) -> Body
    where
        E: std::error::Error + 'static,
        B: HttpBody<Data = axum::body::Bytes, Error = BoxError> + Send + 'static,
    {
        let cut = self.clone();
        Body::new(body.map_err(move |error: BoxError| {
            cut.0.fetch_or(error.is::<E>(), Ordering::Relaxed);
            error
        }))
    }

    fn explains(&self, response: &Response) -> bool {
        let status = response.status();
        (status.is_client_error() || status.is_server_error()) && self.0.load(Ordering::Relaxed)
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_slow() -> Response {
    let mut response = problem(
        StatusCode::REQUEST_TIMEOUT,
        "request_timeout",
        "the request body did not arrive in time",
    );
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn too_large(limit: usize) -> Response {
    let detail = format!("the request body is larger than {limit} bytes");
    problem(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", &detail)
}
