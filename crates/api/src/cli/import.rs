//! `vitrine import`: takes a merchant's file in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use application::import::{ImportCounts, ImportFault, ImportMode, ImportObserver, ImportOptions, Progress};
use application::store::WriteContext;
use async_trait::async_trait;
use domain::value::Currency;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Failure;
use crate::composition::services;
use crate::composition::settings::Settings;
use crate::formats::{Format, batches};

/// The most faults that are printed.
const PRINTED: usize = 100;

/// Take in categories, products and variants from a file
///
/// Records are matched by key and variants by SKU. Taking in the same file twice changes nothing the second time. A
/// record replaces all that its product says: what a Shopify CSV cannot carry, such as further languages, currencies
/// and categories, is gone from a product that it updates.
/// Rows that are wrong are printed on standard error as `line L: field: code: detail` and left out; the rest comes
/// in. The last line, on standard output, is `created N, updated N, unchanged N, failed N`.
///
/// The exit code is 0 when the file was read to its end, also when rows failed, and 1 when it was not: what came in
/// until then stays, and the command can be run again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, or `-` for standard input
    file: PathBuf,

    /// `ndjson` or `shopify-csv`; when absent, as the file's name or its first line tells
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<Format>,

    /// ISO 4217 code of the prices in a file that does not say (default: setting `catalog.default_currency`)
    #[arg(long, value_name = "CODE", value_parser = parse_currency)]
    currency: Option<Currency>,

    /// `upsert`; `create` refuses records whose key exists, `update` those whose key does not
    #[arg(long, value_name = "MODE", default_value = "upsert", value_parser = parse_mode)]
    mode: ImportMode,

    /// Check everything, keep nothing
    #[arg(long)]
    dry_run: bool,

    /// Write all faults to this file too, one JSON object per line
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

pub(super) async fn run(args: Args, settings: &Settings) -> Result<(), Failure> {
    let is_stdin = args.file == Path::new("-");
    let bar = if is_stdin {
        spinner()
    } else {
        let length = std::fs::metadata(&args.file)
            .map_err(|error| cannot("read", &args.file, &error))?
            .len();
        bar(length)
    };
    let errors = args.errors.as_deref().map(create).transpose()?;
    let input: Box<dyn Read + Send> = if is_stdin {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&args.file).map_err(|error| cannot("read", &args.file, &error))?)
    };
    let mut input = BufReader::new(bar.wrap_read(input));
    let named = args.format.or_else(|| format_of(&args.file));
    let format = match named {
        Some(format) => format,
        None => Format::guess(
            input
                .fill_buf()
                .map_err(|error| cannot("read", &args.file, &error))?,
        ),
    };
    let work = Work {
        format,
        currency: args.currency,
        mode: args.mode,
        dry_run: args.dry_run,
        actor: "import",
    };
    import(input, work, Report::new(bar, errors), settings).await
}

/// Takes in NDJSON that the program made itself.
pub(super) async fn load(
    lines: impl Read + Send + 'static,
    actor: &'static str,
    settings: &Settings,
) -> Result<(), Failure> {
    let bar = spinner();
    let work = Work {
        format: Format::Ndjson,
        currency: None,
        mode: ImportMode::Upsert,
        dry_run: false,
        actor,
    };
    import(bar.wrap_read(lines), work, Report::new(bar, None), settings).await
}

struct Work {
    format: Format,
    currency: Option<Currency>,
    mode: ImportMode,
    dry_run: bool,
    actor: &'static str,
}

async fn import(
    input: impl Read + Send + 'static,
    work: Work,
    mut report: Report,
    settings: &Settings,
) -> Result<(), Failure> {
    let services = services::for_command(settings).await?;
    let (importer, ids) = (&services.catalog.importer, &services.tools.ids);
    let mut reading = services.reading(work.format);
    if let Some(currency) = work.currency {
        reading.currency = currency;
    }
    let context = WriteContext {
        actor: work.actor.to_owned(),
        request_id: ids.next().to_string(),
        dry_run: work.dry_run,
        idempotency: None,
    };
    let options = ImportOptions {
        mode: work.mode,
        context,
        place: work.format.places(),
    };
    let result = importer.run(batches(input, reading), &options, &mut report).await;
    let printed = report.finish(work.dry_run);
    services.database.engine.close().await;
    result?;
    Ok(printed?)
}

