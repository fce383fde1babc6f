//! The project's own tooling, run as `cargo xtask <command>`.
//!
//! Invariant: whatever a command starts is owned by a guard inside its future, so that an error, a panic or a
//! signal (which drops the future) leaves no process and no temporary folder behind.

mod arch;
mod bench;
mod cargo;
mod e2e;
mod openapi;
mod packages;
mod process;
mod programs;
mod scenario;
mod servers;
mod soak;
mod test;
mod vitrine;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tooling")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole test suite against private PostgreSQL and Redis instances
    ///
    /// `TEST_DATABASE_URL` and `TEST_REDIS_URL`, when set, name servers to use instead.
    Test {
        /// Arguments for `cargo test`
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Check which crate may depend on which, and the size of source files
    Arch,
    /// Write openapi/openapi.json from the code
    Openapi {
        /// Write nothing; fail when the committed file differs from the code
        #[arg(long)]
        check: bool,
    },
    /// Drive Swagger UI in headless Chromium against a server with nothing configured
    E2e {
        /// Use this vitrine binary instead of building one
        #[arg(long)]
        binary: Option<PathBuf>,
    },
    /// Walk through a merchant's first day with curl and jq, on SQLite and on PostgreSQL with Redis
    Scenario,
    /// Measure what the service takes, as ratios in one run
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Run several instances under faults and judge every answer
    Soak {
        #[command(subcommand)]
        what: Soak,
    },
}

#[derive(Subcommand)]
enum Soak {
    /// The cache: no read that starts after a write was acknowledged may show anything older
    Cache(soak::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    tokio::select! {
        outcome = run(command) => outcome.unwrap_or_else(|error| {
            say(format_args!("error: {error}"));
            ExitCode::FAILURE
        }),
        code = interrupted() => code,
    }
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Test { args } => test::run(&args).await,
        Command::Arch => arch::run(),
        Command::Openapi { check } => openapi::run(check).await,
        Command::E2e { binary } => e2e::run(binary).await,
        Command::Scenario => scenario::run().await,
        Command::Bench { what } => bench::run(what).await,
        Command::Soak {
            what: Soak::Cache(options),
        } => soak::run(options).await,
    }
}

/// Completes when the user or the machine asks to stop, with the exit code a shell would give.
async fn interrupted() -> ExitCode {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => ExitCode::from(130),
        _ = terminate.recv() => ExitCode::from(143),
    }
}

/// Tells the user something on standard error, which leaves standard output to the tools that run inside.
pub(crate) fn say(message: impl Display) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(io::stderr().lock(), "{message}");
}
