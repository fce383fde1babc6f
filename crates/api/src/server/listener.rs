//! Accepting connections until the shutdown, and waiting for their end.
//!
//! Invariant: at most `max_connections` run at once, and no error of one connection stops the others.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{
    activity::Patience,
    connection,
    lifecycle::{Lifecycle, Shutdown},
    remembered::Remembered,
    settings::HttpSettings,
};

/// Out of file descriptors: only the end of other connections helps, so asking again at once would burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// For the operating system to tell of connections that it has queued.
const BACKLOG_PAUSE: Duration = Duration::from_millis(10);

/// What is served.
#[derive(Clone)]
pub struct Served {
    pub router: Router,
    /// `None` where every request goes to its route.
    pub remembered: Option<Arc<Remembered>>,
}

/// Serves until the lifecycle has been led to its end.
///
/// A shutdown goes: readiness false and `Connection: close` on answers → after `drain` no new connections and idle ones
/// closed → running requests and writes end → [`Shutdown::Clean`], or after `shutdown_timeout` [`Shutdown::Forced`].
pub async fn serve(
    listener: TcpListener,
    served: Served,
    settings: &HttpSettings,
    lifecycle: &Lifecycle,
) -> Shutdown {
    let connections = TaskTracker::new();
    let work = async {
        accept(listener, &served, settings, lifecycle, &connections).await;
        connections.close();
        connections.wait().await;
        // Only now, for a connection can begin a write until its end.
        lifecycle.writes().close();
        lifecycle.writes().wait().await;
    };
    tokio::select! {
        biased;
        () = work => Shutdown::Clean,
        () = lifecycle.conduct(settings) => {
            Shutdown::Forced { connections: connections.len(), writes: lifecycle.writes().len() }
        }
    }
}

async fn accept(
    listener: TcpListener,
    served: &Served,
    settings: &HttpSettings,
    lifecycle: &Lifecycle,
    connections: &TaskTracker,
) {
    let slots = Arc::new(Semaphore::new(settings.max_connections));
    let patience = Patience::from(settings);
    let next = async || {
        let slot = Arc::clone(&slots)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        Ok((slot, listener.accept().await?))
    };
    let start = |slot, stream: TcpStream, peer| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "TCP_NODELAY cannot be set");
        }
        let connection = connection::run(stream, peer, served.clone(), patience, lifecycle.clone());
        connections.spawn(async move {
            connection.await;
            drop(slot);
        });
    };
    loop {
        let accepted: io::Result<_> = tokio::select! {
            accepted = next() => accepted,
            () = lifecycle.closing().cancelled() => break,
        };
        match accepted {
            Ok((slot, (stream, peer))) => start(slot, stream, peer),
            Err(error) if concerns_one_connection(&error) => {
                tracing::debug!(%error, "connection lost while accepted");
            }
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // What the kernel has queued would be reset when the listener closes.
    for _ in 0..settings.max_connections {
        let Ok(Ok((slot, (stream, peer)))) = timeout(BACKLOG_PAUSE, next()).await else {
            return;
        };
        start(slot, stream, peer);
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
