//! Search: the index of this process, and what keeps it up with the catalog.

use std::sync::Arc;
use std::time::Duration;

use application::search::{GroundPorts, Search, SearchPolicy, SearchPorts};
use infrastructure::search_index::TantivyIndex;
use infrastructure::system::SystemClock;

use super::StartError;
use super::services::Services;
use super::settings::Settings;

/// How often the change log is looked at.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long a search waits for what it has to reflect.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the index; `None` where search is switched off. It answers and follows once it is run.
pub(super) async fn open(settings: &Settings, services: &Services) -> Result<Option<Search>, StartError> {
    if !settings.search.enabled {
        return Ok(None);
    }
    let database = &services.database;
    // Random, and the same for all instances: it tells this catalog from others whose index may lie in the folder.
    let catalog = database
        .engine
        .secret("search")
        .await
        .map_err(StartError::Database)?;
    let catalog = format!("{catalog:02x?}");
    let folder = settings.search.folder(&settings.data_dir);
    let index = TantivyIndex::open(&folder, &catalog, Arc::new(SystemClock))?;
    let ports = SearchPorts {
        index: Arc::new(index),
        copies: database.copies.clone(),
        log: database.log.clone(),
        ground: GroundPorts {
            types: database.types.clone(),
            channels: database.channels.clone(),
            lists: database.price_lists.clone(),
            categories: database.categories.clone(),
            settings: database.search_settings.clone(),
        },
        storefront: database.storefront.clone(),
        products: database.products.clone(),
        clock: services.tools.clock.clone(),
    };
    let policy = SearchPolicy {
        default_locale: services.tools.default_locale.clone(),
        interval: INTERVAL,
        patience: PATIENCE,
    };
    Ok(Some(Search::new(ports, policy)))
}
