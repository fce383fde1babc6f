//! One instance of the service, as far as the cache goes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::cache::{
    Answer, Answers, Cache, CacheError, CacheEvent, CacheEvents, CacheHealth, CacheKey, CachePolicy,
    CachePorts, CacheStore, Consistency, Demand, Entity, Entry, FencedStore, Lease, LocalStore, Mark, Miss,
    Released, Schema, SharedTier, Source, Token,
};
use application::changelog::LogPosition;
use application::store::{CatalogStore, StoreError, WriteContext};
use async_trait::async_trait;
use domain::ProductId;
use infrastructure::local_cache::LocalCache;
use infrastructure::redis_cache::RedisCache;
use infrastructure::system::{SystemClock, UuidV7};
use tokio::task::JoinHandle;

use super::register::Register;
use super::{eventually, fresh};

pub(super) const CONTEXT: WriteContext = WriteContext {
    actor: String::new(),
    request_id: String::new(),
    dry_run: false,
    idempotency: None,
};

/// What tests of the protocol keep: a body that is just the version.
pub(super) const SCHEMA: Schema = Schema::new("t1");
/// The same under another key.
pub(super) const OTHER: Schema = Schema::new("t2");

pub(super) const STRONG: Demand = Demand {
    consistency: Consistency::Strong,
    min_position: None,
};
pub(super) const BOUNDED: Demand = Demand {
    consistency: Consistency::Bounded,
    ..STRONG
};

/// The tiers of an instance.
pub(super) struct Tiers {
    pub(super) local: bool,
    pub(super) shared: Option<SharedTier>,
}

impl Tiers {
    /// Only its own.
    pub(super) fn alone() -> Self {
        Self {
            local: true,
            shared: None,
        }
    }

    pub(super) fn shared(redis: Arc<RedisCache>) -> Self {
        Self {
            local: false,
            shared: Some(redis.into_tier()),
        }
    }

    pub(super) fn altered(altered: Arc<Altered>) -> Self {
        let bus = altered.redis.clone();
        let tier = SharedTier {
            store: altered,
            bus: Some(bus),
        };
        Self {
            local: false,
            shared: Some(tier),
        }
    }

    /// Where nobody is told of others' writes.
    pub(super) fn without_bus(store: Arc<dyn CacheStore>) -> Self {
        Self {
            local: false,
            shared: Some(SharedTier { store, bus: None }),
        }
    }

    pub(super) fn and_local(self) -> Self {
        Self { local: true, ..self }
    }
}

pub(super) struct World {
    pub(super) register: Arc<Register>,
    pub(super) cache: Arc<Cache>,
    pub(super) answers: Answers,
    pub(super) store: Arc<FencedStore>,
    pub(super) events: Arc<Counts>,
    upkeep: JoinHandle<()>,
}

impl World {
    /// An instance that has not recovered yet.
    pub(super) fn starting(register: &Arc<Register>, tiers: Tiers, policy: CachePolicy) -> Self {
        let events = Arc::new(Counts::default());
        let local = || Arc::new(LocalCache::new(1 << 20)) as Arc<dyn LocalStore>;
        let ports = CachePorts {
            local: tiers.local.then(local),
            shared: tiers.shared,
            events: events.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
        };
        let cache = Arc::new(Cache::new(ports, policy));
        let upkeep = tokio::spawn({
            let (cache, register) = (cache.clone(), register.clone());
            async move { cache.run(&*register).await }
        });
        Self {
            answers: Answers::new(Some(cache.clone())),
            store: Arc::new(FencedStore::new(register.clone(), cache.clone())),
            register: register.clone(),
            cache,
            events,
            upkeep,
        }
    }

    pub(super) async fn new(tiers: Tiers, policy: CachePolicy) -> Self {
        Self::beside(&Arc::default(), tiers, policy).await
    }

    /// One more instance on the same database.
    pub(super) async fn beside(register: &Arc<Register>, tiers: Tiers, policy: CachePolicy) -> Self {
        let world = Self::starting(register, tiers, policy);
        world.until(CacheHealth::Up).await;
        world
    }

    /// Until it follows the log, before which it forgets what it has. One that is alone is up already before that.
    pub(super) async fn until_following(&self) {
        eventually("the log is followed", async || {
            (self.register.looks.load(Ordering::Relaxed) > 0).then_some(())
        })
        .await;
    }

    /// An instance that never has the cache back. To be called before anything else can run.
    pub(super) fn cut_off(self) -> Self {
        self.upkeep.abort();
        self
    }

    pub(super) async fn until(&self, health: CacheHealth) {
        eventually(health.as_str(), || async {
            (self.cache.health() == health).then_some(())
        })
        .await;
    }

    /// Writes the next version and gives it when it is acknowledged.
    pub(super) async fn write(&self, product: ProductId) -> Result<i64, StoreError> {
        let changes = self.register.next(product);
        self.store.commit(&changes, &CONTEXT, None).await?;
        Ok(changes.products[0].after.record.version)
    }

    /// The version that a reader sees, and where it came from.
    pub(super) async fn read(&self, product: ProductId) -> (i64, Source) {
        let answer = self.ask(CacheKey::of(product, SCHEMA), STRONG).await.unwrap();
        (version(&answer), answer.source)
    }

