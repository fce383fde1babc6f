//! Taking the shared tier back into use after it was away.
//!
//! Invariant: before the gate opens, whatever changed in an outage is released.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::sleep;

use super::gate::Outage;
use super::{Cache, CacheError, CacheEvent, SharedTier, earlier, touched};
use crate::changelog::ChangeLog;
use crate::store::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(super) enum ReplayError {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Cache {
    /// Watches over the shared tier for ever: whenever it is away, tries until it can be used again. To be run in one
    /// task, which may be cancelled at any point.
    pub(super) async fn recover(&self, shared: &SharedTier, log: &dyn ChangeLog) {
        loop {
            let mut pause = FIRST_PAUSE;
            while let Err(error) = self.try_to_recover(shared, log).await {
                if let Some(error) = error {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "the cache is still away"
                    );
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            self.record(CacheEvent::Recovered);
            tracing::info!("the cache is in use");
        }
    }

    /// Waits for an outage and ends it. `Err(None)`: something failed meanwhile, which has to be recovered as well.
    async fn try_to_recover(
        &self,
        shared: &SharedTier,
        log: &dyn ChangeLog,
    ) -> Result<(), Option<ReplayError>> {
        let outage = self.gate.outage().await;
        self.replay(shared, log, outage).await.map_err(Some)?;
        if self.gate.open(outage) { Ok(()) } else { Err(None) }
    }

    async fn replay(
        &self,
        shared: &SharedTier,
        log: &dyn ChangeLog,
        outage: Outage,
    ) -> Result<(), ReplayError> {
        shared.store.probe().await?;
        self.end_left_fences(shared).await?;
        let since = earlier(
            outage.since,
            self.policy.database_timeouts + self.policy.replay_margin,
        );
        if let Some(changed) = log.changed_since(since, self.policy.replay_limit).await? {
            let entities: std::collections::BTreeSet<_> =
                changed.iter().flat_map(touched::of_entry).collect();
            let entities: Vec<_> = entities.into_iter().collect();
            let token = self.ports.ids.next();
            shared.store.release(&entities, token, None).await?;
            for entity in entities {
                self.generations.raise(entity);
            }
        } else {
            self.purge_all(shared).await?;
        }
        Ok(())
    }

    pub(super) async fn purge_all(&self, shared: &SharedTier) -> Result<(), CacheError> {
        shared.store.purge().await?;
        self.forget_local();
        self.record(CacheEvent::Purged);
        Ok(())
    }

    /// Nothing depends on it but that these entities can be filled before their fences expire.
    async fn end_left_fences(&self, shared: &SharedTier) -> Result<(), CacheError> {
        loop {
            let left = self
                .left_fences
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(left) = left else { return Ok(()) };
            if let Err(error) = shared.store.release(&left.entities, left.token, None).await {
                self.left_fences
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(left);
                return Err(error);
            }
        }
    }
}
