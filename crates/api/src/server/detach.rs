//! Writes that outlive their client.
//!
//! Invariant: once a handler of an unsafe method has begun, only its own end, a panic or the end of the process stops
//! it. A dropped future would otherwise leave a transaction half-way, after which the pool could hand on a connection
//! that loses the next, acknowledged write.

use axum::response::Response;
use http::StatusCode;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::problem::problem;

/// Runs the handler of an unsafe method.
pub(super) async fn detach(
    writes: &TaskTracker,
    answer: impl Future<Output = Response> + Send + 'static,
) -> Response {
    match writes.spawn(answer.in_current_span()).await {
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
