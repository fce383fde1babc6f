//! `cargo xtask arch`: the dependency rule and the size budget, as code.
//!
//! Invariant: what the rules are lives in [`rules`] as plain data; nothing else decides.

pub(crate) mod metadata;
mod rules;
mod sources;

use std::process::ExitCode;

use self::metadata::Metadata;
use crate::{Result, cargo, say};

pub(crate) fn run() -> Result<ExitCode> {
    let edges = rules::violations(&Metadata::load()?);
    let files = sources::violations(cargo::root())?;
    for violation in &edges {
        say(violation);
    }
    for violation in &files {
        say(violation);
    }
    Ok(if edges.is_empty() && files.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
