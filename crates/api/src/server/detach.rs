//! Writes that outlive their client.
//!
//! Invariant: once a handler of an unsafe method has begun, only its own end, a panic or the end of the process stops
//! it. A dropped future would otherwise leave a transaction half-way, after which the pool could hand on a connection
//! that loses the next, acknowledged write.

use axum::{extract::Request, response::Response};
use http::StatusCode;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::problem::problem;

pub(super) async fn detach<F>(
    writes: &TaskTracker,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    if request.method().is_safe() {
        return next(request).await;
    }
    match writes.spawn(next(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a write's task failed");
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong inside the service",
            )
        }
    }
}
