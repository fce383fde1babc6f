//! What is measured of every request: how many, how long, how many at once, how many failed.
//!
//! Invariant: label values come from small fixed sets (known methods, route templates, statuses), never from a URL.

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use http::Method;
use opentelemetry::{
    KeyValue,
    metrics::{Counter, Histogram, Meter, UpDownCounter},
};
use tokio::time::Instant;

/// Seconds; the answers of a cache lie in the first buckets, the request time-out in the last.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The instruments of the HTTP side, named by OpenTelemetry's conventions. In Prometheus' text:
/// `http_server_requests_total`, `http_server_errors_total`, `http_server_request_duration_seconds` (labels
/// `http_request_method`, `http_route`, `http_response_status_code`) and `http_server_active_requests` (method).
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    requests: Counter<u64>,
    errors: Counter<u64>,
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
}

impl HttpMetrics {
    pub fn new(meter: &Meter) -> Self {
        Self {
            requests: meter
                .u64_counter("http.server.requests")
                .with_description("Answered requests")
                .build(),
            errors: meter
                .u64_counter("http.server.errors")
                .with_description("Requests answered with 5xx")
                .build(),
            duration: meter
                .f64_histogram("http.server.request.duration")
                .with_description("From the end of the headers to the beginning of the answer")
                .with_unit("s")
                .with_boundaries(BUCKETS.to_vec())
                .build(),
            active: meter
                .i64_up_down_counter("http.server.active_requests")
                .with_description("Requests without an answer yet")
                .build(),
        }
    }
}

pub(super) async fn measure<F>(
    metrics: &HttpMetrics,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let started = Instant::now();
    let method = KeyValue::new("http.request.method", method_label(request.method()));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str);
    let route = KeyValue::new("http.route", route.to_owned());
    let active = Active::new(&metrics.active, method.clone());

    let response = next(request).await;

    drop(active);
    let status = KeyValue::new("http.response.status_code", i64::from(response.status().as_u16()));
    let labels = [method, route, status];
    metrics.requests.add(1, &labels);
    metrics.duration.record(started.elapsed().as_secs_f64(), &labels);
    if response.status().is_server_error() {
        metrics.errors.add(1, &labels);
    }
    response
}

/// Counts down also when the client hangs up and the request is dropped.
struct Active<'a> {
    counter: &'a UpDownCounter<i64>,
    label: KeyValue,
}

impl<'a> Active<'a> {
    fn new(counter: &'a UpDownCounter<i64>, label: KeyValue) -> Self {
        counter.add(1, std::slice::from_ref(&label));
        Self { counter, label }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.counter.add(-1, std::slice::from_ref(&self.label));
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}
