//! `vitrine serve`: everything put together in the order in which it starts, and taken apart in the other.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{Cache, CacheCounts, CacheEvent, CacheHealth};
use application::cdn;
use application::import::ImportJobs;
use infrastructure::cdn::CdnWebhook;
use infrastructure::telemetry::Telemetry;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::services::{self, Services};
use super::settings::Settings;
use super::views::Counting;
use super::workspace::{self, Shared};
use super::{StartError, cache, example, search, token_verifier};
use crate::http::{self, AppState, CursorKey, Health, Imports, Probe, Uploads};
use crate::server::{self, HttpMetrics, Layers, Lifecycle, NewRequestId, Remembered, Served, Shutdown};

/// Receipts are kept for a day; an hour more or less does not matter.
const HOUSEKEEPING: Duration = Duration::from_hours(1);

/// Every file is listed each time, and crashes in the middle of uploads are few.
const SWEEPING: Duration = Duration::from_hours(24);

/// Serves until a stop signal, then brings everything to its end.
pub(crate) async fn run(settings: &Settings) -> Result<(), StartError> {
    let telemetry = Arc::new(Telemetry::install(&settings.telemetry)?);
    let lifecycle = Lifecycle::new();
    lifecycle.shut_down_on_signals().map_err(StartError::Signals)?;
    std::fs::create_dir_all(&settings.data_dir).map_err(|source| StartError::DataDir {
        path: settings.data_dir.clone(),
        source,
    })?;

    // The port is taken first, so that a second instance on this machine fails before it does anything.
    let address = settings.http.address;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen { address, source })?;
    let verifier = token_verifier(settings).await?;
    let counts = Arc::<CacheCounts>::default();
    let cache = cache::open(settings, counts.clone())?;
    let services = services::compose(settings, cache.clone()).await?;
    register_gauges(&telemetry, &services, cache.as_ref());
    register_cache_counts(&telemetry, &counts);
    let counting = Counting::start(settings)?;
    let mut upkeep = keep_up(settings, cache.as_ref(), &services);
    if let Some(cache) = cache.as_ref().filter(|_| services.is_new) {
        services::until_up(cache).await;
    }
    let loaded = example::load_if_first(settings, &services).await?;
    let search = search::open(settings, &services).await?;
    if let Some(search) = search.clone() {
        upkeep.spawn(async move { search.run().await });
    }
    if let Some(cdn) = CdnWebhook::open(&settings.cdn)? {
        let log = services.database.log.clone();
        // Before the first write of this process.
        let since = log.end().await.map_err(StartError::Database)?;
        upkeep.spawn(async move { cdn::follow(&*log, &cdn, since).await });
    }
    let database = services.database.clone();
    let ids = services.tools.ids.clone();
    let secret = database
        .engine
        .secret("cursor")
        .await
        .map_err(StartError::Database)?;
    let metrics = telemetry.clone();
    let shared = Shared {
        verifier,
        cursors: CursorKey::new(&secret).ok_or(StartError::CursorKey)?,
        default_locale: services.tools.default_locale.clone(),
        views: counting.views.clone(),
        clock: services.tools.clock.clone(),
        store_max_age: settings.catalog.store_max_age,
        health: health(&lifecycle, &database, cache.clone()),
        metrics: Arc::new(move || metrics.prometheus_text()),
        uploads: Arc::new(Uploads::new(settings.data_dir.join("uploads"))),
        imports: Imports {
            jobs: ImportJobs::new(
                services.catalog.importer.clone(),
                database.jobs.clone(),
                services.tools.clock.clone(),
                services.tools.ids.clone(),
            ),
            folder: settings.data_dir.join("imports"),
            currency: services.tools.default_currency,
            lifecycle: lifecycle.clone(),
        },
        search,
    };
    let workspaces = workspace::opener(&database, &services.tools, &shared, cache);
    let app = shared.app(services.catalog, Some(workspaces));
    let new_request_id: NewRequestId = Arc::new(move || ids.next().to_string());
    let metrics = HttpMetrics::new(&telemetry.meter());
    // Where traces are exported, every request has one.
    let remembered = settings.telemetry.otlp_endpoint.is_none() && settings.http.remembered_bytes > 0;
    let remembered = remembered.then(|| {
        let capacity = settings.http.remembered_bytes;
        Arc::new(Remembered::new(capacity, metrics.clone(), new_request_id.clone()))
    });
    let layers = Layers {
        settings: settings.http.clone(),
        lifecycle: lifecycle.clone(),
        metrics,
        new_request_id,
        is_stream: http::is_stream,
        allowance: http::allowance,
    };
    let router = server::wrap(http::router(AppState::new(app)), layers);

    crate::cli::banner::print(settings, loaded);
    let served = Served { router, remembered };
    let end = server::serve(listener, served, &settings.http, &lifecycle).await;
    if let Shutdown::Forced { connections, writes } = end {
        tracing::warn!(
            connections,
            writes,
            "stopped before everything had come to its end"
        );
    }

    counting.end().await;
    drop(upkeep);
    database.engine.close().await;
    // Flushing blocks; it is all that is left to do.
    let _: Result<(), _> = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
    Ok(())
}

