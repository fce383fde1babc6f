//! Instruments of what lies below HTTP.

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Meter},
};

/// Counts what became of reads through the cache: `cache_requests_total{result="hit|miss|negative|bypass|error|…"}`.
#[derive(Debug, Clone)]
pub struct CacheMetrics {
    requests: Counter<u64>,
}

impl CacheMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let requests = meter
            .u64_counter("cache.requests")
            .with_description("Reads through the cache by their result")
            .build();
        Self { requests }
    }

    /// `result` must come from a small fixed set: each value is a time series of its own.
    pub fn record(&self, result: &'static str) {
        self.requests.add(1, &[KeyValue::new("result", result)]);
    }
}
