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

/// Has a body cut whose client pauses for too long: 408 `request_timeout`.
pub(super) fn limit_pauses(request: Request, longest: Duration) -> (Request, Option<Cut>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let cut = Cut::new(too_slow);
    let request = request.map(|body| cut.watch::<TimeoutError, _>(TimeoutBody::new(longest, body)));
    (request, Some(cut))
}

#[derive(Clone, Copy)]
pub(super) struct BodySize {
    pub(super) limit: usize,
    pub(super) exempt: StreamPredicate,
    pub(super) allowance: Allowance,
}

impl BodySize {
    /// Has a body cut that is larger than the limit; one that says so beforehand is refused: 413 `payload_too_large`.
    #[expect(clippy::result_large_err, reason = "it is the answer")]
    pub(super) fn limit(self, request: Request) -> Result<(Request, Option<Cut>), Response> {
        if (self.exempt)(request.method(), request.uri()) || request.body().is_end_stream() {
            return Ok((request, None));
        }
        let limit = self.limit.max((self.allowance)(request.method(), request.uri()));
        if content_length(request.headers()).is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let cut = Cut::new(move || too_large(limit));
        let request = request.map(|body| cut.watch::<LengthLimitError, _>(Limited::new(body, limit)));
        Ok((request, Some(cut)))
    }
}

/// Whether a body was cut by its limit, and what is answered then.
pub(super) struct Cut {
    happened: Arc<AtomicBool>,
    answer: Box<dyn FnOnce() -> Response + Send>,
}

impl Cut {
    fn new(answer: impl FnOnce() -> Response + Send + 'static) -> Self {
        Self {
            happened: Arc::default(),
            answer: Box::new(answer),
        }
    }

    fn watch<E, B>(&self, body: B) -> Body
    where
        E: std::error::Error + 'static,
        B: HttpBody<Data = axum::body::Bytes, Error = BoxError> + Send + 'static,
    {
        let happened = Arc::clone(&self.happened);
        Body::new(body.map_err(move |error: BoxError| {
            happened.fetch_or(error.is::<E>(), Ordering::Relaxed);
            error
        }))
    }

    /// The answer as it is, or that of the limit if it explains a failure.
    pub(super) fn explain(self, response: Response) -> Response {
        let status = response.status();
        let failed = status.is_client_error() || status.is_server_error();
        if failed && self.happened.load(Ordering::Relaxed) {
            (self.answer)()
        } else {
            response
        }
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
