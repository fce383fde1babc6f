//! `cargo xtask bench`: how answers grow with the size of the catalog.
//!
//! Invariant: what is compared is measured in one run, in turns, on the same machine: a figure is a ratio of medians, so
//! that a busy or slow machine moves both sides alike.

mod catalog;
mod client;
mod sample;

use std::path::PathBuf;
use std::process::ExitCode;

use self::catalog::Catalog;
use self::sample::{Row, table};
use crate::servers::Servers;
use crate::{Result, cargo, say};

pub(crate) async fn run(small: u64, large: u64, sqlite: bool, binary: Option<PathBuf>) -> Result<ExitCode> {
    let binary = match binary {
        Some(binary) => binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}", binary.display()))?,
        None => cargo::build_release().await?,
    };
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
