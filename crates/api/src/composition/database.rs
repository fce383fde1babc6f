//! The database that the URL names, as the ports that it implements.

use std::ops::Deref;
use std::sync::Arc;

use application::category::CategoryReader;
use application::changelog::ChangeLog;
use application::channel::ChannelReader;
use application::history::{HistoryReader, HistoryUpkeep};
use application::import::JobStore;
use application::media::MediaReader;
use application::pricing::{PriceListReader, PriceReader};
use application::product::{ProductReader, VariantReader};
use application::product_type::ProductTypeReader;
use application::search::{CopyReader, SearchSettingsReader};
use application::store::{CatalogStore, StoreError};
use application::storefront::StorefrontReader;
use domain::category::CategoryState;
use domain::channel::ChannelState;
use domain::media::MediaState;
use domain::pricing::{PriceListState, PriceState};
use domain::product::{ProductState, VariantState};
use domain::product_type::{JsonSchemas, ProductTypeState};
use futures::future::BoxFuture;
use infrastructure::postgres::PostgresCatalog;
use infrastructure::sql::{Database as Engine, DatabaseOptions, PoolUse, SqlCatalog};
use infrastructure::sqlite::SqliteCatalog;

use super::settings::Settings;

/// One catalog behind all its ports.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) store: Arc<dyn CatalogStore>,
    pub(crate) products: Arc<dyn ProductReader>,
    pub(crate) variants: Arc<dyn VariantReader>,
    pub(crate) categories: Arc<dyn CategoryReader>,
    pub(crate) channels: Arc<ChannelReader>,
    pub(crate) storefront: Arc<dyn StorefrontReader>,
    pub(crate) types: Arc<ProductTypeReader>,
    pub(crate) schemas: Arc<dyn JsonSchemas>,
    pub(crate) media: Arc<dyn MediaReader>,
    pub(crate) product_history: Arc<dyn HistoryReader<ProductState>>,
    pub(crate) variant_history: Arc<dyn HistoryReader<VariantState>>,
    pub(crate) category_history: Arc<dyn HistoryReader<CategoryState>>,
    pub(crate) channel_history: Arc<dyn HistoryReader<ChannelState>>,
    pub(crate) type_history: Arc<dyn HistoryReader<ProductTypeState>>,
    pub(crate) list_history: Arc<dyn HistoryReader<PriceListState>>,
    pub(crate) price_history: Arc<dyn HistoryReader<PriceState>>,
    pub(crate) media_history: Arc<dyn HistoryReader<MediaState>>,
    pub(crate) history_upkeep: Arc<dyn HistoryUpkeep>,
    pub(crate) log: Arc<dyn ChangeLog>,
    pub(crate) jobs: Arc<dyn JobStore>,
    pub(crate) price_lists: Arc<PriceListReader>,
    pub(crate) prices: Arc<dyn PriceReader>,
    pub(crate) copies: Arc<dyn CopyReader>,
    pub(crate) search_settings: Arc<SearchSettingsReader>,
}

/// A catalog with the engine that it is in.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) ports: Ports,
    pub(crate) engine: Arc<dyn Upkeep>,
}

impl Deref for Database {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

/// A catalog inside a transaction of its own. Without `commit` nothing of it stays.
pub(crate) struct Unit {
    pub(crate) ports: Ports,
    pub(crate) commit: BoxFuture<'static, Result<(), StoreError>>,
}

/// What the process asks of a database besides the catalog's ports.
pub(crate) trait Upkeep: Send + Sync {
    fn migrate(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Whether every migration has been applied.
    fn is_up_to_date(&self) -> BoxFuture<'_, Result<bool, StoreError>>;
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    /// A secret that all instances share.
    fn secret(&self, name: &'static str) -> BoxFuture<'_, Result<Vec<u8>, StoreError>>;
    /// Removes idempotency receipts that are not given again.
    fn forget_old_receipts(&self) -> BoxFuture<'_, Result<u64, StoreError>>;
    fn open_unit(&self) -> BoxFuture<'_, Result<Unit, StoreError>>;
    fn pool_use(&self) -> PoolUse;
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<E: Engine> Upkeep for SqlCatalog<E> {
    fn migrate(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(SqlCatalog::migrate(self))
    }

    fn is_up_to_date(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(SqlCatalog::is_up_to_date(self))
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(SqlCatalog::ping(self))
    }

    fn secret(&self, name: &'static str) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        Box::pin(self.shared_secret(name))
    }

    fn forget_old_receipts(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(SqlCatalog::forget_old_receipts(self))
    }

    fn open_unit(&self) -> BoxFuture<'_, Result<Unit, StoreError>> {
        Box::pin(async move {
            let unit = Arc::new(SqlCatalog::open_unit(self).await?);
            Ok(Unit {
                ports: ports(&unit),
                commit: Box::pin(async move { unit.commit_unit().await }),
            })
        })
    }

    fn pool_use(&self) -> PoolUse {
        SqlCatalog::pool_use(self)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(SqlCatalog::close(self))
    }
}

/// Connects to the database that the settings name. The schema is left as it is.
pub(crate) async fn open(settings: &Settings) -> Result<Database, StoreError> {
    let url = settings.database_url();
    let options = DatabaseOptions {
        url: url.expose().to_owned(),
        max_connections: settings.database.max_connections,
        acquire_timeout: settings.database.acquire_timeout,
        statement_timeout: settings.database.statement_timeout,
    };
    Ok(if url.scheme() == "sqlite" {
        behind_ports(SqliteCatalog::connect(&options).await?)
    } else {
        behind_ports(PostgresCatalog::connect(&options).await?)
    })
}

fn behind_ports<E: Engine>(catalog: SqlCatalog<E>) -> Database {
    let catalog = Arc::new(catalog);
    Database {
        ports: ports(&catalog),
        engine: catalog,
    }
}

fn ports<E: Engine>(catalog: &Arc<SqlCatalog<E>>) -> Ports {
    Ports {
        store: catalog.clone(),
        products: catalog.clone(),
        variants: catalog.clone(),
        categories: catalog.clone(),
        channels: catalog.clone(),
        storefront: catalog.clone(),
        types: catalog.clone(),
        schemas: Arc::new(catalog.schemas()),
        media: catalog.clone(),
        product_history: catalog.clone(),
        variant_history: catalog.clone(),
        category_history: catalog.clone(),
        channel_history: catalog.clone(),
        type_history: catalog.clone(),
        list_history: catalog.clone(),
        price_history: catalog.clone(),
        media_history: catalog.clone(),
        history_upkeep: catalog.clone(),
        log: catalog.clone(),
        jobs: catalog.clone(),
        price_lists: catalog.clone(),
        prices: catalog.clone(),
        copies: catalog.clone(),
        search_settings: catalog.clone(),
    }
}
