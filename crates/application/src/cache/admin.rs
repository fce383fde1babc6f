//! What operators see of the cache, and what they may do to it.

use tokio::time::Instant;

use super::{Cache, CacheError, CacheEvent, CacheHealth, CacheKey, Entity, Instance, LocalUsage};
use crate::changelog::LogPosition;

/// How many of the keys that are read most are told of.
const HOTTEST: usize = 20;

/// How the cache of one instance stands.
#[derive(Debug)]
pub struct Report {
    pub health: CacheHealth,
    /// What this instance keeps; `None` where it keeps nothing.
    pub local: Option<LocalUsage>,
    /// Whether what this instance keeps may be answered now.
    pub trusted: bool,
    /// Whether there is a tier that instances share.
    pub shared: bool,
    /// Since the start of this instance.
    pub counts: Vec<(CacheEvent, u64)>,
    /// The keys that this instance is asked for most, with roughly how often.
    pub hot: Vec<(CacheKey, u64)>,
    /// Up to where this instance has followed the change log.
    pub heard: Option<LogPosition>,
    /// The instances that share the cache; `None` where none is shared or it cannot be asked.
    pub fleet: Option<Vec<Instance>>,
}

/// What is to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    All,
    /// A resource with all that is kept about it, or a scope with all that depends on it.
    One(Entity),
}

impl Cache {
    pub async fn report(&self) -> Report {
        let bus = self.ports.shared.as_ref().and_then(|shared| shared.bus.as_ref());
        let fleet = match bus {
            Some(bus) => bus.fleet().await.ok(),
            None => None,
        };
        Report {
            health: self.health(),
            local: self.ports.local.as_ref().map(|local| local.usage()),
            trusted: self.ports.shared.is_none() || self.trust.holds(),
            shared: self.ports.shared.is_some(),
            counts: CacheEvent::ALL
                .into_iter()
                .map(|event| (event, self.ports.events.counted(event)))
                .collect(),
            hot: self.hot.top(HOTTEST),
            heard: self.heard(),
            fleet,
        }
    }

    /// Forgets, in both tiers and on every instance. When it returns no instance answers what it had; where the shared
    /// tier cannot be told, only this one has forgotten.
    pub async fn purge(&self, what: Purge) -> Result<(), CacheError> {
        match what {
            Purge::All => self.forget_local(),
            Purge::One(entity) => self.generations.raise(entity),
        }
        let Some(shared) = &self.ports.shared else {
            return Ok(());
        };
        let marks = match what {
            Purge::All => {
                shared.store.purge().await?;
                Vec::new()
            }
            // Like the end of a write that had no fence.
            Purge::One(entity) => {
                let token = self.ports.ids.next();
                shared.store.release(&[entity], token, None).await?.marks
            }
        };
        // What this instance was told between the two.
        match what {
            Purge::All => self.forget_local(),
            Purge::One(entity) => self.generations.raise(entity),
        }
        self.record(CacheEvent::Purged);
        let deadline = Instant::now() + self.policy.trust;
        if marks.is_empty() {
            tokio::time::sleep_until(deadline).await;
        } else if let Some(bus) = &shared.bus {
            bus.settle(&marks, deadline).await;
        }
        Ok(())
    }
}
