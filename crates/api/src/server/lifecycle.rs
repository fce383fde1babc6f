//! The end of the process, in three steps that only go forward: draining, closing, aborted.
//!
//! Invariant: readiness is withdrawn before anything stops, so that whoever routes requests here can stop first.

use std::{io, time::Duration};

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::settings::HttpSettings;

/// Shared by the server, the health handler and background work; clones are one and the same.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    draining: CancellationToken,
    closing: CancellationToken,
    aborted: CancellationToken,
    writes: TaskTracker,
}

/// Whether new requests are wanted, for the health handler.
#[derive(Debug, Clone)]
pub struct Readiness(CancellationToken);

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Every request and every write came to its end.
    Clean,
    /// The shutdown time-out, or a second signal, cut this many connections and left this many writes running.
    Forced { connections: usize, writes: usize },
}

impl Readiness {
    pub fn is_ready(&self) -> bool {
        !self.0.is_cancelled()
    }
}

impl Lifecycle {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn readiness(&self) -> Readiness {
        Readiness(self.draining.clone())
    }

    /// Cancelled when the listener closes: the time for background work to stop too.
    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Cancelled when nothing is waited for any longer.
    pub fn aborted(&self) -> &CancellationToken {
        &self.aborted
    }

    /// Work that the shutdown waits for, whether or not its client still does.
    pub fn writes(&self) -> &TaskTracker {
        &self.writes
    }

    /// Begins the soft shutdown: readiness is withdrawn at once, the rest follows while [`serve`](super::serve) runs.
    pub fn shut_down(&self) {
        self.draining.cancel();
    }

    /// Stops without waiting for anything.
    pub fn abort(&self) {
        self.draining.cancel();
        self.closing.cancel();
        self.aborted.cancel();
    }

    /// Shuts down softly on the first SIGTERM or SIGINT and hard on the second.
    ///
    /// # Errors
    /// The operating system refuses the signal handlers.
    pub fn shut_down_on_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new()?;
        let lifecycle = self.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stop signal: draining");
            lifecycle.shut_down();
            signals.next().await;
            tracing::warn!("second stop signal: stopping without waiting");
            lifecycle.abort();
        });
        Ok(())
    }

    /// Leads through the steps once draining has begun; ends with the hard stop.
    pub(super) async fn conduct(&self, settings: &HttpSettings) {
        self.draining.cancelled().await;
        self.pause(settings.drain).await;
        self.closing.cancel();
        self.pause(settings.shutdown_timeout).await;
        self.abort();
    }

    async fn pause(&self, duration: Duration) {
        tokio::select! {
            () = sleep(duration) => (),
            () = self.aborted.cancelled() => (),
        }
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "stop signals cannot be received");
            std::future::pending::<()>().await;
        }
    }
}
