//! Readers and writers at once, with every answer checked; and the same with guards taken out, which must be noticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use application::cache::{CacheEvent, CacheKey, CachePolicy, Consistency, Demand, Schema};
use application::store::StoreError;
use domain::ProductId;
use tokio::task::JoinSet;

use super::redis;
use super::world::{Altered, OTHER, SCHEMA, Tiers, World, product, version};

/// What is known about one product while it is read and written.
pub(super) struct Observed {
    pub(super) product: ProductId,
    /// The newest version whose write was acknowledged.
    acknowledged: AtomicI64,
    /// The newest version that a finished read has given.
    seen: AtomicI64,
}

#[derive(Default)]
pub(super) struct Findings {
    pub(super) reads: AtomicUsize,
    pub(super) writes: AtomicUsize,
    /// Reads older than a write that was acknowledged before they began.
    pub(super) stale: AtomicUsize,
    /// Reads older than a read that ended before they began.
    pub(super) backwards: AtomicUsize,
    pub(super) failed: AtomicUsize,
}

impl Observed {
    pub(super) async fn new(world: &World) -> Arc<Self> {
        let product = product();
        world.write(product).await.unwrap();
        Arc::new(Self {
            product,
            acknowledged: AtomicI64::new(1),
            seen: AtomicI64::new(1),
        })
    }

    pub(super) async fn read(
        &self,
        world: &World,
        schema: Schema,
        consistency: Consistency,
        findings: &Findings,
    ) {
        let acknowledged = self.acknowledged.load(Ordering::SeqCst);
        let seen = self.seen.load(Ordering::SeqCst);
        findings.reads.fetch_add(1, Ordering::SeqCst);
        let demand = Demand {
            consistency,
            min_position: None,
        };
        let Ok(answer) = world.ask(CacheKey::of(self.product, schema), demand).await else {
            findings.failed.fetch_add(1, Ordering::SeqCst);
            return;
        };
        let version = version(&answer);
        self.seen.fetch_max(version, Ordering::SeqCst);
        findings
            .stale
            .fetch_add(usize::from(version < acknowledged), Ordering::SeqCst);
        findings
            .backwards
            .fetch_add(usize::from(version < seen), Ordering::SeqCst);
    }

    pub(super) async fn write(&self, world: &World, findings: &Findings) {
        match world.write(self.product).await {
            Ok(version) => {
                self.acknowledged.fetch_max(version, Ordering::SeqCst);
                findings.writes.fetch_add(1, Ordering::SeqCst);
            }
            Err(StoreError::VersionConflict { .. }) => {}
            Err(_) => {
                findings.failed.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// So short that readers miss all the time, where a missing guard shows.
const SHORT: Duration = Duration::from_millis(15);

pub(super) async fn random_pause(most: u64) {
    tokio::time::sleep(Duration::from_micros(rand::random_range(0..most))).await;
}

/// Readers and writers until `stop`.
pub(super) async fn traffic(
    world: &Arc<World>,
    findings: &Arc<Findings>,
    stop: &Arc<AtomicBool>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let observed = Observed::new(world).await;
        for worker in 0..10 {
            let (world, findings, stop, observed) =
                (world.clone(), findings.clone(), stop.clone(), observed.clone());
            tasks.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    if worker < 2 {
                        observed.write(&world, &findings).await;
                        random_pause(100_000).await;
                    } else {
                        let schema = if worker % 2 == 0 { SCHEMA } else { OTHER };
                        let consistency = if worker % 4 < 2 {
                            Consistency::Bounded
                        } else {
                            Consistency::Strong
                        };
                        observed.read(&world, schema, consistency, &findings).await;
                        random_pause(1_000).await;
                    }
                }
            });
        }
    }
    tasks
}

/// Traffic on entries that live for `ttl` until `enough`, for twenty seconds at most.
async fn observe(
    tiers: Tiers,
    ttl: Duration,
    enough: impl Fn(&Findings) -> bool,
) -> (Arc<Findings>, Arc<World>) {
    let world = Arc::new(
        World::new(
            tiers,
            CachePolicy {
                ttl,
                ..CachePolicy::default()
            },
        )
        .await,
    );
    world.register.jitter.store(4_000, Ordering::SeqCst);
    let (findings, stop) = (Arc::<Findings>::default(), Arc::<AtomicBool>::default());
    let mut tasks = traffic(&world, &findings, &stop).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !enough(&findings) && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    (findings, world)
}

fn plenty(findings: &Findings) -> bool {
    findings.reads.load(Ordering::SeqCst) > 20_000 && findings.writes.load(Ordering::SeqCst) > 200
}

async fn holds(tiers: Tiers) {
    let (findings, world) = observe(tiers, Duration::from_millis(100), plenty).await;
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!(
        (
            count(&findings.stale),
            count(&findings.backwards),
            count(&findings.failed)
        ),
        (0, 0, 0)
    );
    assert!(
        count(&findings.reads) > 2_000 && count(&findings.writes) > 50,
        "too little was tried"
    );
    let hits = [CacheEvent::Hit, CacheEvent::LocalHit]
        .map(|event| world.events.of(event))
        .iter()
        .sum::<usize>();
    assert!(
        hits * 4 > count(&findings.reads),
        "only {hits} hits: little was shown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_on_redis_are_never_older_than_an_acknowledged_write() {
    holds(Tiers::shared(redis().await).and_local()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_in_memory_are_never_older_than_an_acknowledged_write() {
    holds(Tiers::alone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_lease_check_stale_reads_are_found() {
    let altered = Altered {
        no_lease: true,
        ..Altered::new(redis().await)
    };
    let (findings, _) = observe(Tiers::altered(Arc::new(altered)), SHORT, |f| {
        f.stale.load(Ordering::SeqCst) > 0
    })
    .await;
    assert_ne!(findings.stale.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fence_reads_that_go_backwards_are_found() {
    let altered = Altered {
        no_fence: true,
        ..Altered::new(redis().await)
    };
    let (findings, _) = observe(Tiers::altered(Arc::new(altered)), SHORT, |f| {
        f.backwards.load(Ordering::SeqCst) > 0
    })
    .await;
    assert_ne!(findings.backwards.load(Ordering::SeqCst), 0);
}
