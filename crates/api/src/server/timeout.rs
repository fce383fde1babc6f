//! The time-out of a request. Reading requests are dropped by it; a detached write goes on, so that a 504 to a write
//! means "not known", which the client settles by repeating it under its `Idempotency-Key`.

use std::time::Duration;

use axum::{extract::Request, response::Response};
use http::StatusCode;

use super::{layers::StreamPredicate, problem::problem};

#[derive(Clone, Copy)]
pub(super) struct RequestTimeout {
    pub(super) after: Duration,
    pub(super) exempt: StreamPredicate,
}

pub(super) async fn limit_time<F>(
    limit: RequestTimeout,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    if (limit.exempt)(request.method(), request.uri()) {
        return next(request).await;
    }
    tokio::time::timeout(limit.after, next(request))
        .await
        .unwrap_or_else(|_| {
            problem(
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "the request took too long",
            )
        })
}
