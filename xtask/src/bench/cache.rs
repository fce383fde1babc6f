//! `cargo xtask bench cache`: the service beside programs that do the least that can be done (`bench/src/bin/limit`).

mod contest;
mod house;
mod load;
mod memory;
mod processor;
mod reads;
mod report;
mod writes;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::house::House;
use super::vitrine;
use crate::{Result, cargo};

#[derive(Args)]
pub(crate) struct Options {
    /// Use this vitrine binary instead of building one
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Compare reads with those of this other vitrine binary, and not with the limits
    #[arg(long)]
    base: Option<PathBuf>,
    /// How many products the catalog has
    #[arg(long, default_value_t = 20_000)]
    products: u64,
    /// How many of them are read again and again
    #[arg(long, default_value_t = 500)]
    hot: usize,
    /// How many connections ask at once, one after the other of these
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// How often limit and service take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a turn is
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Measure these only
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Part::Reads, Part::Writes, Part::Memory])]
    only: Vec<Part>,
    /// Among the reads, those whose name has this in it
    #[arg(long, default_value = "")]
    reads: String,
    /// A setting for every instance, such as `TELEMETRY__LOG_LEVEL=warn`
    #[arg(long = "set", value_name = "SETTING")]
    settings: Vec<String>,
    /// Let server and client share all processors, instead of having one for each
    #[arg(long)]
    unpinned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Reads,
    Writes,
    Memory,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let programs = cargo::build_release(&["vitrine-bench"]).await?;
    let binary = vitrine(options.binary.clone()).await?;
    let house = House::open(&options, binary, programs).await?;
    if options.only.contains(&Part::Reads) {
        reads::measure(&house, &options).await?;
    }
    if options.only.contains(&Part::Writes) {
        writes::measure(&house).await?;
    }
    if options.only.contains(&Part::Memory) {
        memory::measure(&house).await?;
    }
    Ok(ExitCode::SUCCESS)
}
