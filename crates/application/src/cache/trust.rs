//! Whether an instance may answer from what it keeps itself.
//!
//! Invariant: it may only while the newest question that came back over the connection by which it hears of writes was
//! sent less than `trust` ago. A writer waits for whoever has not confirmed its fence until that has passed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Cache, Consistency, Entity, Listener, SharedTier};

/// Between two attempts to listen.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Trust {
    base: Instant,
    lasts: Duration,
    /// When the newest question that came back was sent, in nanoseconds since `base`; 0 for never.
    sent: AtomicU64,
}

impl Trust {
    pub(super) fn new(lasts: Duration) -> Self {
        Self {
            base: Instant::now(),
            lasts,
            sent: AtomicU64::new(0),
        }
    }

    fn confirm(&self, sent: Instant) {
        let nanos = u64::try_from((sent - self.base).as_nanos()).unwrap_or(u64::MAX);
        self.sent.store(nanos, Ordering::SeqCst);
    }

    fn lose(&self) {
        self.sent.store(0, Ordering::SeqCst);
    }

    pub(super) fn holds(&self) -> bool {
        let sent = self.sent.load(Ordering::SeqCst);
        sent > 0 && self.base.elapsed() < Duration::from_nanos(sent) + self.lasts
    }
}

impl Cache {
    /// Whether what this instance keeps will do.
    pub(super) fn trusts_local(&self, consistency: Consistency) -> bool {
        match (&self.ports.shared, consistency) {
            (None, _) => true,
            (Some(_), Consistency::Strong) => false,
            (Some(_), Consistency::Bounded) => self.trust.holds(),
        }
    }

    /// Hears of other instances' writes, for ever. Where nobody tells of them, nothing that is kept is ever trusted.
    pub(super) async fn listen(&self, shared: &SharedTier) {
        let Some(bus) = &shared.bus else { return };
        loop {
            let error = bus.listen(self).await;
            self.trust.lose();
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "other instances are not heard; what this one keeps is not used"
            );
            sleep(PAUSE).await;
        }
    }
}

impl Listener for Cache {
    fn started(&self) {
        self.trust.lose();
        self.forget_local();
    }

    fn changed(&self, entity: Entity) {
        self.generations.raise(entity);
    }

    fn all_changed(&self) {
        self.forget_local();
    }

    fn confirmed(&self, sent: Instant) {
        self.trust.confirm(sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trust_lasts_from_when_the_question_was_sent() {
        let trust = Trust::new(Duration::from_millis(75));
        assert!(!trust.holds());
        tokio::time::advance(Duration::from_millis(10)).await;
        let sent = Instant::now();
        tokio::time::advance(Duration::from_millis(30)).await;
        trust.confirm(sent);
        tokio::time::advance(Duration::from_millis(44)).await;
        assert!(trust.holds());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!trust.holds());
        trust.confirm(Instant::now());
        assert!(trust.holds());
        trust.lose();
        assert!(!trust.holds());
    }
}
