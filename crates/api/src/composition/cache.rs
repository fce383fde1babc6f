//! The cache that the URL names.

use std::sync::Arc;

use application::cache::{Cache, CacheCounts, CachePolicy, CachePorts, LocalStore, SharedTier, WriteMode};
use infrastructure::cache_settings::CacheMode;
use infrastructure::local_cache::LocalCache;
use infrastructure::redis_cache::{RedisCache, RedisCacheError};
use infrastructure::system::{SystemClock, UuidV7};

use super::settings::Settings;

/// The cache, or none where it is switched off.
pub(crate) fn open(
    settings: &Settings,
    counts: Arc<CacheCounts>,
) -> Result<Option<Arc<Cache>>, RedisCacheError> {
    if !settings.cache.enabled {
        return Ok(None);
    }
    let shared = if settings.cache_is_in_process() {
        None
    } else {
        let redis = Arc::new(RedisCache::new(settings.cache_url().expose(), "vitrine:")?);
        Some(SharedTier {
            store: redis.clone(),
            bus: redis,
        })
    };
    let local = (settings.cache.memory_bytes > 0)
        .then(|| Arc::new(LocalCache::new(settings.cache.memory_bytes)) as Arc<dyn LocalStore>);
    let ports = CachePorts {
        local,
        shared,
        events: counts,
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidV7),
    };
    Ok(Some(Arc::new(Cache::new(ports, policy(settings)))))
}

fn policy(settings: &Settings) -> CachePolicy {
    let database_timeouts = settings.database.statement_timeout + settings.database.acquire_timeout;
    let defaults = CachePolicy::default();
    CachePolicy {
        mode: match settings.cache.mode {
            CacheMode::Available => WriteMode::Available,
            CacheMode::Strict => WriteMode::Strict,
        },
        ttl: settings.cache.ttl,
        database_timeouts,
        fence: defaults.fence.max(database_timeouts * 2),
        ..defaults
    }
}