fn create(path: &Path) -> Result<BufWriter<File>, String> {
    File::create(path)
        .map(BufWriter::new)
        .map_err(|error| cannot("write", path, &error))
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {verb} {}: {error}", path.display())
}

fn format_of(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" => Some(Format::ShopifyCsv),
        _ => None,
    }
}

fn parse_format(name: &str) -> Result<Format, String> {
    Format::parse(name).ok_or_else(|| format!("must be {}", Format::NAMES))
}

fn parse_currency(code: &str) -> Result<Currency, String> {
    Currency::parse(code).map_err(|error| error.to_string())
}

fn parse_mode(name: &str) -> Result<ImportMode, String> {
    ImportMode::parse(name).ok_or_else(|| "must be upsert, create or update".to_owned())
}

/// A bar on standard error; nothing where that is no terminal.
fn bar(length: u64) -> ProgressBar {
    styled(
        ProgressBar::new(length),
        "{bar:30} {percent}% {bytes_per_sec} {msg}",
    )
}

fn spinner() -> ProgressBar {
    styled(
        ProgressBar::no_length(),
        "{spinner} {bytes} {bytes_per_sec} {msg}",
    )
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Tells of an import on the terminal.
struct Report {
    bar: ProgressBar,
    errors: Option<BufWriter<File>>,
    counts: ImportCounts,
    faults: usize,
    /// Why telling failed.
    broken: Option<io::Error>,
}

impl Report {
    fn new(bar: ProgressBar, errors: Option<BufWriter<File>>) -> Self {
        Self {
            bar,
            errors,
            counts: ImportCounts::default(),
            faults: 0,
            broken: None,
        }
    }

    fn tell(&mut self, fault: &ImportFault) -> io::Result<()> {
        let ImportFault { line, fault } = fault;
        if let Some(errors) = &mut self.errors {
            let object =
                json!({"line": line, "pointer": fault.pointer, "code": fault.code, "detail": fault.detail});
            writeln!(errors, "{object}")?;
        }
        self.faults += 1;
        if self.faults > PRINTED {
            return Ok(());
        }
        let field = match fault.pointer.strip_prefix('/') {
            Some(field) => field.replace("~1", "/").replace("~0", "~"),
            None => "record".to_owned(),
        };
        let (code, detail) = (fault.code, &fault.detail);
        self.bar
            .suspend(|| writeln!(io::stderr().lock(), "line {line}: {field}: {code}: {detail}"))
    }

    /// Prints what there is to say at the end.
    fn finish(mut self, dry_run: bool) -> io::Result<()> {
        self.bar.finish_and_clear();
        if let Some(errors) = &mut self.errors {
            errors.flush()?;
        }
        let mut err = io::stderr().lock();
        if let Some(more) = self.faults.checked_sub(PRINTED).filter(|more| *more > 0) {
            writeln!(err, "and {more} more faults (all with --errors FILE)")?;
        }
        if dry_run {
            writeln!(err, "dry run: nothing was kept")?;
        }
        writeln!(io::stdout().lock(), "{}", summary(&self.counts))?;
        self.broken.map_or(Ok(()), Err)
    }
}

#[async_trait]
impl ImportObserver for Report {
    async fn progressed(&mut self, progress: Progress) -> ControlFlow<()> {
        self.counts = progress.counts;
        self.bar.set_message(summary(&self.counts));
        let told = progress.faults.iter().try_for_each(|fault| self.tell(fault));
        match told {
            Ok(()) => ControlFlow::Continue(()),
            // Going on would lose faults that were to be written down.
            Err(error) => {
                self.broken = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn summary(counts: &ImportCounts) -> String {
    let ImportCounts {
        created,
        updated,
        unchanged,
        failed,
    } = counts;
    format!("created {created}, updated {updated}, unchanged {unchanged}, failed {failed}")
}
