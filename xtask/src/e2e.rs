//! `cargo xtask e2e`: a person's first five minutes with Swagger UI, in a real browser against the real binary.
//!
//! Invariant: the server starts in an empty folder with nothing configured, and the browser reaches 127.0.0.1 only.

mod browser;
mod swagger;

use std::path::PathBuf;
use std::process::ExitCode;

use self::browser::Browser;
use crate::vitrine::Vitrine;
use crate::{Result, cargo, say};

pub(crate) async fn run(binary: Option<PathBuf>) -> Result<ExitCode> {
    let binary = match binary {
        Some(binary) => binary
            .canonicalize()
            .map_err(|error| format!("{}: {error}", binary.display()))?,
        None => cargo::build_vitrine().await?,
    };
    let folder = tempfile::Builder::new().prefix("vitrine-e2e-").tempdir()?;
    let vitrine = Vitrine::start(&binary, folder.path(), Vec::new()).await?;
    let token = vitrine.token("catalog:admin").await?;
    let browser = Browser::start(folder.path()).await?;

    let outcome = swagger::visit(browser.client(), vitrine.origin(), &token).await;
    let outcome = match outcome {
        Ok(()) => Ok(()),
        Err(error) => Err(format!("{error}\n{}", browser.evidence().await)),
    };
    browser.close().await?;
    outcome?;
    say("e2e: a token was entered in Swagger UI, products were listed and one was fetched");
    Ok(ExitCode::SUCCESS)
}