/// The background work of database and cache; ends when it is dropped.
fn keep_up(settings: &Settings, cache: Option<&Arc<Cache>>, services: &Services) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let engine = services.database.engine.clone();
    tasks.spawn(async move {
        loop {
            if let Err(error) = engine.forget_old_receipts().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "old receipts could not be removed"
                );
            }
            tokio::time::sleep(HOUSEKEEPING).await;
        }
    });
    let retention = settings.history.retention;
    if !retention.is_zero() {
        let (upkeep, clock) = (
            services.database.history_upkeep.clone(),
            services.tools.clock.clone(),
        );
        tasks.spawn(async move {
            loop {
                if let Err(error) = upkeep.forget_history(clock.now() - retention).await {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "old versions could not be removed"
                    );
                }
                tokio::time::sleep(HOUSEKEEPING).await;
            }
        });
    }
    if let Some(orphans_kept) = settings.media.orphans_kept() {
        let (media, clock) = (services.catalog.media.clone(), services.tools.clock.clone());
        tasks.spawn(async move {
            loop {
                match media.sweep(clock.now() - orphans_kept).await {
                    Ok(0) => {}
                    Ok(files) => tracing::info!(files, "bytes that no file has were removed"),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "bytes that no file has could not be removed"
                    ),
                }
                tokio::time::sleep(SWEEPING).await;
            }
        });
    }
    let Some(cache) = cache else { return tasks };
    let (cache, log) = (cache.clone(), services.database.log.clone());
    tasks.spawn(async move { cache.run(&*log).await });
    tasks
}

fn health(lifecycle: &Lifecycle, database: &super::database::Database, cache: Option<Arc<Cache>>) -> Health {
    let engine = database.engine.clone();
    let probe: Probe = Arc::new(move || {
        let engine = engine.clone();
        Box::pin(async move { engine.ping().await.is_ok() })
    });
    let cache = move || {
        cache
            .as_ref()
            .map_or(CacheHealth::Disabled, |cache| cache.health())
            .as_str()
    };
    Health {
        readiness: lifecycle.readiness(),
        database: probe,
        cache: Arc::new(cache),
    }
}

fn register_gauges(telemetry: &Telemetry, services: &Services, cache: Option<&Arc<Cache>>) {
    let engine = services.database.engine.clone();
    let (in_use, idle, max) = (engine.clone(), engine.clone(), engine);
    telemetry.register_gauge(
        "db.pool.in_use",
        "Database connections that are working",
        move || in_use.pool_use().in_use.into(),
    );
    telemetry.register_gauge(
        "db.pool.idle",
        "Database connections that wait for work",
        move || idle.pool_use().idle.into(),
    );
    telemetry.register_gauge(
        "db.pool.max",
        "The most database connections there can be",
        move || max.pool_use().max.into(),
    );
    if let Some(cache) = cache.cloned() {
        telemetry.register_gauge(
            "cache.up",
            "1 while the cache is in use, 0 while it is away",
            move || u64::from(cache.health() == CacheHealth::Up),
        );
    }
}

fn register_cache_counts(telemetry: &Telemetry, counts: &Arc<CacheCounts>) {
    let all = counts.clone();
    telemetry.register_counts(
        "cache.requests",
        "What the cache did: reads by their result, and what happened to it",
        "result",
        move || CacheEvent::ALL.map(|event| (event.as_str(), all.of(event))),
    );
    let counts = counts.clone();
    telemetry.register_counts(
        "cache.stale",
        "Answers that were compared with the database and found older: a defect",
        "found_by",
        move || [("verifier", counts.of(CacheEvent::Lied))],
    );
}
