//! Calls to cargo: always the cargo that runs us, always at the root of the workspace.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::Result;
use crate::arch::metadata::Metadata;
use crate::process::Running;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.parent().unwrap_or(manifest_dir)
}

/// A call to cargo, not started yet.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).stdin(Stdio::null());
    // `cargo run` describes xtask in these; build scripts that watch them would be rebuilt for nothing.
    for (name, _) in env::vars_os() {
        let described = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name == "CARGO_CRATE_NAME"
        });
        if described {
            command.env_remove(name);
        }
    }
    command
}

/// Builds the `vitrine` binary and gives its path.
pub(crate) async fn build_vitrine() -> Result<PathBuf> {
    // The selection of `cargo test --workspace`: another one resolves other features and compiles everything anew.
    let mut build = command();
    build.args(["build", "--workspace", "--bins", "--tests"]);
    let status = Running::spawn_group("cargo build", &mut build)?.wait().await?;
    if !status.success() {
        return Err("the workspace does not build".into());
    }
    Ok(Metadata::load()?.target_directory.join("debug/vitrine"))
}

/// Builds packages as they are released; gives the folder of their programs.
pub(crate) async fn build_release(packages: &[&str]) -> Result<PathBuf> {
    let mut build = command();
    build.args(["build", "--release"]);
    for package in packages {
        build.args(["--package", package]);
    }
    let status = Running::spawn_group("cargo build", &mut build)?.wait().await?;
    if !status.success() {
        return Err(format!("{} does not build", packages.join(" or ")).into());
    }
    Ok(Metadata::load()?.target_directory.join("release"))
}
