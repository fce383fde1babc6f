//! One turn of the load program.

use std::path::Path;

use serde::Deserialize;
use tokio::process::Command;

use super::processor;
use crate::Result;

/// Whom to ask, and for what.
pub(super) struct Target<'a> {
    pub(super) address: &'a str,
    pub(super) process: Option<u32>,
    pub(super) requests: &'a Path,
    /// `None` where shoppers ask.
    pub(super) token: Option<&'a str>,
}

/// What a turn came to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Turn {
    requests: f64,
    seconds: f64,
    cpu_seconds: Option<f64>,
    pub(super) body_bytes: u64,
    /// In nanoseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
    #[serde(skip)]
    server_seconds: f64,
}

impl Turn {
    pub(super) fn per_second(&self) -> f64 {
        self.requests / self.seconds
    }

    /// The share of a processor that the client had.
    pub(super) fn client_share(&self) -> f64 {
        self.cpu_seconds.unwrap_or(f64::NAN) / self.seconds
    }

    /// What a request takes of the server's processor, in microseconds.
    pub(super) fn server_micros(&self) -> f64 {
        self.server_seconds / self.requests * 1e6
    }
}

/// Asks over and over for some seconds, or for everything once.
pub(super) async fn turn(
    program: &Path,
    target: &Target<'_>,
    connections: usize,
    seconds: Option<f64>,
) -> Result<Turn> {
    let mut load = Command::new(program);
    load.arg(target.address)
        .arg(target.requests)
        .args(["--connections", &connections.to_string()])
        .args(target.token.into_iter().flat_map(|token| ["--token", token]));
    match seconds {
        Some(seconds) => load.args(["--seconds", &seconds.to_string()]),
        None => load.arg("--once"),
    };
    let server_seconds = || target.process.and_then(processor::seconds_of).unwrap_or(f64::NAN);
    let before = server_seconds();
    let output = load.kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err(format!("the load failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut turn: Turn = serde_json::from_slice(&output.stdout)?;
    turn.server_seconds = server_seconds() - before;
    Ok(turn)
}
