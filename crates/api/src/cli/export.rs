//! `vitrine export`: writes the catalog as a file that imports back.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::Failure;
use crate::composition::services;
use crate::composition::settings::Settings;
use crate::formats::{Exported, export};

/// Write the catalog as NDJSON that imports back without any change, and into an empty catalog as the same
///
/// Product types, channels, price lists, categories, products with their variants, and prices; deleted ones are left out.
/// Uploaded files, and what attributes refer to, are named by their ids, which another catalog does not know. A published product with unpublished changes has no status, so that its changes stay
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
    let exported = Exported {
        types: &*database.types,
        channels: &*database.channels,
        price_lists: &*database.price_lists,
        categories: &*database.categories,
        products: &*database.products,
        variants: &*database.variants,
        prices: &*database.prices,
    };
    let result = export(exported, &mut out).await;
    services.database.engine.close().await;
    result?;
    Ok(())
}
