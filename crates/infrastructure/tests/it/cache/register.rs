//! Stands for the database in the tests of the protocol: versioned products, with delays and holds where the
//! interleavings of interest are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use application::Clock;
use application::cache::Loaded;
use application::changelog::{ChangeLog, LogChange, LogEntry, LogPosition};
use application::store::{CatalogStore, Changes, Committed, Receipt, StoreError, WriteContext};
use async_trait::async_trait;
use domain::product::{ProductContent, ProductState, ProductStatus, Staged};
use domain::value::{Digest, Locale, Localized, LocalizedSlug, Metadata, Slug, Text};
use domain::{Change, Event, MediaId, ProductId, Record, Timestamp};
use infrastructure::system::SystemClock;
use tokio::sync::oneshot;
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Register {
    rows: Mutex<HashMap<ProductId, ProductState>>,
    log: Mutex<Vec<(Timestamp, Uuid)>>,
    /// Whether those who follow the log are told anything.
    pub(super) is_followed: AtomicBool,
    /// Whether the database fails.
    pub(super) is_away: AtomicBool,
    pub(super) loads: AtomicUsize,
    /// How often those who follow the log have looked at it.
    pub(super) looks: AtomicUsize,
    /// The most microseconds that each half of a load or commit takes at random.
    pub(super) jitter: AtomicU64,
    /// Whether commits take effect only when the next one begins, and their callers learn nothing.
    pub(super) in_doubt: AtomicBool,
    doubtful: Mutex<Vec<Changes>>,
    held_load: Mutex<Option<Hold>>,
    held_commit: Mutex<Option<Hold>>,
}

/// Where someone waits, once, until told to go on.
struct Hold {
    reached: oneshot::Sender<()>,
    go_on: oneshot::Receiver<()>,
}

/// The test's end of a hold.
pub(super) struct Held {
    reached: Option<oneshot::Receiver<()>>,
    go_on: oneshot::Sender<()>,
}

impl Held {
    pub(super) async fn reached(&mut self) {
        self.reached.take().unwrap().await.unwrap();
    }

    pub(super) fn go_on(self) {
        self.go_on.send(()).unwrap();
    }
}

fn hold(place: &Mutex<Option<Hold>>) -> Held {
    let (reached, reached_end) = oneshot::channel();
    let (go_on, go_on_end) = oneshot::channel();
    *place.lock().unwrap() = Some(Hold {
        reached,
        go_on: go_on_end,
    });
    Held {
        reached: Some(reached_end),
        go_on,
    }
}

async fn pass(place: &Mutex<Option<Hold>>) {
    let hold = place.lock().unwrap().take();
    if let Some(hold) = hold {
        let _ = hold.reached.send(());
        let _ = hold.go_on.await;
    }
}

impl Register {
    /// Holds the next load after it has read.
    pub(super) fn hold_load(&self) -> Held {
        hold(&self.held_load)
    }

    /// Holds the next commit after it has taken effect.
    pub(super) fn hold_commit(&self) -> Held {
        hold(&self.held_commit)
    }

    pub(super) fn version(&self, product: ProductId) -> i64 {
        self.rows
            .lock()
            .unwrap()
            .get(&product)
            .map_or(0, |row| row.record.version)
    }

    /// The change to the next version.
    pub(super) fn next(&self, product: ProductId) -> Changes {
        let before = self.rows.lock().unwrap().get(&product).cloned();
        let mut after = before.clone().unwrap_or_else(|| new_product(product));
        after.record.version += 1;
        after.record.updated_at = SystemClock.now();
        Changes {
            products: vec![Change {
                before,
                after,
                events: vec![Event::Updated],
            }],
            ..Changes::default()
        }
    }

    pub(super) fn apply(&self, changes: &Changes) -> Result<Committed, StoreError> {
        let mut rows = self.rows.lock().unwrap();
        for change in &changes.products {
            let stored = rows.get(&change.after.id).map_or(0, |row| row.record.version);
            if stored != change.after.record.version - 1 {
                return Err(StoreError::VersionConflict {
                    kind: "product",
                    id: change.after.id.uuid(),
                });
            }
        }
        for change in &changes.products {
            rows.insert(change.after.id, change.after.clone());
            self.log
                .lock()
                .unwrap()
                .push((change.after.record.updated_at, change.after.id.uuid()));
        }
        let position = position(self.log.lock().unwrap().len());
        Ok(Committed {
            position: Some(position),
        })
    }

    /// Lets the commits in doubt take effect.
    pub(super) fn settle(&self) {
        for changes in self.doubtful.lock().unwrap().drain(..) {
            self.apply(&changes).unwrap();
        }
    }

