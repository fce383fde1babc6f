//! Whose turn it is on a connection: the server's or the client's.
//!
//! Invariant: the clock runs only while nothing but the client can bring the connection forward, so that a long
//! computation or a quiet event stream is never cut, and a client that neither sends nor reads always is. hyper's own
//! header time-out also counts keep-alive pauses and nothing in hyper watches a client that stops reading.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::settings::HttpSettings;

/// How long the client may take for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    first_request: Duration,
    next_request: Duration,
    reading: Duration,
}

impl From<&HttpSettings> for Patience {
    fn from(settings: &HttpSettings) -> Self {
        Self {
            first_request: settings.header_read_timeout,
            next_request: settings.idle_timeout,
            reading: settings.body_idle_timeout,
        }
    }
}

#[derive(Debug)]
pub(super) struct Activity {
    turns: Mutex<Turns>,
    first_request: CancellationToken,
}

#[derive(Debug)]
struct Turns {
    /// Exchanges that wait for a handler or for the producer of a response body.
    server: usize,
    /// Exchanges whose response has begun.
    responding: usize,
    /// When the connection last came forward.
    since: Instant,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            turns: Mutex::new(Turns {
                server: 0,
                responding: 0,
                since: Instant::now(),
            }),
            first_request: CancellationToken::new(),
        })
    }

    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut turns = self.turns();
        turns.server += 1;
        turns.since = Instant::now();
        self.first_request.cancel();
        Exchange {
            activity: Arc::clone(self),
            servers_turn: true,
            responding: false,
        }
    }

    /// The client took bytes. Before its first request these are only the server's own greeting (HTTP/2 settings).
    pub(super) fn wrote(&self) {
        if self.first_request.is_cancelled() {
            self.turns().since = Instant::now();
        }
    }

    /// Ends when the first request's headers have come.
    pub(super) async fn requested(&self) {
        self.first_request.cancelled().await;
    }

    /// Ends when the client's time is up.
    pub(super) async fn expired(&self, patience: Patience) {
        // A turn can change to a shorter limit during a pause, so no pause is longer than the shortest of them.
        let shortest = patience
            .first_request
            .min(patience.next_request)
            .min(patience.reading);
        loop {
            let left = self.left(patience).unwrap_or(shortest);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(shortest)).await;
        }
    }

    /// The time that the client has left, if it is its turn.
    fn left(&self, patience: Patience) -> Option<Duration> {
        let turns = self.turns();
        let limit = match *turns {
            Turns { server: 1.., .. } => return None,
            Turns { responding: 1.., .. } => patience.reading,
            _ if self.first_request.is_cancelled() => patience.next_request,
            _ => patience.first_request,
        };
        Some(limit.saturating_sub(turns.since.elapsed()))
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its response.
#[derive(Debug)]
pub(super) struct Exchange {
    activity: Arc<Activity>,
    servers_turn: bool,
    responding: bool,
}

impl Exchange {
    pub(super) fn respond(mut self, body: Body) -> TrackedBody {
        self.responding = true;
        self.activity.turns().responding += 1;
        self.pass(false);
        TrackedBody { body, exchange: self }
    }

    fn pass(&mut self, to_server: bool) {
        if self.servers_turn == to_server {
            return;
        }
        self.servers_turn = to_server;
        let mut turns = self.activity.turns();
        turns.since = Instant::now();
        if to_server {
            turns.server += 1;
        } else {
            turns.server -= 1;
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut turns = self.activity.turns();
        turns.server -= usize::from(self.servers_turn);
        turns.responding -= usize::from(self.responding);
        turns.since = Instant::now();
    }
}

/// A response body: it is the server's turn while a chunk is being made, the client's until it makes room for the next.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: Body,
    exchange: Exchange,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.exchange.pass(true);
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.exchange.pass(false);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
