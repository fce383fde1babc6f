//! Logs, traces and metrics of the process: one instrument API that feeds both Prometheus and OTLP.
//!
//! Invariant: no request waits for telemetry or fails by it. Log lines are written by a thread of their own, exports run on the SDK's own threads from bounded queues
//! that drop what a collector does not take.

mod lines;
mod logs;
mod otlp;
mod settings;

use std::io;
use std::time::Duration;

use opentelemetry::{
    KeyValue, global,
    metrics::{Meter, MeterProvider as _},
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    metrics::{MeterProviderBuilder, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::SdkTracerProvider,
};
use prometheus::{Registry, TextEncoder};
use tracing::Dispatch;
use tracing_subscriber::filter::ParseError;

use lines::Lines;
pub use settings::{LogFormat, TelemetrySettings};

/// The instrumentation scope of the product's own instruments and spans.
const SCOPE: &str = "vitrine";

/// A collector that is away must not hold up the end of the process.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("telemetry.log_level {filter:?} is no filter such as \"info\" or \"info,sqlx=warn\"")]
    LogLevel { filter: String, source: ParseError },
    #[error("telemetry.sample_ratio {0} does not lie between 0 and 1")]
    SampleRatio(f64),
    #[error("telemetry.otlp_endpoint {endpoint:?} cannot be used")]
    Endpoint {
        endpoint: String,
        source: opentelemetry_otlp::ExporterBuildError,
    },
    #[error("the Prometheus registry cannot be set up")]
    Prometheus(#[source] OTelSdkError),
    #[error("the thread that writes the log cannot be started")]
    Thread(#[source] io::Error),
    #[error("a log subscriber is already installed in this process")]
    AlreadyInstalled(#[source] tracing::dispatcher::SetGlobalDefaultError),
}

/// The running telemetry; keep it until the end of the process and [shut it down](Self::shutdown) last.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
    lines: Lines,
}

/// Also where the end is an error: it is what the log tells of.
impl Drop for Telemetry {
    fn drop(&mut self) {
        self.lines.flush(FLUSH_TIMEOUT);
    }
}

impl Telemetry {
    /// Sets up logs on standard error, metrics, and traces where an OTLP endpoint is configured, for the whole process.
    /// It does not try to reach the endpoint.
    ///
    /// # Errors
    /// Settings that cannot be meant, or a subscriber that this process already has.
    pub fn install(settings: &TelemetrySettings) -> Result<Self, TelemetryError> {
        let (telemetry, dispatch) = Self::build(settings)?;
        tracing::dispatcher::set_global_default(dispatch).map_err(TelemetryError::AlreadyInstalled)?;
        global::set_text_map_propagator(TraceContextPropagator::new());
        global::set_meter_provider(telemetry.meters.clone());
        if let Some(tracers) = &telemetry.tracers {
            global::set_tracer_provider(tracers.clone());
        }
        Ok(telemetry)
    }

    /// Everything that [`install`](Self::install) sets up, without making it the process's own.
    ///
    /// # Errors
    /// As those of [`install`](Self::install), except for the last.
    pub fn build(settings: &TelemetrySettings) -> Result<(Self, Dispatch), TelemetryError> {
        if !(0.0..=1.0).contains(&settings.sample_ratio) {
            return Err(TelemetryError::SampleRatio(settings.sample_ratio));
        }
        let resource = Resource::builder()
            .with_service_name(settings.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let registry = Registry::new();
        let mut meters = prometheus_reader(&registry)?.with_resource(resource.clone());
        let mut tracers = None;
        if let Some(endpoint) = &settings.otlp_endpoint {
            meters = meters.with_periodic_exporter(otlp::metrics(endpoint)?);
            tracers = Some(otlp::tracers(endpoint, settings.sample_ratio, resource)?);
        }
        let lines = Lines::to(io::stderr()).map_err(TelemetryError::Thread)?;
        let dispatch = logs::dispatch(settings, tracers.as_ref(), lines.clone())?;
        Ok((
            Self {
                registry,
                meters: meters.build(),
                tracers,
                lines,
            },
            dispatch,
        ))
    }

    /// Makes instruments whose values appear both in [`prometheus_text`](Self::prometheus_text) and at the collector.
    pub fn meter(&self) -> Meter {
        self.meters.meter(SCOPE)
    }

    /// Has `read` called at each collection for what has been counted under each value of `label`, of which there must be
    /// a small fixed set: each is a time series of its own. It must not block or panic.
    pub fn register_counts<V>(
        &self,
        name: &'static str,
        description: &'static str,
        label: &'static str,
        read: impl Fn() -> V + Send + Sync + 'static,
    ) where
        V: IntoIterator<Item = (&'static str, u64)>,
    {
        let _counter = self
            .meter()
            .u64_observable_counter(name)
            .with_description(description)
            .with_callback(move |observer| {
                for (value, count) in read() {
                    observer.observe(count, &[KeyValue::new(label, value)]);
                }
            })
            .build();
    }

    /// Has `read` called at each collection, e.g. for the connections that a pool uses. It must not block or panic.
    pub fn register_gauge(
        &self,
        name: &'static str,
        description: &'static str,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        // The meter keeps the callback; the handle itself does nothing.
        let _gauge = self
            .meter()
            .u64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |observer| observer.observe(read(), &[]))
            .build();
    }

    /// All metrics in Prometheus' text format, version 0.0.4.
    pub fn prometheus_text(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_else(|error| {
                tracing::error!(%error, "metrics cannot be written as text");
                String::new()
            })
    }

    /// Sends what is still queued, for at most five seconds per signal. Blocks: call it at the very end, from
    /// [`spawn_blocking`](tokio::task::spawn_blocking) or outside the runtime.
    pub fn shutdown(&self) {
        let traces = self
            .tracers
            .as_ref()
            .map_or(Ok(()), |tracers| tracers.shutdown_with_timeout(FLUSH_TIMEOUT));
        log_failure("traces", traces);
        log_failure("metrics", self.meters.shutdown_with_timeout(FLUSH_TIMEOUT));
        self.lines.flush(FLUSH_TIMEOUT);
    }
}

fn prometheus_reader(registry: &Registry) -> Result<MeterProviderBuilder, TelemetryError> {
    let reader = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        // One scope and one resource for all would only repeat themselves on every line.
        .scope_info_enabled(false)
        .build()
        .map_err(TelemetryError::Prometheus)?;
    Ok(SdkMeterProvider::builder().with_reader(reader))
}

fn log_failure(signal: &str, result: OTelSdkResult) {
    if let Err(error) = result {
        tracing::warn!(signal, %error, "the last telemetry was not delivered");
    }
}
