//! The `[http]` section: where the service listens and how long it waits for a client.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::origin::Origin;

/// How HTTP is served. Durations are written as `"10s"`; every key may be left out.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// The IP address and port to listen on.
    pub address: SocketAddr,
    /// Connections served at once; further ones wait in the kernel's queue.
    pub max_connections: usize,
    /// From the opening of a connection to the end of its first request's headers.
    #[serde(with = "humantime_serde")]
    pub header_read_timeout: Duration,
    /// Between two chunks of a request body, and between two chunks that a client takes of an answer.
    #[serde(with = "humantime_serde")]
    pub body_idle_timeout: Duration,
    /// From the end of an answer to the end of the next request's headers on the same connection.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// From the end of the headers to the beginning of the answer; 504 `timeout` after it.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// How long new connections are still accepted after a stop signal, while `/health/ready` answers 503. Make it
    /// longer than the interval at which the load balancer asks.
    #[serde(with = "humantime_serde")]
    pub drain: Duration,
    /// After the drain, how long running requests and writes may take to end before they are cut.
    #[serde(with = "humantime_serde")]
    pub shutdown_timeout: Duration,
    /// The largest request body in bytes, counted after decompression. Streams such as imports are exempt.
    pub body_limit: usize,
    /// Bytes for answers of the store that are given again for a second without asking their route; 0 for none. Not used
    /// where traces are exported, nor where requests are logged (`debug`).
    pub remembered_bytes: u64,
    /// Origins whose pages may call the service from a browser; empty for none, `*` for any.
    pub cors_origins: Vec<Origin>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            max_connections: 4096,
            header_read_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(2),
            shutdown_timeout: Duration::from_secs(20),
            body_limit: 1024 * 1024,
            remembered_bytes: 8 * 1024 * 1024,
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
        if self.body_limit == 0 {
            problems.push("body_limit must be at least 1".to_owned());
        }
        problems
    }
}
