//! `cargo xtask bench search`: how search grows with a catalog (`bench/search`), beside PostgreSQL's own full-text search.

use std::process::ExitCode;

use clap::Args;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::process::Command;

use crate::process::{Running, exit_code};
use crate::servers::Servers;
use crate::{Result, cargo};

#[derive(Args)]
pub(crate) struct Options {
    /// How many products, one catalog after the other
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    products: Vec<u64>,
    /// How many searches are timed in each
    #[arg(long, default_value_t = 500)]
    requests: usize,
    /// Compare with nothing
    #[arg(long)]
    alone: bool,
}

pub(super) async fn run(options: Options) -> Result<ExitCode> {
    let programs = cargo::build_release(&["vitrine-bench-search"]).await?;
    let products: Vec<String> = options.products.iter().map(u64::to_string).collect();
    let mut command = Command::new(programs.join("search"));
    command
        .current_dir(cargo::root())
        .args(["--products", &products.join(",")])
        .args(["--requests", &options.requests.to_string()]);
    // Stops with the servers when it is dropped.
    let mut _postgres = None;
    let mut _servers = None;
    if !options.alone {
        let mut servers = Servers::start(None, None).await?;
        let (mut postgres, _) = servers.take().ok_or("no PostgreSQL was started")?;
        // Room for the whole of what is asked, as whoever runs a search on it would give it.
        let mut connection = PgConnection::connect(postgres.url()).await?;
        connection
            .execute("alter system set shared_buffers = '2GB'")
            .await?;
        drop(connection);
        postgres.crash_and_restart().await?;
        command.env("BENCH_DATABASE_URL", postgres.url());
        _postgres = Some(postgres);
        _servers = Some(servers);
    }
    let status = Running::spawn_group("search", &mut command)?.wait().await?;
    Ok(exit_code(status))
}