    async fn delay(&self) {
        let most = self.jitter.load(Ordering::Relaxed);
        if most > 0 {
            tokio::time::sleep(Duration::from_micros(rand::random_range(0..most))).await;
        }
    }
}

fn new_product(id: ProductId) -> ProductState {
    let en = Locale::parse("en").unwrap();
    let content = ProductContent {
        key: None,
        name: Localized::new(BTreeMap::from([(en.clone(), Text::parse("Cup").unwrap())])).unwrap(),
        slug: LocalizedSlug::new(BTreeMap::from([(en, Slug::parse("cup").unwrap())])).unwrap(),
        description: None,
        brand: None,
        tags: vec![],
        categories: vec![],
        media: vec![],
        seo: None,
        option_axes: vec![],
        product_type: domain::ProductTypeId::GENERIC,
        attributes: domain::product_type::Attributes::default(),
        metadata: Metadata::default(),
        channels: vec![],
        relations: vec![],
    };
    let record = Record {
        version: 0,
        ..Record::new(SystemClock.now())
    };
    ProductState {
        id,
        record,
        status: ProductStatus::Draft,
        published_at: None,
        content,
        staged: Staged::default(),
    }
}

#[async_trait]
impl CatalogStore for Register {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        _: Option<&Receipt>,
    ) -> Result<Committed, StoreError> {
        if context.dry_run {
            return Ok(Committed::default());
        }
        self.delay().await;
        if self.in_doubt.load(Ordering::Relaxed) {
            self.doubtful.lock().unwrap().push(changes.clone());
            return Err(StoreError::Unavailable(
                "the connection broke during the commit".into(),
            ));
        }
        let committed = self.apply(changes)?;
        pass(&self.held_commit).await;
        self.delay().await;
        Ok(committed)
    }

    async fn receipt(&self, _: &str, _: &str) -> Result<Option<(Vec<u8>, Receipt)>, StoreError> {
        Ok(None)
    }

    async fn taken_product_slugs(&self, _: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError> {
        Ok(vec![])
    }

    async fn taken_category_slugs(&self, _: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError> {
        Ok(vec![])
    }

    async fn media_digests(&self, _: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, StoreError> {
        Ok(vec![])
    }
}

impl Register {
    /// The version, as a body.
    pub(super) async fn load(&self, id: ProductId) -> Result<Loaded, StoreError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.delay().await;
        let product = self.rows.lock().unwrap().get(&id).cloned();
        pass(&self.held_load).await;
        self.delay().await;
        if self.is_away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("away".into()));
        }
        let Some(product) = product.filter(|product| product.record.deleted_at.is_none()) else {
            return Ok(Loaded::nothing(None));
        };
        let version = product.record.version;
        Ok(Loaded {
            body: Some(version.to_string().into()),
            etag: format!("\"{version}\""),
            version,
            ..Loaded::nothing(None)
        })
    }
}

fn position(count: usize) -> LogPosition {
    LogPosition {
        transaction: 0,
        position: i64::try_from(count).unwrap(),
    }
}

#[async_trait]
impl ChangeLog for Register {
    async fn read(&self, _: LogPosition, _: u32) -> Result<Vec<LogEntry>, StoreError> {
        unreachable!("not a part of the protocol")
    }

    async fn end(&self) -> Result<LogPosition, StoreError> {
        Ok(position(self.log.lock().unwrap().len()))
    }

    async fn changes(&self, after: LogPosition, limit: u32) -> Result<Vec<LogChange>, StoreError> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        if !self.is_followed.load(Ordering::Relaxed) {
            return Ok(vec![]);
        }
        let log = self.log.lock().unwrap();
        let after = usize::try_from(after.position).unwrap();
        let entries = log.iter().enumerate().skip(after).take(limit as usize);
        Ok(entries.map(|(index, (_, id))| changed(index, *id)).collect())
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Option<Vec<LogChange>>, StoreError> {
        let log = self.log.lock().unwrap();
        let recent = log.iter().enumerate().filter(|(_, (time, _))| *time >= since);
        let changes: Vec<_> = recent.map(|(index, (_, id))| changed(index, *id)).collect();
        Ok((changes.len() <= limit as usize).then_some(changes))
    }
}

fn changed(index: usize, id: Uuid) -> LogChange {
    LogChange {
        at: position(index + 1),
        resource: "product".to_owned(),
        id,
        root: id,
        events: "updated".to_owned(),
        is_refiled: false,
    }
}
