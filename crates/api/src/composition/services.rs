//! What the command line's tasks work with: the catalog, its schema up to date, and its use cases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use application::cache::{Answers, Cache, CacheHealth, FencedStore};
use application::category::Categories;
use application::changelog::LogPosition;
use application::channel::{self, Channels};
use application::import::{Importer, Wholes};
use application::media::MediaFiles;
use application::pricing::{PriceLists, Prices, Pricing, price_lists};
use application::product::{Products, Variants};
use application::product_type::{ProductTypes, Typing, product_types};
use application::search::{SearchSettingsService, search_settings};
use application::store::CatalogStore;
use application::{Clock, Ids, Writer};
use domain::channel::{ChannelContent, ChannelCurrencies, ChannelLocales};
use domain::value::{Currency, Key, Locale, Localized, Metadata, Text};
use infrastructure::files::{HeaderInspector, ObjectFiles};
use infrastructure::system::{SystemClock, UuidV7};
use tokio::time::{sleep, timeout};

use super::database::{self, Database, Ports};
use super::settings::Settings;
use super::{StartError, cache};
use crate::formats::{Format, Reading};

/// How long a command waits for the cache, so that its first writes are fenced like all others.
const CACHE_PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What use cases need beside a catalog.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) default_locale: Locale,
    pub(crate) default_currency: Currency,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) files: Arc<ObjectFiles>,
}

/// The use cases over one catalog.
pub(crate) struct Catalog {
    pub(crate) ports: Ports,
    pub(crate) products: Products,
    pub(crate) variants: Variants,
    pub(crate) categories: Categories,
    pub(crate) channels: Channels,
    pub(crate) product_types: ProductTypes,
    pub(crate) media: MediaFiles,
    pub(crate) price_lists: PriceLists,
    pub(crate) prices: Prices,
    pub(crate) pricing: Pricing,
    pub(crate) answers: Answers,
    pub(crate) search_settings: SearchSettingsService,
    pub(crate) importer: Importer,
}

impl Catalog {
    /// Reads from `ports`, writes through `store`, and answers from `cache`.
    pub(crate) fn over(
        ports: Ports,
        store: Arc<dyn CatalogStore>,
        cache: Option<Arc<Cache>>,
        tools: &Tools,
    ) -> Self {
        let writer = Writer::new(store, tools.clock.clone(), tools.ids.clone());
        let (products, categories) = (ports.products.clone(), ports.categories.clone());
        let channels = ports.channels.clone();
        let typing = Typing::new(
            ports.types.clone(),
            products.clone(),
            categories.clone(),
            ports.schemas.clone(),
            tools.default_locale.clone(),
        );
        let wholes = Wholes {
            types: product_types(writer.clone(), ports.types.clone(), ports.schemas.clone()),
            channels: channel::channels(writer.clone(), channels.clone(), ports.price_lists.clone()),
            lists: price_lists(writer.clone(), ports.price_lists.clone(), channels.clone()),
            prices: Prices::new(writer.clone(), ports.price_lists.clone(), ports.prices.clone()),
        };
        Self {
            importer: Importer::new(
                writer.clone(),
                products.clone(),
                categories.clone(),
                channels.clone(),
                typing.clone(),
                wholes.clone(),
            ),
            products: Products::new(
                writer.clone(),
                products.clone(),
                categories.clone(),
                channels,
                typing.clone(),
            ),
            variants: Variants::new(writer.clone(), products.clone(), ports.variants.clone(), typing),
            product_types: wholes.types,
            categories: Categories::new(writer.clone(), categories, products.clone()),
            channels: wholes.channels,
            price_lists: wholes.lists,
            prices: wholes.prices,
            pricing: Pricing::new(ports.prices.clone(), tools.clock.clone()),
            answers: Answers::new(cache),
            search_settings: search_settings(writer.clone(), ports.search_settings.clone()),
            media: MediaFiles::new(
                writer,
                ports.media.clone(),
                tools.files.clone(),
                Arc::new(HeaderInspector),
            ),
            ports,
        }
    }
}

pub(crate) struct Services {
    pub(crate) database: Database,
    pub(crate) catalog: Catalog,
    pub(crate) tools: Tools,
    /// Whether nothing had ever been written to the catalog.
    pub(crate) is_new: bool,
}

