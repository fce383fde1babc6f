//! Whether the cache is used.
//!
//! Invariant: the gate opens only after a recovery that began after the last failure was noted; so whatever failed
//! before that is covered by the recovery's replay.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Timestamp;
use tokio::sync::Notify;

/// How the cache stands, for health and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheHealth {
    Up,
    /// The service goes on from the database.
    Degraded,
    /// Switched off by configuration.
    Disabled,
}

impl CacheHealth {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Disabled => "disabled",
        }
    }
}

/// A time in which invalidations may have been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Outage {
    /// Nothing was lost before this.
    pub(crate) since: Timestamp,
    /// Tells an outage from the same outage with one more failure.
    failures: u64,
}

/// What the gate goes by, free of I/O.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Set while the gate is closed.
    since: Option<Timestamp>,
    /// Only ever grows.
    failures: u64,
}

impl State {
    pub(crate) fn outage(self) -> Option<Outage> {
        self.since.map(|since| Outage {
            since,
            failures: self.failures,
        })
    }

    pub(crate) fn close(&mut self, since: Timestamp) {
        self.since = Some(self.since.map_or(since, |known| known.min(since)));
        self.failures += 1;
    }

    /// Says whether it is open now.
    pub(crate) fn open(&mut self, recovered: Outage) -> bool {
        let unchanged = self.outage() == Some(recovered);
        if unchanged {
            self.since = None;
        }
        unchanged
    }
}

#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Follows `state`, so that readers take no lock.
    up: AtomicBool,
    failed: Notify,
}

impl Gate {
    /// A closed gate: what happened since then is not known yet.
    pub(crate) fn closed(since: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                since: Some(since),
                failures: 0,
            }),
            up: AtomicBool::new(false),
            failed: Notify::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    /// Notes that something failed that began at `since`; says whether the gate was open.
    pub(crate) fn close(&self, since: Timestamp) -> bool {
        let was_up = {
            let mut state = self.lock();
            let was_up = state.since.is_none();
            state.close(since);
            self.up.store(false, Ordering::SeqCst);
            was_up
        };
        self.failed.notify_one();
        was_up
    }

    /// Opens the gate unless anything failed since `recovered` was taken.
    pub(crate) fn open(&self, recovered: Outage) -> bool {
        let mut state = self.lock();
        let opened = state.open(recovered);
        if opened {
            self.up.store(true, Ordering::SeqCst);
        }
        opened
    }

    /// Waits until the gate is closed.
    pub(crate) async fn outage(&self) -> Outage {
        loop {
            let outage = self.lock().outage();
            match outage {
                Some(outage) => return outage,
                None => self.failed.notified().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const T0: Timestamp = DateTime::UNIX_EPOCH;

    #[tokio::test]
    async fn a_failure_during_recovery_keeps_the_gate_closed_and_the_earliest_time() {
        let gate = Gate::closed(T0 + TimeDelta::seconds(5));
        let first = gate.outage().await;
        assert!(!gate.close(T0));
        assert!(!gate.open(first));
        let second = gate.outage().await;
        assert_eq!(second.since, T0);
        assert!(gate.open(second));
        assert!(gate.is_up());
        assert!(gate.close(T0 + TimeDelta::seconds(9)));
        assert!(!gate.open(second));
    }
}
