//! `vitrine demo`: a believable catalog of any size, for trying and measuring.

use std::io::{self, Read, Write};

use super::Failure;
use super::import;
use crate::composition::settings::Settings;
use crate::demo;

/// Fill the catalog with generated products
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many products to generate, with about three variants each
    #[arg(long, value_name = "N", default_value_t = 1000)]
    products: u64,

    /// The same seed makes the same catalog
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// Print the catalog as NDJSON instead of loading it
    #[arg(long)]
    print: bool,
}

pub(super) async fn run(args: &Args, settings: &Settings) -> Result<(), Failure> {
    let lines = demo::catalog(args.products, args.seed);
    if args.print {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for line in lines {
            writeln!(out, "{line}")?;
        }
        return Ok(out.flush()?);
    }
    import::load(
        Lines {
            lines,
            rest: io::Cursor::default(),
        },
        "demo",
        settings,
    )
    .await
}

/// Lines as a file.
struct Lines<I> {
    lines: I,
    rest: io::Cursor<Vec<u8>>,
}

impl<I: Iterator<Item = String>> Read for Lines<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.rest.read(buffer)? {
                0 => {
                    let Some(line) = self.lines.next() else {
                        return Ok(0);
                    };
                    self.rest = io::Cursor::new(format!("{line}\n").into_bytes());
                }
                read => return Ok(read),
            }
        }
    }
}
