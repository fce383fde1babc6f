//! `vitrine export`: writes the catalog as a file that imports back.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::Failure;
use crate::composition::services;
use crate::composition::settings::Settings;
use crate::formats::export;

/// Write all categories and products with their variants as NDJSON that imports back without any change
///
/// Deleted ones are left out. A published product with unpublished changes has no status, so that its changes stay
/// unpublished when they are imported. Products that change meanwhile are written as they are when their turn comes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to; standard output when absent or `-`
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

pub(super) async fn run(args: Args, settings: &Settings) -> Result<(), Failure> {
    let services = services::for_command(settings).await?;
    let mut out: Box<dyn Write + Send> = if args.file.as_os_str() == "-" {
        Box::new(BufWriter::new(io::stdout()))
    } else {
        let file = File::create(&args.file);
        Box::new(BufWriter::new(file.map_err(|error| {
            format!("cannot write {}: {error}", args.file.display())
        })?))
    };
    let database = &services.database;
    let result = export(
        &*database.categories,
        &*database.channels,
        &*database.products,
        &*database.types,
        &mut out,
    )
    .await;
    services.database.engine.close().await;
    result?;
    Ok(())
}
