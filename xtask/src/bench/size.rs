//! `cargo xtask bench size`: how answers grow with the size of the catalog.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::catalog::{self, Catalog};
use super::sample::{Row, table};
use crate::servers::Servers;
use crate::{Result, say};

#[derive(Args)]
pub(crate) struct Options {
    /// How many products the small catalog has
    #[arg(long, default_value_t = 10_000)]
    small: u64,
    /// How many products the large catalog has
    #[arg(long, default_value_t = 1_000_000)]
    large: u64,
    /// Measure on SQLite instead of PostgreSQL
    #[arg(long)]
    sqlite: bool,
    /// Use this vitrine binary instead of building one
    #[arg(long)]
    binary: Option<PathBuf>,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let Options {
        small,
        large,
        sqlite,
        binary,
    } = options;
    let binary = super::vitrine(binary).await?;
    let servers = if sqlite {
        None
    } else {
        Some(Servers::start(None, None).await?)
    };
    let mut small = Catalog::fill(&binary, small, servers.as_ref()).await?;
    let mut large = Catalog::fill(&binary, large, servers.as_ref()).await?;
    say(format_args!(
        "{} products in {:.1} s, {} products in {:.1} s",
        small.products, small.filled_in, large.products, large.filled_in
    ));
    let mut rows = catalog::by_size(&mut small, &mut large).await?;
    rows.push(catalog::by_depth(&mut large).await?);
    rows.push(catalog::by_siblings(&mut small).await?);
    print(&rows);
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the table is what the command is for")]
fn print(rows: &[Row]) {
    println!("{}", table(rows));
}
