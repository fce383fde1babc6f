//! `vitrine health`: what container health checks run.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::Failure;
use crate::composition::settings::Settings;

const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    let address = reachable(settings.http.address);
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
    let answer = client.get(format!("http://{address}/health/ready")).send().await;
    let answer = answer.map_err(|error| format!("nobody answers at {address}: {error}"))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("the service at {address} is not ready: {}", answer.text().await?).into())
}

/// Where a service that listens on every address can be asked from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
