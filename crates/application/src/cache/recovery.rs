//! Taking the cache back into use after it was away.
//!
//! Invariant: before the gate opens, every product that changed in an outage is released.

use std::sync::PoisonError;
use std::time::Duration;

use domain::ProductId;
use tokio::time::sleep;

use super::gate::Outage;
use super::{Cache, CacheError, CacheEvent, earlier};
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
    /// Watches over the cache for ever: whenever it is away, tries until it can be used again. To be run in one task,
    /// which may be cancelled at any point.
    pub async fn recover(&self, log: &dyn ChangeLog) {
        loop {
            let mut pause = FIRST_PAUSE;
            while let Err(error) = self.try_to_recover(log).await {
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
    async fn try_to_recover(&self, log: &dyn ChangeLog) -> Result<(), Option<ReplayError>> {
        let outage = self.gate.outage().await;
        self.replay(log, outage).await.map_err(Some)?;
        if self.gate.open(outage) { Ok(()) } else { Err(None) }
    }

    async fn replay(&self, log: &dyn ChangeLog, outage: Outage) -> Result<(), ReplayError> {
        self.ports.store.probe().await?;
        self.end_left_fences().await?;
        let since = earlier(
            outage.since,
            self.policy.database_timeouts + self.policy.replay_margin,
        );
        if let Some(changed) = log
            .products_changed_since(since, self.policy.replay_limit)
            .await?
        {
            let products: Vec<_> = changed.into_iter().map(ProductId::new).collect();
            self.release(&products, self.ports.ids.next()).await?;
        } else {
            self.ports.store.purge().await?;
            self.record(CacheEvent::Purged);
        }
        Ok(())
    }

    /// Nothing depends on it but that these products can be filled before their fences expire.
    async fn end_left_fences(&self) -> Result<(), CacheError> {
        loop {
            let left = self
                .left_fences
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(left) = left else { return Ok(()) };
            if let Err(error) = self.release(&left.products, left.token).await {
                self.left_fences
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(left);
                return Err(error);
            }
        }
    }
}