    /// The same where what the instance keeps will do.
    pub(super) async fn glance(&self, product: ProductId) -> (i64, Source) {
        let answer = self.ask(CacheKey::of(product, SCHEMA), BOUNDED).await.unwrap();
        (version(&answer), answer.source)
    }

    pub(super) async fn ask(&self, key: CacheKey, demand: Demand) -> Result<Answer, StoreError> {
        let Entity::Resource(_, id) = key.entity else {
            unreachable!("tests of the protocol read products")
        };
        let register = self.register.clone();
        let load = move || async move { register.load(ProductId::new(id)).await };
        self.answers.read(key, demand, load).await
    }

    /// Waits until the instance trusts what it keeps.
    pub(super) async fn until_trusted(&self, product: ProductId) {
        eventually("answers from its own tier", || async {
            (self.glance(product).await.1 == Source::Local).then_some(())
        })
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.upkeep.abort();
    }
}

/// 0 where there is nothing.
pub(super) fn version(answer: &Answer) -> i64 {
    if !answer.is_found() {
        return 0;
    }
    std::str::from_utf8(&answer.entry().body)
        .unwrap()
        .parse()
        .unwrap()
}

pub(super) fn product() -> ProductId {
    ProductId::new(fresh())
}

#[derive(Default)]
pub(super) struct Counts(Mutex<HashMap<CacheEvent, usize>>);

impl Counts {
    pub(super) fn of(&self, event: CacheEvent) -> usize {
        self.0.lock().unwrap().get(&event).copied().unwrap_or_default()
    }

    pub(super) async fn more(&self, event: CacheEvent, than: usize) {
        eventually(event.as_str(), || async { (self.of(event) > than).then_some(()) }).await;
    }
}

impl CacheEvents for Counts {
    fn record(&self, event: CacheEvent) {
        *self.0.lock().unwrap().entry(event).or_default() += 1;
    }
}

/// A shared tier with a guard taken out or a fault put in.
pub(super) struct Altered {
    pub(super) redis: Arc<RedisCache>,
    /// Counts those who asked for a lease.
    pub(super) misses: AtomicUsize,
    /// Fences do nothing.
    pub(super) no_fence: bool,
    /// A fill takes its lease only when it stores, so that it proves nothing.
    pub(super) no_lease: bool,
    /// Nothing answers.
    pub(super) away: AtomicBool,
    /// Fences are set, but the answer is lost.
    pub(super) lost_fences: AtomicBool,
    /// Releases do not answer.
    pub(super) no_release: AtomicBool,
}

impl Altered {
    pub(super) fn new(redis: Arc<RedisCache>) -> Self {
        Self {
            redis,
            misses: AtomicUsize::new(0),
            no_fence: false,
            no_lease: false,
            away: AtomicBool::new(false),
            lost_fences: AtomicBool::new(false),
            no_release: AtomicBool::new(false),
        }
    }

    fn check(&self) -> Result<(), CacheError> {
        if self.away.load(Ordering::SeqCst) {
            Err(CacheError::new("away"))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl CacheStore for Altered {
    async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, CacheError> {
        self.check()?;
        self.redis.get(key).await
    }

    async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, CacheError> {
        self.check()?;
        self.redis.get_many(keys).await
    }

    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, CacheError> {
        self.check()?;
        let missed = self.redis.miss(key, token, life, refresh).await;
        self.misses.fetch_add(1, Ordering::SeqCst);
        missed
    }

    async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        self.check()?;
        if self.no_lease {
            let life = Duration::from_secs(3);
            let Miss::Granted(lease) = self.redis.miss(key, fresh(), life, true).await? else {
                return Ok(false);
            };
            return self.redis.fill(key, &lease, entry, ttl).await;
        }
        self.redis.fill(key, lease, entry, ttl).await
    }

    async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), CacheError> {
        self.check()?;
        self.redis.abandon(key, lease).await
    }

    async fn fence(
        &self,
        entities: &[Entity],
        token: Token,
        life: Duration,
    ) -> Result<Vec<Mark>, CacheError> {
        self.check()?;
        let marks = if self.no_fence {
            vec![]
        } else {
            self.redis.fence(entities, token, life).await?
        };
        if self.lost_fences.load(Ordering::SeqCst) {
            Err(CacheError::new("no answer"))
        } else {
            Ok(marks)
        }
    }

    async fn release(
        &self,
        entities: &[Entity],
        token: Token,
        position: Option<LogPosition>,
    ) -> Result<Released, CacheError> {
        self.check()?;
        if self.no_release.load(Ordering::SeqCst) {
            return Err(CacheError::new("no answer"));
        }
        self.redis.release(entities, token, position).await
    }

    async fn release_missed(&self, changes: &[(Entity, LogPosition)]) -> Result<(), CacheError> {
        self.check()?;
        self.redis.release_missed(changes).await
    }

    async fn purge(&self) -> Result<(), CacheError> {
        self.check()?;
        self.redis.purge().await
    }

    async fn probe(&self) -> Result<(), CacheError> {
        self.check()?;
        self.redis.probe().await
    }
}
