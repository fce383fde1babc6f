//! The cache that the URL names.

use std::sync::Arc;

use application::cache::{
    Acknowledge, Cache, CacheCounts, CachePolicy, CachePorts, LocalStore, SharedTier, WriteMode,
};
use infrastructure::cache_settings::{CacheAcknowledge, CacheMode};
use infrastructure::local_cache::LocalCache;
use infrastructure::memcached_cache::MemcachedCache;
use infrastructure::redis_cache::{RedisCache, RedisOptions};
use infrastructure::system::{SystemClock, UuidV7};

use super::StartError;
use super::settings::Settings;

/// The cache, or none where it is switched off.
pub(crate) fn open(settings: &Settings, counts: Arc<CacheCounts>) -> Result<Option<Arc<Cache>>, StartError> {
    if !settings.cache.enabled {
        return Ok(None);
    }
    let url = settings.cache_url();
    let shared = if settings.cache_is_in_process() {
        None
    } else if url.scheme() == "memcached" {
        tracing::warn!(
            "on Memcached instances keep nothing themselves, and readers that are concurrent with a write may see \
             the new and then the old; Redis has neither limit"
        );
        Some(SharedTier {
            store: Arc::new(MemcachedCache::new(url.expose(), &settings.cache.prefix)?),
            bus: None,
        })
    } else {
        let options = RedisOptions {
            prefix: settings.cache.prefix.clone(),
            canary: settings.cache.canary,
            trust: settings.cache.trust,
            tls: settings.cache.tls_files(),
        };
        let redis = Arc::new(RedisCache::new(url.expose(), &options)?);
        Some(redis.into_tier())
    };
    let may_keep = shared.as_ref().is_none_or(|shared| shared.bus.is_some());
    if !may_keep && settings.cache.l1_bytes > 0 {
        tracing::warn!("with this cache instances keep nothing themselves: cache.l1_bytes is not used");
    }
    let local = (may_keep && settings.cache.l1_bytes > 0)
        .then(|| Arc::new(LocalCache::new(settings.cache.l1_bytes)) as Arc<dyn LocalStore>);
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
        acknowledge: match settings.cache.acknowledge {
            CacheAcknowledge::Linearizable => Acknowledge::Linearizable,
            CacheAcknowledge::Immediate => Acknowledge::Immediate,
        },
        ttl: settings.cache.ttl,
        trust: settings.cache.trust,
        database_timeouts,
        fence: defaults.fence.max(database_timeouts * 2 + settings.cache.trust),
        ..defaults
    }
}
