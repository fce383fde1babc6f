//! The command line: one module to a command. Failures are one line on standard error and a non-zero exit code.

pub(crate) mod banner;
mod demo;
mod export;
mod health;
mod import;
mod print;
mod token;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::composition::{self, settings::Settings};

/// A product catalog that you run yourself.
#[derive(Debug, Parser)]
#[command(name = "vitrine", version, disable_help_subcommand = true)]
struct Cli {
    /// Settings file in TOML; the environment (`VITRINE__SECTION__KEY`) goes before it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve the catalog (what happens without a command)
    Serve,
    /// Bring the database's schema up to date
    Migrate,
    Token(token::Args),
    Import(import::Args),
    Export(export::Args),
    Demo(demo::Args),
    /// Print the settings in force, with secrets masked
    Config,
    /// Print the OpenAPI document
    Openapi,
    /// Ask a running service whether it is ready; fails when it is not
    Health,
}

type Failure = Box<dyn Error + Send + Sync>;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _: io::Result<()> = writeln!(io::stderr().lock(), "vitrine: {}", one_line(&*failure));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    // The document is the same whatever the settings.
    if let Some(Command::Openapi) = cli.command {
        return Ok(print::openapi()?);
    }
    let settings = Settings::load(cli.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => Ok(runtime.block_on(composition::serve::run(&settings))?),
        Command::Migrate => Ok(runtime.block_on(composition::migrate(&settings))?),
        Command::Token(args) => Ok(token::run(&args, &settings)?),
        Command::Import(args) => runtime.block_on(import::run(args, &settings)),
        Command::Export(args) => runtime.block_on(export::run(args, &settings)),
        Command::Demo(args) => runtime.block_on(demo::run(&args, &settings)),
        Command::Config => Ok(print::settings(&settings)?),
        Command::Openapi => Ok(print::openapi()?),
        Command::Health => runtime.block_on(health::run(&settings)),
    }
}

/// The error with its causes, on one line.
fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Wrappers often repeat what they wrap.
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text.replace(['\n', '\r'], " ")
}
