//! `cargo xtask bench`: what the service takes, as ratios.
//!
//! Invariant: what is compared is measured in one run, in turns, on the same machine: a figure is a ratio of medians, so
//! that a busy or slow machine moves both sides alike.

mod cache;
mod catalog;
mod client;
mod sample;
mod search;
mod size;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::{Result, cargo};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// How answers grow with the size of the catalog
    Size(size::Options),
    /// How near the service comes to programs that do the least that can be done
    Cache(cache::Options),
    /// How search grows with the catalog, beside PostgreSQL's own
    Search(search::Options),
}

pub(crate) async fn run(what: Bench) -> Result<ExitCode> {
    match what {
        Bench::Size(options) => size::run(options).await,
        Bench::Cache(options) => cache::run(options).await,
        Bench::Search(options) => search::run(options).await,
    }
}

/// The binary to measure: the one that is given, or one that is built now.
async fn vitrine(given: Option<PathBuf>) -> Result<PathBuf> {
    match given {
        Some(binary) => Ok(binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}", binary.display()))?),
        None => Ok(cargo::build_release(&["vitrine-api"]).await?.join("vitrine")),
    }
}
