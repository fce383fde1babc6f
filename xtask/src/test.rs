//! `cargo xtask test`: the whole suite, with the servers it needs.
//!
//! Invariant: the exit code and the output are those of `cargo test`, and no server outlives it. A run of everything
//! ends with a short soak of the cache, which can only make it fail.

use std::env;
use std::process::ExitCode;

use crate::packages::{self, MEMCACHED};
use crate::process::{Running, exit_code};
use crate::servers::Servers;
use crate::{Result, cargo, programs, soak};

pub(crate) async fn run(args: &[String]) -> Result<ExitCode> {
    let servers = Servers::start(env::var_os("TEST_DATABASE_URL"), env::var_os("TEST_REDIS_URL")).await?;
    let memcached = match env::var_os("TEST_MEMCACHED_SERVER") {
        Some(program) => program,
        None => packages::ensure(&MEMCACHED, || programs::find(&["memcached"]))
            .await?
            .into(),
    };
    let mut test = cargo::command();
    // What fails in one crate hides nothing of the others.
    test.args(["test", "--no-fail-fast"]);
    if !selects_packages(args) {
        test.arg("--workspace");
    }
    test.args(args).envs(servers.environment());
    test.env("TEST_MEMCACHED_SERVER", memcached);
    let status = Running::spawn_group("cargo test", &mut test)?.wait().await?;
    drop(servers);
    if status.success() && args.is_empty() {
        return soak::brief(&cargo::build_vitrine().await?).await;
    }
    Ok(exit_code(status))
}

/// Whether the caller picked packages, which `--workspace` would override.
fn selects_packages(args: &[String]) -> bool {
    let mut cargo_args = args.iter().take_while(|arg| *arg != "--");
    cargo_args.any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}
