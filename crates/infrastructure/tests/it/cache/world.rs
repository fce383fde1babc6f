//! One instance of the service, as far as the cache goes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::cache::{
    Cache, CacheError, CacheEvent, CacheEvents, CacheHealth, CacheKey, CachePolicy, CachePorts, CacheStore,
    CachedBody, CachedProducts, Encode, Encoded, Entry, FencedStore, Lease, Miss, Representation, Source,
    Token,
};
use application::product::ProductView;
use application::store::{CatalogStore, StoreError, WriteContext};
use async_trait::async_trait;
use domain::ProductId;
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

pub(super) struct World {
    pub(super) register: Arc<Register>,
    pub(super) cache: Arc<Cache>,
    pub(super) products: CachedProducts,
    pub(super) store: Arc<FencedStore>,
    pub(super) events: Arc<Counts>,
    recovery: JoinHandle<()>,
}

impl World {
    /// An instance that has not recovered yet.
    pub(super) fn starting(
        register: &Arc<Register>,
        store: Arc<dyn CacheStore>,
        policy: CachePolicy,
    ) -> Self {
        let events = Arc::new(Counts::default());
        let ports = CachePorts {
            store,
            events: events.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7),
        };
        let cache = Arc::new(Cache::new(ports, policy));
        let recovery = tokio::spawn({
            let (cache, register) = (cache.clone(), register.clone());
            async move { cache.recover(&*register).await }
        });
        Self {
            products: CachedProducts::new(register.clone(), Arc::new(Versions), Some(cache.clone())),
            store: Arc::new(FencedStore::new(register.clone(), cache.clone())),
            register: register.clone(),
            cache,
            events,
            recovery,
        }
    }

    pub(super) async fn new(store: Arc<dyn CacheStore>, policy: CachePolicy) -> Self {
        let world = Self::starting(&Arc::default(), store, policy);
        world.until(CacheHealth::Up).await;
        world
    }

    /// An instance that never has the cache back. To be called before anything else can run.
    pub(super) fn cut_off(self) -> Self {
        self.recovery.abort();
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
        let body = self
            .products
            .body(product, Representation::Management)
            .await
            .unwrap()
            .unwrap();
        (version(&body), body.source)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.recovery.abort();
    }
}

pub(super) fn version(body: &CachedBody) -> i64 {
    std::str::from_utf8(&body.body).unwrap().parse().unwrap()
}

pub(super) fn product() -> ProductId {
    ProductId::new(fresh())
}

/// Bodies that are just the version.
struct Versions;

impl Encode for Versions {
    fn product(&self, view: &ProductView, representation: Representation) -> Encoded {
        let version = view.revision.to_string();
        Encoded {
            etag: format!("\"{version}-{}\"", representation.tag()),
            body: version.into(),
        }
    }
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

/// A store with a guard taken out or a fault put in.
pub(super) struct Altered {
    pub(super) inner: Arc<dyn CacheStore>,
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
    pub(super) fn new(inner: Arc<dyn CacheStore>) -> Self {
        Self {
            inner,
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
    async fn get(&self, key: CacheKey) -> Result<Option<Entry>, CacheError> {
        self.check()?;
        self.inner.get(key).await
    }

    async fn miss(&self, key: CacheKey, token: Token, life: Duration) -> Result<Miss, CacheError> {
        self.check()?;
        let missed = self.inner.miss(key, token, life).await;
        self.misses.fetch_add(1, Ordering::SeqCst);
        missed
    }

    async fn fill(
        &self,
        key: CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        self.check()?;
        if self.no_lease {
            let fresh = self.inner.miss(key, fresh(), Duration::from_secs(3)).await?;
            let Miss::Granted(lease) = fresh else {
                return Ok(false);
            };
            // The floor would catch many of them.
            let entry = Entry {
                version: lease.floor.max(entry.version),
                ..entry.clone()
            };
            return self.inner.fill(key, &lease, &entry, ttl).await;
        }
        self.inner.fill(key, lease, entry, ttl).await
    }

    async fn abandon(&self, key: CacheKey, lease: &Lease) -> Result<(), CacheError> {
        self.check()?;
        self.inner.abandon(key, lease).await
    }

    async fn fence(&self, products: &[ProductId], token: Token, life: Duration) -> Result<(), CacheError> {
        self.check()?;
        if !self.no_fence {
            self.inner.fence(products, token, life).await?;
        }
        if self.lost_fences.load(Ordering::SeqCst) {
            Err(CacheError::new("no answer"))
        } else {
            Ok(())
        }
    }

    async fn release(&self, products: &[ProductId], token: Token, version: i64) -> Result<(), CacheError> {
        self.check()?;
        if self.no_release.load(Ordering::SeqCst) {
            return Err(CacheError::new("no answer"));
        }
        self.inner.release(products, token, version).await
    }

    async fn purge(&self) -> Result<(), CacheError> {
        self.check()?;
        self.inner.purge().await
    }

    async fn probe(&self) -> Result<(), CacheError> {
        self.check()?;
        self.inner.probe().await
    }
}

pub(super) fn encode() -> Arc<dyn Encode> {
    Arc::new(Versions)
}
