//! The counter of views: on the Redis that the cache's URL names, or in this process where it names sentinels, a cluster
//! or another cache.

use std::sync::Arc;
use std::time::Duration;

use application::views::{ViewCounter, Views};
use infrastructure::memory_views::MemoryViews;
use infrastructure::redis_cache::single_server;
use infrastructure::redis_views::RedisViews;
use infrastructure::system::SystemClock;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::StartError;
use super::settings::Settings;

/// How long the last counts may take to write.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counting that goes on until it is ended.
pub(super) struct Counting {
    pub(super) views: Arc<Views>,
    stop: oneshot::Sender<()>,
    writing: JoinHandle<()>,
}

impl Counting {
    pub(super) fn start(settings: &Settings) -> Result<Self, StartError> {
        let url = settings.cache_url();
        let server = if matches!(url.scheme(), "redis" | "rediss") {
            single_server(url.expose(), &settings.cache.tls_files())?
        } else {
            None
        };
        let counter: Arc<dyn ViewCounter> = match server {
            Some(server) => Arc::new(RedisViews::new(server, "vitrine-views:")?),
            None => Arc::new(MemoryViews::default()),
        };
        let views = Views::new(counter, Arc::new(SystemClock), settings.views.count_answers);
        let views = Arc::new(views);
        let (stop, stopped) = oneshot::channel::<()>();
        let (running, interval) = (views.clone(), settings.views.flush_interval);
        let writing = tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            running.run(interval, stopped).await;
        });
        Ok(Self { views, stop, writing })
    }

    /// Writes what was counted. To be called when nothing is answered any more.
    pub(super) async fn end(self) {
        let _: Result<(), ()> = self.stop.send(());
        let _: Result<_, _> = timeout(PATIENCE, self.writing).await;
    }
}
