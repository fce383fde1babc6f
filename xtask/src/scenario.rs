//! `cargo xtask scenario`: the merchant's first day of `examples/merchant.sh`, on each pair of stores.
//!
//! Invariant: the script is what a user would run, against the binary as it is built, and nothing but curl and jq.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use tokio::process::Command;

use crate::packages::{self, CURL, JQ};
use crate::process::Running;
use crate::servers::Servers;
use crate::vitrine::Vitrine;
use crate::{Result, cargo, programs, say};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/merchant.sh");

pub(crate) async fn run() -> Result<ExitCode> {
    packages::ensure(&CURL, || programs::find(&["curl"])).await?;
    packages::ensure(&JQ, || programs::find(&["jq"])).await?;
    let binary = cargo::build_vitrine().await?;
    let servers = Servers::start(None, None).await?;
    let url = |wanted: &str| {
        let found = servers.environment().find(|(name, _)| *name == wanted);
        found.and_then(|(_, url): (_, OsString)| url.into_string().ok())
    };
    let (Some(database), Some(cache)) = (url("TEST_DATABASE_URL"), url("TEST_REDIS_URL")) else {
        return Err("the servers have no URLs".into());
    };
    walk(&binary, "SQLite and memory", Vec::new()).await?;
    let settings = vec![
        ("VITRINE__DATABASE__URL", database),
        ("VITRINE__CACHE__URL", cache),
    ];
    walk(&binary, "PostgreSQL and Redis", settings).await?;
    Ok(ExitCode::SUCCESS)
}

async fn walk(binary: &Path, stores: &str, settings: Vec<(&'static str, String)>) -> Result<()> {
    say(format_args!("scenario: on {stores}"));
    let folder = tempfile::Builder::new().prefix("vitrine-scenario-").tempdir()?;
    let vitrine = Vitrine::start(binary, folder.path(), settings).await?;
    let mut script = Command::new("bash");
    script
        .args([SCRIPT, vitrine.origin()])
        .env("TOKEN", vitrine.token("catalog:admin").await?);
    let status = Running::spawn_group("examples/merchant.sh", &mut script)?
        .wait()
        .await?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("examples/merchant.sh failed on {stores}").into())
    }
}
