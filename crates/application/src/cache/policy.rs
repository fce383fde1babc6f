//! The cache's times and limits.

use std::time::Duration;

use super::CacheKey;

/// What a write does when it cannot be fenced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// It goes on. Other instances learn of it from the change log, a tenth of a second later.
    #[default]
    Available,
    /// It fails with nothing done.
    Strict,
}

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// When no instance answers anything older. It is committed when no instance answers anything from before its fence, so
    /// that reads of all instances see one register.
    #[default]
    Linearizable,
    /// When it is committed and the shared tier knows. Other instances may answer what they have for `trust` more.
    Immediate,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CachePolicy {
    pub mode: WriteMode,
    pub acknowledge: Acknowledge,
    /// How long a body is kept, give or take a tenth.
    pub ttl: Duration,
    /// How long the generation of a scope is kept. With it goes all that depends on the scope.
    pub generation_ttl: Duration,
    /// How long "there is nothing" is kept.
    pub negative_ttl: Duration,
    /// For how much longer an expired body that no write has superseded may be answered while the database fails.
    pub stale_if_error: Duration,
    /// How long a reader may take to load.
    pub lease: Duration,
    /// How long a reader whose key another one is filling waits before it goes to the database itself.
    pub patience: Duration,
    /// How long an instance trusts what it keeps since it last heard from the shared tier. Clocks need only run alike.
    pub trust: Duration,
    /// How long a fence lasts when nobody releases it. MUST be above `trust` and `database_timeouts` together: what a write
    /// waits for under it.
    pub fence: Duration,
    /// The sum of the database's time-outs: when it has passed, a transaction has committed or never will.
    pub database_timeouts: Duration,
    /// What clocks of instances may differ by, and a change may be older than its commit.
    pub replay_margin: Duration,
    /// The most changes that are released one by one after an outage; beyond it everything is dropped.
    pub replay_limit: u32,
    /// The biggest answer that is kept, in bytes.
    pub max_body: usize,
    /// Loads at once that the cache asks of the database.
    pub max_loads: usize,
    /// Of so many hits one is compared with the database; 0 for none.
    pub verify_one_in: u32,
    /// How eagerly entries are loaded anew before they expire: a factor on what the load took (`XFetch`); 0 for not.
    pub early_refresh: f64,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            mode: WriteMode::Available,
            acknowledge: Acknowledge::Linearizable,
            ttl: Duration::from_mins(10),
            generation_ttl: Duration::from_mins(30),
            negative_ttl: Duration::from_secs(5),
            stale_if_error: Duration::from_mins(10),
            lease: Duration::from_secs(3),
            patience: Duration::from_millis(500),
            trust: Duration::from_millis(75),
            fence: Duration::from_secs(10),
            database_timeouts: Duration::from_secs(3),
            replay_margin: Duration::from_secs(30),
            replay_limit: 10_000,
            max_body: 1 << 20,
            max_loads: 64,
            verify_one_in: 1000,
            early_refresh: 1.0,
        }
    }
}

impl CachePolicy {
    /// The longest that any entry is in the shared tier.
    pub(crate) fn longest(&self) -> Duration {
        self.ttl
            .max(self.negative_ttl)
            .max(self.generation_ttl)
            .mul_f64(1.1)
    }

    /// `ttl` moved by up to a tenth either way, the same for the same key, so that entries filled together do not
    /// expire together.
    pub(crate) fn jittered(ttl: Duration, key: &CacheKey) -> Duration {
        // FNV-1a: spread is all that is asked of it.
        let hash = key
            .entity
            .to_string()
            .bytes()
            .chain(key.schema.tag().bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        let per_mille = u32::try_from((hash >> 32) % 201).unwrap_or_default() + 900;
        ttl * per_mille / 1000
    }
}

#[cfg(test)]
mod tests {
    use domain::ProductId;
    use uuid::Uuid;

    use super::*;
    use crate::cache::Schema;

    #[test]
    fn jitter_stays_within_a_tenth_and_spreads() {
        let ttl = Duration::from_secs(100);
        let lives: Vec<_> = (0..1000_u128)
            .map(|n| CacheKey::of(ProductId::new(Uuid::from_u128(n)), Schema::new("e3")))
            .map(|key| CachePolicy::jittered(ttl, &key))
            .collect();
        assert!(
            lives
                .iter()
                .all(|life| (90_000..=110_000).contains(&life.as_millis()))
        );
        assert!(lives.iter().any(|life| life.as_millis() < 95_000));
        assert!(lives.iter().any(|life| life.as_millis() > 105_000));
    }
}
