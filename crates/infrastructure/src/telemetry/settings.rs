//! The `[telemetry]` section.

use serde::{Deserialize, Serialize};
use url::Url;

/// What is logged and where traces and metrics go; every key may be left out.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetrySettings {
    pub log_format: LogFormat,
    /// A filter such as `info` or `info,sqlx=warn`. It also decides which spans become traces.
    pub log_level: String,
    /// The base URL of an OTLP collector over HTTP, e.g. `http://localhost:4318`; no export without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<Url>,
    pub service_name: String,
    /// The share of traces kept, 0 to 1, where the caller has not already decided.
    pub sample_ratio: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object to a line.
    Json,
    /// For people at a terminal.
    Pretty,
}

impl Default for TelemetrySettings {
    fn default() -> Self {
        Self {
            log_format: LogFormat::Pretty,
            log_level: "info,opentelemetry=warn".to_owned(),
            otlp_endpoint: None,
            service_name: "vitrine".to_owned(),
            sample_ratio: 1.0,
        }
    }
}

impl TelemetrySettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub fn problems(&self) -> Vec<String> {
        if (0.0..=1.0).contains(&self.sample_ratio) {
            Vec::new()
        } else {
            vec![format!("sample_ratio must be 0 to 1, not {}", self.sample_ratio)]
        }
    }
}
