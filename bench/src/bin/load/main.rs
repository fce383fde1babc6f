//! The load: a fixed number of connections, each of which sends its next request when the last one is answered.
//!
//! Requests are bytes that were made before the clock runs, answers are read to their end and not looked into, and all
//! of it happens on one thread: what is measured should be the server. The client's own share of a processor is told
//! with the rest.

mod connection;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::connection::{Requests, Stop, Tally, drive};

#[derive(Parser)]
struct Args {
    /// Whom to ask
    address: SocketAddr,
    /// A file with a line for each request: its path and, after a space, the tag for `If-None-Match` if there is one
    requests: PathBuf,
    /// How many requests are under way at once
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// How long to ask, over and over
    #[arg(long, conflicts_with = "once")]
    seconds: Option<f64>,
    /// Ask every line once
    #[arg(long)]
    once: bool,
    /// The bearer token
    #[arg(long)]
    token: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let lines = std::fs::read_to_string(&args.requests)?;
    let requests = Arc::new(Requests::new(args.address, &lines, args.token.as_deref()));
    let started = Instant::now();
    let stop = if args.once {
        Stop::AtTheEnd
    } else {
        Stop::At(started + Duration::from_secs_f64(args.seconds.unwrap_or(1.0)))
    };
    let mut connections = JoinSet::new();
    for first in 0..args.connections {
        connections.spawn(drive(requests.clone(), first, args.connections, stop));
    }
    let mut all = Tally::default();
    while let Some(tally) = connections.join_next().await {
        all.add(tally??);
    }
    report(all, started.elapsed())?;
    Ok(())
}

/// One line of JSON.
fn report(mut all: Tally, elapsed: Duration) -> io::Result<()> {
    all.times.sort_unstable();
    let percentile = |percent: usize| {
        let at = (all.times.len() * percent / 100).min(all.times.len().saturating_sub(1));
        all.times.get(at).copied().unwrap_or_default()
    };
    writeln!(
        io::stdout(),
        r#"{{"requests": {}, "seconds": {}, "cpuSeconds": {}, "bodyBytes": {}, "p50": {}, "p99": {}}}"#,
        all.times.len(),
        elapsed.as_secs_f64(),
        cpu_seconds().unwrap_or(f64::NAN),
        all.body_bytes,
        percentile(50),
        percentile(99),
    )
}

/// What this thread, the only one that works, has taken of a processor.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds).as_secs_f64())
}
