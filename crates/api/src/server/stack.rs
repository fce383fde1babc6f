//! The layers around every route, in the one order in which they work.
//!
//! Invariant, from the outside in: what names and measures a request sees every answer, also those of the layers below;
//! time-outs lie outside the detached task, so that they end the waiting and not the write; the size of a body is
//! counted inside decompression, so that a small body cannot become a large one.
//!
//! Each is a part before and a part after what lies inside it, and not a tower service of its own: those are copied for
//! every request with all that lie inside them, and allocate their futures, which took longer than all that they do.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
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
use futures::future::{Either, poll_fn};
use http::header::CONTENT_ENCODING;
use tokio_util::task::TaskTracker;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_http::{
    cors::CorsLayer,
    decompression::{DecompressionBody, RequestDecompressionLayer},
};
use tracing::Instrument as _;

use super::{
    body::{self, BodySize},
    compression::Accepted,
    detach::detach,
    etag::SentTags,
    layers::{Layers, answer_panic, cors},
    metrics::HttpMetrics,
    problem::{Subject, too_long},
    request_id::{Identity, NewRequestId},
    timeout::RequestTimeout,
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

    async fn answer(self: Arc<Self>, mut request: Request, route: Arc<Route>) -> Response {
        let identity = Identity::give(&mut request, &self.new_request_id);
        let inside = self.measure(request, &route);
        let response = inside.instrument(identity.span().clone()).await;
        identity.sign(response)
    }

    async fn measure(self: &Arc<Self>, request: Request, route: &Arc<Route>) -> Response {
        let measured = self.metrics.begin(&request);
        let subject = Subject::of(&request);
        let response = if let Some(refusal) = too_long(&request) {
            refusal
        } else {
            let mut inside = pin!(self.share(request, route));
            poll_fn(|cx| {
                let polled = AssertUnwindSafe(|| inside.as_mut().poll(cx));
                catch_unwind(polled).unwrap_or_else(|panic| Poll::Ready(answer_panic(panic)))
            })
            .await
        };
        let mut response = subject.normalize(response);
        measured.end(&mut response);
        response
    }

    /// Lets pages of other origins read the answer, where that is wanted.
    fn share(self: &Arc<Self>, request: Request, route: &Arc<Route>) -> impl Future<Output = Response> {
        let Some(cors) = &self.cors else {
            return Either::Left(self.encode(request, route));
        };
        let inside = service_fn(async |request| Ok::<_, Infallible>(self.encode(request, route).await));
        Either::Right(Box::pin(async move {
            let Ok(response) = cors.layer(inside).oneshot(request).await;
            response
        }))
    }

    async fn encode(self: &Arc<Self>, mut request: Request, route: &Arc<Route>) -> Response {
        let sent = SentTags::take(&mut request);
        let accepted = Accepted::by(&request);
        let time = self.time.of(&request);
        let (request, cut) = body::limit_pauses(request, self.longest_pause);
        let is_safe = request.method().is_safe();
        let inside = self.clone().receive(request, route.clone());
        let response = if is_safe {
            time.limit(pin!(inside)).await
        } else {
            time.limit(pin!(detach(&self.writes, inside))).await
        };
        let response = match cut {
            Some(cut) => cut.explain(response),
            None => response,
        };
        sent.tag(accepted.compress(response).await)
    }

    async fn receive(self: Arc<Self>, request: Request, route: Arc<Route>) -> Response {
        if !request.headers().contains_key(CONTENT_ENCODING) {
            return self.hand_over(request, &route).await;
        }
        let inside = service_fn(async |request: http::Request<DecompressionBody<Body>>| {
            Ok::<_, Infallible>(self.hand_over(request.map(Body::new), &route).await)
        });
        let decompression = RequestDecompressionLayer::new().no_br().no_deflate();
        let Ok(response) = Box::pin(decompression.layer(inside).oneshot(request)).await;
        response.map(Body::new)
    }

    async fn hand_over(&self, request: Request, route: &Route) -> Response {
        let (mut request, cut) = match self.size.limit(request) {
            Ok(limited) => limited,
            Err(refusal) => return refusal,
        };
        // axum's own limit of 2 MB would hold a larger setting back; a route may still set its own inside.
        DefaultBodyLimit::max(self.size.limit).apply(&mut request);
        let Ok(response) = route.clone().oneshot(request).await;
        match cut {
            Some(cut) => cut.explain(response),
            None => response,
        }
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
        let (stack, route) = (self.stack.clone(), self.route.clone());
        Box::pin(async move { Ok(stack.answer(request, route).await) })
    }
}
