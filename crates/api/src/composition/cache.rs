//! The cache that the URL names.

use std::sync::Arc;

use application::cache::{Cache, CacheEvent, CacheEvents, CachePolicy, CachePorts, CacheStore, WriteMode};
use infrastructure::cache_settings::CacheMode;
use infrastructure::memory_cache::MemoryCache;
use infrastructure::redis_cache::{RedisCache, RedisCacheError};
use infrastructure::system::{SystemClock, UuidV7};
use infrastructure::telemetry::CacheMetrics;

use super::settings::Settings;

struct Counted(CacheMetrics);

impl CacheEvents for Counted {
    fn record(&self, event: CacheEvent) {
        self.0.record(event.as_str());
    }
}

/// The cache, or none where it is switched off.
pub(crate) fn open(
    settings: &Settings,
    metrics: CacheMetrics,
) -> Result<Option<Arc<Cache>>, RedisCacheError> {
    if !settings.cache.enabled {
        return Ok(None);
    }
    let store: Arc<dyn CacheStore> = if settings.cache_is_in_process() {
        Arc::new(MemoryCache::new(settings.cache.memory_bytes))
    } else {
        Arc::new(RedisCache::new(settings.cache_url().expose(), "vitrine:")?)
    };
    let ports = CachePorts {
        store,
        events: Arc::new(Counted(metrics)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidV7),
    };
    let mode = match settings.cache.mode {
        CacheMode::Available => WriteMode::Available,
        CacheMode::Strict => WriteMode::Strict,
    };
    let database_timeouts = settings.database.statement_timeout + settings.database.acquire_timeout;
    let defaults = CachePolicy::default();
    let policy = CachePolicy {
        mode,
        ttl: settings.cache.ttl,
        database_timeouts,
        fence: defaults.fence.max(database_timeouts * 2),
        ..defaults
    };
    Ok(Some(Arc::new(Cache::new(ports, policy))))
}
