//! Where spans and events go: to standard error as text, and as traces to the collector.

use std::io::{self, IsTerminal as _};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Dispatch, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, fmt, layer::SubscriberExt as _, registry,
};

use super::{
    SCOPE, TelemetryError,
    lines::Lines,
    settings::{LogFormat, TelemetrySettings},
};

/// Libraries that work for the exporter: tracing them would make every export cause the next one.
const EXPORTERS_OWN: [&str; 5] = ["h2", "hyper", "hyper_util", "opentelemetry", "reqwest"];

pub(super) fn dispatch(
    settings: &TelemetrySettings,
    tracers: Option<&SdkTracerProvider>,
    lines: Lines,
) -> Result<Dispatch, TelemetryError> {
    let filter = EnvFilter::try_new(&settings.log_level).map_err(|source| TelemetryError::LogLevel {
        filter: settings.log_level.clone(),
        source,
    })?;
    let text = fmt::layer().with_writer(lines);
    let text = match settings.log_format {
        LogFormat::Json => text.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Pretty => text.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    let export = tracers.map(|tracers| {
        tracing_opentelemetry::layer()
            .with_tracer(tracers.tracer(SCOPE))
            .with_filter(filter_fn(is_traced))
    });
    Ok(Dispatch::new(registry().with(filter).with(text).with(export)))
}

fn is_traced(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or_default();
    !EXPORTERS_OWN.contains(&library) && !library.starts_with("opentelemetry")
}
