//! The example catalog that a first start without any configuration is greeted with.

use std::io::Cursor;
use std::ops::ControlFlow;

use application::import::{ImportMode, ImportObserver, ImportOptions, Progress};
use application::store::WriteContext;
use async_trait::async_trait;

use super::StartError;
use super::services::{Catalog, Services};
use super::settings::Settings;
use crate::formats::{Format, batches};

const CATALOG: &[u8] = include_bytes!("../../assets/example-catalog.ndjson");

/// Loads the example catalog into the data folder's own database when nothing was ever written there. Returns how
/// many records came in.
pub(super) async fn load_if_first(
    settings: &Settings,
    services: &Services,
) -> Result<Option<u64>, StartError> {
    if !settings.catalog.example || settings.database.url.is_some() || !services.is_new {
        return Ok(None);
    }
    let context = WriteContext {
        actor: "example".to_owned(),
        request_id: services.tools.ids.next().to_string(),
        dry_run: false,
        idempotency: None,
    };
    let options = ImportOptions {
        mode: ImportMode::Create,
        context,
        place: Format::Ndjson.places(),
    };
    let records = batches(Cursor::new(CATALOG), services.reading(Format::Ndjson));
    // Nothing of a catalog that is empty can be cached, so that nothing needs to be invalidated.
    let ports = services.database.ports.clone();
    let direct = Catalog::over(ports.clone(), ports.store.clone(), None, &services.tools);
    let done = direct
        .importer
        .run(records, &options, &mut Quiet)
        .await
        .map_err(StartError::Example)?;
    Ok(Some(done.counts.created))
}

struct Quiet;

#[async_trait]
impl ImportObserver for Quiet {
    async fn progressed(&mut self, progress: Progress) -> ControlFlow<()> {
        for fault in progress.faults {
            tracing::warn!(
                line = fault.line,
                code = fault.fault.code,
                "an example was not taken in"
            );
        }
        ControlFlow::Continue(())
    }
}
