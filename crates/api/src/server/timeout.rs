//! The time-out of a request. Reading requests are dropped by it; a detached write goes on, so that a 504 to a write
//! means "not known", which the client settles by repeating it under its `Idempotency-Key`.

use std::{pin::Pin, time::Duration};

use axum::{extract::Request, response::Response};
use http::StatusCode;

use super::{layers::StreamPredicate, problem::problem};

#[derive(Clone, Copy)]
pub(super) struct RequestTimeout {
    pub(super) after: Duration,
    pub(super) exempt: StreamPredicate,
}

/// How long one request may take, if there is a limit.
pub(super) struct TimeLimit(Option<Duration>);

impl RequestTimeout {
    pub(super) fn of(self, request: &Request) -> TimeLimit {
        let is_exempt = (self.exempt)(request.method(), request.uri());
        TimeLimit((!is_exempt).then_some(self.after))
    }
}

impl TimeLimit {
    pub(super) async fn limit(self, answer: Pin<&mut impl Future<Output = Response>>) -> Response {
        let Some(after) = self.0 else {
            return answer.await;
        };
        tokio::time::timeout(after, answer).await.unwrap_or_else(|_| {
            problem(
                StatusCode::GATEWAY_TIMEOUT,
                "timeout",
                "the request took too long",
            )
        })
    }
}
