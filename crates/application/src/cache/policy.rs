//! The cache's times and limits.

use std::time::Duration;

use super::CacheKey;

/// What a write does when it cannot be fenced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WriteMode {
    /// It goes on; instances that still reach the cache may answer older bodies until this one reaches it again.
    #[default]
    Available,
    /// It fails with nothing done.
    Strict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePolicy {
    pub mode: WriteMode,
    /// How long a body is kept, give or take a tenth.
    pub ttl: Duration,
    /// How long "there is nothing" is kept.
    pub negative_ttl: Duration,
    /// How long a reader may take to load.
    pub lease: Duration,
    /// A reader whose key another one is filling looks again after each of these, then goes to the database itself.
    pub waits: [Duration; 4],
    /// How long a fence lasts when nobody releases it. MUST be above `database_timeouts`.
    pub fence: Duration,
    /// The sum of the database's time-outs: when it has passed, a transaction has committed or never will.
    pub database_timeouts: Duration,
    /// What clocks of instances may differ by, and a change may be older than its commit.
    pub replay_margin: Duration,
    /// The most products that are released one by one after an outage; beyond it everything is dropped.
    pub replay_limit: u32,
    /// The biggest body that is kept, in bytes: one connection carries all, so that big ones hold up the rest.
    pub max_body: usize,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            mode: WriteMode::Available,
            ttl: Duration::from_mins(10),
            negative_ttl: Duration::from_secs(5),
            lease: Duration::from_secs(3),
            waits: [2, 5, 10, 20].map(Duration::from_millis),
            fence: Duration::from_secs(10),
            database_timeouts: Duration::from_secs(3),
            replay_margin: Duration::from_secs(30),
            replay_limit: 10_000,
            max_body: 1 << 20,
        }
    }
}

impl CachePolicy {
    /// The longest that any entry lives.
    pub(crate) fn longest(&self) -> Duration {
        self.ttl.max(self.negative_ttl).mul_f64(1.1)
    }

    /// `ttl` moved by up to a tenth either way, the same for the same key, so that entries filled together do not
    /// expire together.
    pub(crate) fn jittered(ttl: Duration, key: CacheKey) -> Duration {
        // FNV-1a: spread is all that is asked of it.
        let tag = key.representation.tag().as_bytes();
        let hash = key
            .product
            .uuid()
            .as_bytes()
            .iter()
            .chain(tag)
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
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
    use crate::cache::Representation;

    #[test]
    fn jitter_stays_within_a_tenth_and_spreads() {
        let ttl = Duration::from_secs(100);
        let lives: Vec<_> = (0..1000_u128)
            .map(|n| CacheKey {
                product: ProductId::new(Uuid::from_u128(n)),
                representation: Representation::Expanded,
            })
            .map(|key| CachePolicy::jittered(ttl, key))
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
