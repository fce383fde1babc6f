//! What is measured of every request: how many, how long, how many at once, how many failed.
//!
//! Invariant: label values come from small fixed sets (known methods, route templates, statuses), never from a URL.

use std::time::Duration;

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

use super::remembered::Repeatable;

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

/// Method, route, and the status once there is one.
#[derive(Debug, Clone)]
pub(super) struct Labels([KeyValue; 3]);

/// A request that is being answered. Counted down also when the client hangs up and the request is dropped.
pub(super) struct Measured<'a> {
    metrics: &'a HttpMetrics,
    started: Instant,
    labels: Labels,
}

impl HttpMetrics {
    pub(super) fn begin(&self, request: &Request) -> Measured<'_> {
        let started = Instant::now();
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("unmatched", MatchedPath::as_str);
        let labels = [
            KeyValue::new("http.request.method", method_label(request.method())),
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", 0),
        ];
        let measured = Measured {
            metrics: self,
            started,
            labels: Labels(labels),
        };
        measured.count_active(1);
        measured
    }

    /// Counts an answer.
    pub(super) fn answered(&self, labels: &Labels, took: Duration) {
        self.requests.add(1, &labels.0);
        self.duration.record(took.as_secs_f64(), &labels.0);
    }
}

impl Measured<'_> {
    pub(super) fn end(mut self, response: &mut Response) {
        let [_, _, status] = &mut self.labels.0;
        status.value = i64::from(response.status().as_u16()).into();
        self.metrics.answered(&self.labels, self.started.elapsed());
        if response.status().is_server_error() {
            self.metrics.errors.add(1, &self.labels.0);
        }
        if response.extensions().get::<Repeatable>().is_some() {
            response.extensions_mut().insert(self.labels.clone());
        }
    }

    fn count_active(&self, by: i64) {
        let [method, ..] = &self.labels.0;
        self.metrics.active.add(by, std::slice::from_ref(method));
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        self.count_active(-1);
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
