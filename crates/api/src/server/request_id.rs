//! The name of a request: echoed or made, kept in the request's extensions, its span and its answer.
//!
//! Invariant: every answer carries a `Request-Id`, and every log line of a request carries the same one.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{global, propagation::Extractor};
use tokio::time::Instant;
use tracing::{Span, field::Empty, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const MAX_LENGTH: usize = 128;

/// Makes the id of a request that came without one.
pub type NewRequestId = Arc<dyn Fn() -> String + Send + Sync>;

/// 1 to 128 visible ASCII characters, chosen by the client or made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// What a request is known by: its id, and a span whose parent is the caller's `traceparent`, if there is one.
pub(super) struct Identity {
    started: Instant,
    span: Span,
    header: Option<HeaderValue>,
    /// Whether it only reads. Reads that succeed are the many, and metrics tell of them.
    is_safe: bool,
}

impl Identity {
    /// Names the request.
    pub(super) fn give(request: &mut Request, new_id: &NewRequestId) -> Self {
        let started = Instant::now();
        let id = sent_id(request.headers()).unwrap_or_else(|| new_id());
        let span = span(request, &id);
        let header = HeaderValue::from_str(&id).ok();
        request.extensions_mut().insert(RequestId(id));
        Self {
            started,
            span,
            header,
            is_safe: request.method().is_safe(),
        }
    }

    /// What the request has to run in.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Gives the answer the request's id, and notes it: a read that succeeded at the level `debug`.
    pub(super) fn sign(self, mut response: Response) -> Response {
        if let Some(header) = self.header {
            response.headers_mut().insert(REQUEST_ID, header);
        }
        let status = response.status();
        self.span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
        self.span.in_scope(|| {
            let (status, elapsed) = (status.as_u16(), self.started.elapsed());
            if self.is_safe && status < 400 {
                tracing::debug!(status, ?elapsed, "request answered");
            } else {
                tracing::info!(status, ?elapsed, "request answered");
            }
        });
        response
    }
}

fn sent_id(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(REQUEST_ID)?.to_str().ok()?;
    let valid = (1..=MAX_LENGTH).contains(&sent.len()) && sent.bytes().all(|byte| byte.is_ascii_graphic());
    valid.then(|| sent.to_owned())
}

fn span(request: &Request, id: &str) -> Span {
    let method = request.method();
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let span = info_span!(
        "request",
        otel.name = format!("{method} {}", route.unwrap_or_default()).trim_end(),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = request.uri().path(),
        request_id = id,
    );
    if !request.headers().contains_key(TRACEPARENT) {
        return span;
    }
    let caller =
        global::get_text_map_propagator(|propagator| propagator.extract(&Headers(request.headers())));
    // It fails only where no traces are exported.
    let _: Result<(), _> = span.set_parent(caller);
    span
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
