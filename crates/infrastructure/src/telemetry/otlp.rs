//! Export to a collector: OTLP over HTTP with protobuf bodies.
//!
//! The exporters' blocking client runs on the SDK's own threads, so that neither a slow collector takes time from the
//! runtime that serves requests, nor the runtime's end loses the last batch.

use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use url::Url;

use super::TelemetryError;

pub(super) fn metrics(endpoint: &Url) -> Result<MetricExporter, TelemetryError> {
    MetricExporter::builder()
        .with_http()
        .with_endpoint(signal_url(endpoint, "v1/metrics"))
        .build()
        .map_err(|source| refuse(endpoint, source))
}

pub(super) fn tracers(
    endpoint: &Url,
    sample_ratio: f64,
    resource: Resource,
) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(signal_url(endpoint, "v1/traces"))
        .build()
        .map_err(|source| refuse(endpoint, source))?;
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            sample_ratio,
        ))))
        .with_resource(resource)
        .build())
}

fn signal_url(endpoint: &Url, path: &str) -> String {
    format!("{}/{path}", endpoint.as_str().trim_end_matches('/'))
}

fn refuse(endpoint: &Url, source: ExporterBuildError) -> TelemetryError {
    TelemetryError::Endpoint {
        endpoint: endpoint.to_string(),
        source,
    }
}
