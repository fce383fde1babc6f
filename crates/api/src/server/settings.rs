//! Where to listen and what clients may cost: the section `http`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Stub.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpSettings {
    pub(crate) address: SocketAddr,
    pub(crate) max_connections: usize,
    #[serde(with = "duration")]
    pub(crate) header_read_timeout: Duration,
    #[serde(with = "duration")]
    pub(crate) body_idle_timeout: Duration,
    #[serde(with = "duration")]
    pub(crate) idle_timeout: Duration,
    #[serde(with = "duration")]
    pub(crate) request_timeout: Duration,
    #[serde(with = "duration")]
    pub(crate) drain: Duration,
    #[serde(with = "duration")]
    pub(crate) shutdown_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) cors_origins: Vec<String>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 8080).into(),
            max_connections: 4096,
            header_read_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(20),
            body_limit: 1 << 20,
            cors_origins: Vec::new(),
        }
    }
}

impl HttpSettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.max_connections == 0 {
            problems.push("max_connections must be at least 1".to_owned());
        }
        problems
    }
}

/// Durations as text: `500ms`, `5s`, `2m`.
mod duration {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map_err(|error| {
            serde::de::Error::custom(format!(
                "{text:?} is not a duration such as \"500ms\" or \"5s\": {error}"
            ))
        })
    }
}