/// Opens the database, brings its schema up to date where that is wanted, and composes the use cases over it. With a
/// cache, every write invalidates what it changes.
pub(crate) async fn compose(settings: &Settings, cache: Option<Arc<Cache>>) -> Result<Services, StartError> {
    let database = database::open(settings).await.map_err(StartError::Database)?;
    if settings.database.migrate_on_start {
        database.engine.migrate().await.map_err(StartError::Migration)?;
    } else if !database
        .engine
        .is_up_to_date()
        .await
        .map_err(StartError::Database)?
    {
        return Err(StartError::SchemaIsOld);
    }
    let default_locale = Locale::parse(&settings.catalog.default_locale)
        .map_err(|error| StartError::Catalog("default_locale", error.to_string()))?;
    let default_currency = Currency::parse(&settings.catalog.default_currency)
        .map_err(|error| StartError::Catalog("default_currency", error.to_string()))?;
    let tools = Tools {
        default_locale,
        default_currency,
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidV7),
        files: Arc::new(ObjectFiles::open(&settings.media, &settings.data_dir)?),
    };
    let first_change = database.log.read(LogPosition::default(), 1).await;
    let is_new = first_change.map_err(StartError::Database)?.is_empty();
    let store: Arc<dyn CatalogStore> = match &cache {
        Some(cache) => Arc::new(FencedStore::new(database.store.clone(), cache.clone())),
        None => database.store.clone(),
    };
    let first = |key| first_channel(key, &tools);
    // Past the cache, which is not in use yet: nobody has asked a catalog without a channel for anything.
    channel::ensure_first_channel(
        &*database.channels,
        &*database.store,
        &*tools.clock,
        &*tools.ids,
        first,
    )
    .await
    .map_err(StartError::FirstChannel)?;
    Ok(Services {
        catalog: Catalog::over(database.ports.clone(), store, cache, &tools),
        database,
        tools,
        is_new,
    })
}

/// The channel of a fresh catalog: one language, one currency, every country.
fn first_channel(key: Key, tools: &Tools) -> Option<ChannelContent> {
    let (locale, currency) = (&tools.default_locale, tools.default_currency);
    let name = Text::parse("Default").ok()?;
    Some(ChannelContent {
        key,
        name: Localized::new(BTreeMap::from([(locale.clone(), name)])).ok()?,
        locales: ChannelLocales::new(vec![locale.clone()], locale.clone(), BTreeMap::new()).ok()?,
        currencies: ChannelCurrencies::new(vec![currency], currency).ok()?,
        countries: Vec::new(),
        price_lists: Vec::new(),
        metadata: Metadata::default(),
    })
}

/// For a command that works beside running services: their shared cache is told of what it changes.
pub(crate) async fn for_command(settings: &Settings) -> Result<Services, StartError> {
    std::fs::create_dir_all(&settings.data_dir).map_err(|source| StartError::DataDir {
        path: settings.data_dir.clone(),
        source,
    })?;
    // Nothing is read through a cache here, and one of this process's own has nothing to do with the others'.
    let cache = if settings.cache_is_in_process() {
        None
    } else {
        cache::open(settings, Arc::default())?
    };
    let services = compose(settings, cache.clone()).await?;
    if let Some(cache) = cache {
        let log = services.database.log.clone();
        let recovering = cache.clone();
        // Ends with the process, which goes on without the cache when it is away, or refuses, as the settings say.
        tokio::spawn(async move { recovering.run_for_writes(&*log).await });
        until_up(&cache).await;
    }
    Ok(services)
}

/// Waits until the cache is in use, if that is soon.
pub(super) async fn until_up(cache: &Cache) {
    let up = async {
        while cache.health() != CacheHealth::Up {
            sleep(LOOK_AGAIN).await;
        }
    };
    let _: Result<(), _> = timeout(CACHE_PATIENCE, up).await;
}

impl Services {
    /// How files are read unless they are told otherwise.
    pub(crate) fn reading(&self, format: Format) -> Reading {
        Reading {
            format,
            locale: self.tools.default_locale.clone(),
            currency: self.tools.default_currency,
        }
    }
}
