//! `vitrine config` and `vitrine openapi`: documents on standard output.

use std::io::{self, Write};

use crate::composition::settings::{Settings, SettingsError};

pub(super) fn settings(settings: &Settings) -> Result<(), PrintError> {
    Ok(io::stdout()
        .lock()
        .write_all(settings.effective_toml()?.as_bytes())?)
}

pub(super) fn openapi() -> Result<(), PrintError> {
    let document = serde_json::to_string_pretty(&crate::http::document())?;
    Ok(writeln!(io::stdout().lock(), "{document}")?)
}

#[derive(Debug, thiserror::Error)]
pub(super) enum PrintError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the document cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}
