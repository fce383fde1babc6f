//! The composition root: the only place that knows which adapter stands behind a port.

mod cache;
pub(crate) mod database;
mod example;
mod search;
pub(crate) mod serve;
pub(crate) mod services;
pub(crate) mod settings;
mod views;
mod workspace;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use application::CatalogError;
use application::access::{TokenIssuer, TokenVerifier};
use application::cdn::CdnError;
use application::import::ImportError;
use application::store::StoreError;
use infrastructure::access::{JwtIssuer, JwtVerifier};
use infrastructure::files::FilesError;
use infrastructure::memcached_cache::MemcachedError;
use infrastructure::redis_cache::RedisCacheError;
use infrastructure::redis_views::RedisViewsError;
use infrastructure::search_index::OpenError;
use infrastructure::system::{SystemClock, UuidV7};
use infrastructure::telemetry::TelemetryError;

pub(crate) use infrastructure::access::AuthError;

use settings::Settings;

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot use the data folder {}", path.display())]
    DataDir { path: PathBuf, source: std::io::Error },
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("cannot receive signals")]
    Signals(#[source] std::io::Error),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("cannot open the database")]
    Database(#[source] StoreError),
    #[error("cannot bring the database's schema up to date")]
    Migration(#[source] StoreError),
    #[error("the database's schema is not up to date: run `vitrine migrate`")]
    SchemaIsOld,
    #[error("cannot give the catalog its first channel")]
    FirstChannel(#[source] CatalogError),
    #[error("cannot load the example catalog")]
    Example(#[source] ImportError),
    #[error("settings: catalog.{0} {1}")]
    Catalog(&'static str, String),
    #[error("the key for cursors is not usable")]
    CursorKey,
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Cache(#[from] RedisCacheError),
    #[error("cannot prepare to tell the CDN")]
    Cdn(#[from] CdnError),
    #[error(transparent)]
    Memcached(#[from] MemcachedError),
    #[error("cannot open the search index")]
    Search(#[from] OpenError),
    #[error(transparent)]
    Views(#[from] RedisViewsError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

/// Who checks the tokens of requests. Has to be called within a Tokio runtime.
pub(crate) async fn token_verifier(settings: &Settings) -> Result<Arc<dyn TokenVerifier>, AuthError> {
    let verifier = JwtVerifier::open(&settings.auth, &settings.data_dir, Arc::new(SystemClock)).await?;
    Ok(Arc::new(verifier))
}

/// Who makes tokens, where it is not an identity provider.
pub(crate) fn token_issuer(settings: &Settings) -> Result<Arc<dyn TokenIssuer>, AuthError> {
    let issuer = JwtIssuer::open(
        &settings.auth,
        &settings.data_dir,
        Arc::new(SystemClock),
        Arc::new(UuidV7),
    )?;
    Ok(Arc::new(issuer))
}

/// Brings the database's schema up to date.
pub(crate) async fn migrate(settings: &Settings) -> Result<(), StartError> {
    let database = database::open(settings).await.map_err(StartError::Database)?;
    database.engine.migrate().await.map_err(StartError::Migration)?;
    database.engine.close().await;
    Ok(())
}
