//! Which answers are compressed.

use std::{convert::Infallible, future::ready};

use axum::{body::Body, extract::Request, response::Response};
use http::header::ACCEPT_ENCODING;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::compression::{
    CompressionLayer,
    predicate::{NotForContentType, Predicate, SizeAbove},
};

/// Smaller answers fit one packet with or without compression.
const COMPRESS_ABOVE: u64 = 1024;

/// The codings that a client accepts: a request that says no more than that.
pub(super) struct Accepted(http::Request<()>);

impl Accepted {
    pub(super) fn by(request: &Request) -> Self {
        let mut accepts = http::Request::new(());
        for value in request.headers().get_all(ACCEPT_ENCODING) {
            accepts.headers_mut().append(ACCEPT_ENCODING, value.clone());
        }
        Self(accepts)
    }

    /// Compresses the answer as the client likes it best.
    pub(super) async fn compress(self, response: Response) -> Response {
        let mut response = Some(response);
        let answered = service_fn(|_: http::Request<()>| {
            ready(Ok::<_, Infallible>(response.take().unwrap_or_default()))
        });
        let compression = CompressionLayer::new().no_deflate().compress_when(predicate());
        let Ok(response) = compression.layer(answered).oneshot(self.0).await;
        response.map(Body::new)
    }
}

fn predicate() -> impl Predicate {
    SizeAbove::new(COMPRESS_ABOVE)
        .and(NotForContentType::GRPC)
        .and(NotForContentType::IMAGES)
        // Compressed in itself, and fetched in ranges.
        .and(NotForContentType::const_new("video/"))
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::SSE)
}
