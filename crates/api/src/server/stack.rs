//! The layers around every route, in the one order in which they work.
//!
//! Invariant, from the outside in: what names and measures a request sees every answer, also those of the layers below;
//! time-outs lie outside the detached task, so that they end the waiting and not the write; the size of a body is
//! counted inside decompression, so that a small body cannot become a large one.
//!
//! They are functions that call the next one, and not tower services, each of which would be copied for every request
//! with all that lie inside it, and would allocate its future: that took longer than all that the layers do.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, Request},
    response::Response,
    routing::Route,
};
use futures::FutureExt as _;
use http::header::CONTENT_ENCODING;
use tokio_util::task::TaskTracker;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_http::{
    cors::CorsLayer,
    decompression::{DecompressionBody, RequestDecompressionLayer},
};

use super::{
    body::{self, BodySize},
    compression::compressed,
    detach::detach,
    etag,
    layers::{Layers, answer_panic, cors},
    metrics::{self, HttpMetrics},
    problem,
    request_id::{self, NewRequestId},
    timeout::{self, RequestTimeout},
};

/// What all routes share.
pub(super) struct Stack {
    new_request_id: NewRequestId,
    metrics: HttpMetrics,
    cors: Option<CorsLayer>,
    time: RequestTimeout,
    longest_pause: Duration,
    writes: TaskTracker,
    size: BodySize,
}

impl Stack {
    pub(super) fn new(layers: Layers) -> Self {
        let Layers {
            settings,
            lifecycle,
            metrics,
            new_request_id,
            is_stream,
            allowance,
        } = layers;
        Self {
            new_request_id,
            metrics,
            cors: cors(&settings.cors_origins),
            time: RequestTimeout {
                after: settings.request_timeout,
                exempt: is_stream,
            },
            longest_pause: settings.body_idle_timeout,
            writes: lifecycle.writes().clone(),
            size: BodySize {
                limit: settings.body_limit,
                exempt: is_stream,
                allowance,
            },
        }
    }

    async fn answer(self: Arc<Self>, request: Request, route: Arc<Route>) -> Response {
        request_id::identify(&self.new_request_id, request, |request| {
            metrics::measure(&self.metrics, request, |request| {
                problem::normalize(request, |request| {
                    problem::limit_uri(request, async |request| {
                        let inside = AssertUnwindSafe(self.share(request, &route));
                        inside.catch_unwind().await.unwrap_or_else(answer_panic)
                    })
                })
            })
        })
        .await
    }

    /// Lets pages of other origins read the answer, where that is wanted.
    async fn share(self: &Arc<Self>, request: Request, route: &Arc<Route>) -> Response {
        let Some(cors) = &self.cors else {
            return self.encode(request, route).await;
        };
        let inside = service_fn(async |request| Ok::<_, Infallible>(self.encode(request, route).await));
        let Ok(response) = cors.layer(inside).oneshot(request).await;
        response
    }

    async fn encode(self: &Arc<Self>, request: Request, route: &Arc<Route>) -> Response {
        etag::tag_codings(request, |request| {
            compressed(request, |request| self.limit(request, route))
        })
        .await
    }

    async fn limit(self: &Arc<Self>, request: Request, route: &Arc<Route>) -> Response {
        timeout::limit_time(self.time, request, |request| {
            body::limit_pauses(self.longest_pause, request, |request| {
                let (stack, route) = (self.clone(), route.clone());
                detach(&self.writes, request, |request| stack.receive(request, route))
            })
        })
        .await
    }

    async fn receive(self: Arc<Self>, request: Request, route: Arc<Route>) -> Response {
        if !request.headers().contains_key(CONTENT_ENCODING) {
            return self.hand_over(request, &route).await;
        }
        let inside = service_fn(async |request: http::Request<DecompressionBody<Body>>| {
            Ok::<_, Infallible>(self.hand_over(request.map(Body::new), &route).await)
        });
        let decompression = RequestDecompressionLayer::new().no_br().no_deflate();
        let Ok(response) = decompression.layer(inside).oneshot(request).await;
        response.map(Body::new)
    }

    async fn hand_over(&self, request: Request, route: &Route) -> Response {
        body::limit_size(self.size, request, async |mut request| {
            // axum's own limit of 2 MB would hold a larger setting back; a route may still set its own inside.
            DefaultBodyLimit::max(self.size.limit).apply(&mut request);
            let Ok(response) = route.clone().oneshot(request).await;
            response
        })
        .await
    }
}

/// A route inside the layers.
#[derive(Clone)]
pub(super) struct Layered {
    stack: Arc<Stack>,
    route: Arc<Route>,
}

impl Layered {
    pub(super) fn new(stack: Arc<Stack>, route: Route) -> Self {
        Self {
            stack,
            route: Arc::new(route),
        }
    }
}

impl Service<Request> for Layered {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = self.stack.clone().answer(request, self.route.clone());
        Box::pin(answer.map(Ok))
    }
}
