//! Readers and writers that know at any time what they must be answered.
//!
//! Invariant: a read is right when it shows a version that was not older than the last one acknowledged before it
//! began, and not newer than the last one asked for before it ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::support::{Answer, Client};

/// One product and what is known of it.
struct Register {
    id: String,
    acknowledged: AtomicU64,
    asked: AtomicU64,
}

/// What an answer that is not 200 may be.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Failures {
    /// Nothing may fail.
    None,
    /// 503 `unavailable` with `Retry-After`.
    Unavailable,
}

struct Shared {
    products: Vec<Register>,
    clients: Vec<Client>,
    failures: Failures,
    stop: AtomicBool,
    reads: AtomicU64,
    writes: AtomicU64,
    refused: AtomicU64,
    slowest_us: AtomicU64,
}

/// A stream of reads and writes over several instances, until it is stopped.
pub(super) struct Load {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

impl Load {
    /// Two readers to a writer, a writer to a product; everyone goes from instance to instance.
    pub(super) async fn start(clients: &[&Client], products: usize, failures: Failures) -> Self {
        let mut registers = Vec::new();
        for n in 0..products {
            let id = clients[0].create(&format!("load-{n}")).await;
            registers.push(Register {
                id,
                acknowledged: AtomicU64::new(1),
                asked: AtomicU64::new(1),
            });
        }
        let shared = Arc::new(Shared {
            products: registers,
            clients: clients.iter().map(|client| (*client).clone()).collect(),
            failures,
            stop: AtomicBool::new(false),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            slowest_us: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        for n in 0..products {
            let (writer, first, second) = (shared.clone(), shared.clone(), shared.clone());
            tasks.spawn(async move { writer.write(n).await });
            tasks.spawn(async move { first.read(n).await });
            tasks.spawn(async move { second.read(n + 1).await });
        }
        Self { shared, tasks }
    }

    /// Lets it go on until so many more reads and writes were answered, and fails with the first that went wrong.
    pub(super) async fn go_on(&mut self, reads: u64, writes: u64) {
        let reads = self.shared.reads.load(Ordering::SeqCst) + reads;
        let writes = self.shared.writes.load(Ordering::SeqCst) + writes;
        let deadline = Instant::now() + super::support::PATIENCE;
        while self.shared.reads.load(Ordering::SeqCst) < reads
            || self.shared.writes.load(Ordering::SeqCst) < writes
        {
            self.check(Duration::from_millis(10)).await;
            assert!(
                Instant::now() < deadline,
                "the load got stuck at {:?}",
                self.refused()
            );
        }
    }

    /// Lets it go on for so long.
    pub(super) async fn go_on_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.check(Duration::from_millis(10)).await;
        }
    }

    /// The longest that anything took since this was last asked.
    pub(super) fn slowest(&self) -> Duration {
        Duration::from_micros(self.shared.slowest_us.swap(0, Ordering::SeqCst))
    }

    /// How many answers were refusals.
    pub(super) fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::SeqCst)
    }

    /// Ends it and reads everything once more, at every instance; gives the number of refusals.
    pub(super) async fn stop(mut self) -> u64 {
        self.shared.stop.store(true, Ordering::SeqCst);
        while let Some(task) = self.tasks.join_next().await {
            task.unwrap();
        }
        for (product, client) in self
            .shared
            .products
            .iter()
            .flat_map(|p| self.shared.clients.iter().map(move |c| (p, c)))
        {
            let version = client.product(&product.id).await.version();
            let acknowledged = product.acknowledged.load(Ordering::SeqCst);
            assert!(
                version >= acknowledged,
                "acknowledged {acknowledged}, there is {version}"
            );
        }
        self.refused()
    }

    /// Waits a little; passes on the panic of a task.
    async fn check(&mut self, time: Duration) {
        if let Ok(Some(ended)) = tokio::time::timeout(time, self.tasks.join_next()).await {
            ended.unwrap();
            panic!("a reader or writer ended early");
        }
    }
}

impl Shared {
    async fn write(&self, n: usize) {
        let product = &self.products[n];
        for turn in n.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let asked = product.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let client = &self.clients[turn % self.clients.len()];
            let began = Instant::now();
            let answer = client
                .rename(&product.id, &format!("Brand {asked}"))
                .await
                .unwrap();
            self.note(began);
            if answer.status == 200 {
                let before = product.acknowledged.fetch_max(answer.version(), Ordering::SeqCst);
                assert!(
                    answer.version() > before,
                    "an acknowledged write of version {before} was undone"
                );
                self.writes.fetch_add(1, Ordering::SeqCst);
            } else {
                self.refused(&answer).await;
            }
        }
    }

    async fn read(&self, n: usize) {
        let product = &self.products[n % self.products.len()];
        for turn in n.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let least = product.acknowledged.load(Ordering::SeqCst);
            let client = &self.clients[turn % self.clients.len()];
            let began = Instant::now();
            let answer = client.get(&format!("/v1/products/{}", product.id)).await.unwrap();
            self.note(began);
            if answer.status == 200 {
                let version = answer.version();
                let most = product.asked.load(Ordering::SeqCst);
                assert!(
                    (least..=most).contains(&version),
                    "version {version} was read from instance {}, not one of {least} to {most}",
                    turn % self.clients.len(),
                );
                self.reads.fetch_add(1, Ordering::SeqCst);
            } else {
                self.refused(&answer).await;
            }
        }
    }

    fn note(&self, began: Instant) {
        let took = u64::try_from(began.elapsed().as_micros()).unwrap();
        self.slowest_us.fetch_max(took, Ordering::SeqCst);
    }

    async fn refused(&self, answer: &Answer) {
        let known = self.failures == Failures::Unavailable
            && answer.status == 503
            && answer.body["code"] == "unavailable"
            && answer.retry_after.is_some();
        assert!(known, "{answer:?}");
        self.refused.fetch_add(1, Ordering::SeqCst);
        // Not as long as `Retry-After` asks for: it is to be met at every moment of the outage.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
