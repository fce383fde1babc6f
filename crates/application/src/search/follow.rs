//! Keeping an index up with the catalog: made anew where there is none that fits, then moved on with the change log.
//!
//! Invariant: whoever is told that the index stands at a position finds everything in it, and in the ground, that was
//! written up to there; and no position that was told is ever taken back. While another index takes the place of one
//! that was further on, answers wait.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ProductId;
use futures::future::{join, join_all};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::compose::Composer;
use super::copy::{CopyReader, ProductCopy};
use super::document::Document;
use super::ground::Grounds;
use super::ports::{Plane, Rebuild, SearchError, SearchIndex};
use crate::changelog::{ChangeLog, LogChange, LogPosition};
use crate::clock::Clock;
use crate::store::StoreError;

/// Changes that one round takes on.
const ROUND: u32 = 2000;
/// Products that are read at once while their index is followed.
const CHUNK: usize = 200;
/// The most products that are read at once for a new index, where they have few variants.
const PAGE: u32 = 1000;
/// How many variants a page is meant to have at most.
const VARIANTS: usize = 10_000;
/// Failures in a row after which the index is held to be beyond repair.
const PATIENCE: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far an index has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    /// What made the documents of the index that answers; `None` when there is none.
    pub(super) composer: Option<Arc<Composer>>,
    pub(super) position: LogPosition,
    /// The furthest position that was told.
    pub(super) floor: LogPosition,
    /// While an index is made that knows more, the last position of which this one reflects everything.
    pub(super) outdated_after: Option<LogPosition>,
}

impl Standing {
    /// Whether an index answers that reflects the log up to there, and no less than what was told before.
    pub(super) fn reflects(&self, least: Option<LogPosition>) -> bool {
        self.composer.is_some()
            && self.position >= self.floor.max(least.unwrap_or_default())
            && self
                .outdated_after
                .zip(least)
                .is_none_or(|(known, least)| least <= known)
    }

    fn move_on(&mut self, composer: &Arc<Composer>, position: LogPosition) {
        self.composer = Some(composer.clone());
        self.position = position;
        self.floor = self.floor.max(position);
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] SearchError),
    #[error("a task of the search index ended")]
    Task(#[from] JoinError),
    #[error("the search index is gone")]
    Lost,
}

/// Follows the log for one plane.
pub(super) struct Follower {
    pub(super) plane: Plane,
    pub(super) index: Arc<dyn SearchIndex>,
    pub(super) copies: Arc<dyn CopyReader>,
    pub(super) log: Arc<dyn ChangeLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) grounds: Arc<Grounds>,
    pub(super) standing: watch::Sender<Standing>,
    pub(super) interval: Duration,
}

impl Follower {
    /// Runs until it is dropped.
    pub(super) async fn run(&self) {
        let mut pause = FIRST_PAUSE;
        let mut failures = 0;
        loop {
            let begun = Instant::now();
            let Err(trouble) = self.keep(failures >= PATIENCE).await;
            if begun.elapsed() > LONGEST_PAUSE {
                (failures, pause) = (0, FIRST_PAUSE);
            }
            let plane = self.plane.as_str();
            if failures == 0 {
                tracing::warn!(
                    plane,
                    error = &trouble as &dyn std::error::Error,
                    "the search index does not follow the catalog; trying on"
                );
            }
            // What the database does says nothing about the index.
            failures = if matches!(trouble, Trouble::Store(_)) {
                failures.clamp(1, PATIENCE - 1)
            } else {
                failures + 1
            };
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn keep(&self, afresh: bool) -> Result<std::convert::Infallible, Trouble> {
        let ground = self.grounds.load().await?;
        let composer = ground.composer(self.plane).clone();
        let (mut composer, mut at) = match self.resume(&composer, afresh).await? {
            Some(position) => (composer, position),
            None => self.rebuild(None).await?,
        };
        self.begin(&composer, at);
        loop {
            let before = at;
            let moved = self.round(&composer, &mut at).await?;
            let wanted = self.grounds.load().await?.composer(self.plane).clone();
            if wanted.layout() != composer.layout() {
                self.standing
                    .send_modify(|standing| standing.outdated_after = Some(before));
                (composer, at) = self.rebuild(Some((&composer, at))).await?;
                self.begin(&composer, at);
            } else if moved {
                composer = wanted;
                self.stand(&composer, at);
            }
            if self.index.layout(self.plane).as_ref() != Some(composer.layout()) {
                return Err(Trouble::Lost);
            }
            if !moved {
                sleep(self.interval).await;
            }
        }
    }

    /// Where to go on with the index that is there, if that is one of this catalog as it is now.
    async fn resume(&self, composer: &Composer, afresh: bool) -> Result<Option<LogPosition>, Trouble> {
        if afresh || self.index.layout(self.plane).as_ref() != Some(composer.layout()) {
            return Ok(None);
        }
        let Some(position) = self.index.status(self.plane).position else {
            return Ok(None);
        };
        // A database that was set back to an earlier state has another past.
        Ok((position <= self.log.end().await?).then_some(position))
    }

    /// The index that answers has come on. What is outdated stays so until another one takes its place.
    fn stand(&self, composer: &Arc<Composer>, position: LogPosition) {
        self.standing
            .send_modify(|standing| standing.move_on(composer, position));
    }

    /// An index takes the place of the one that was there, be it of the same layout: definitions may have changed back.
    fn begin(&self, composer: &Arc<Composer>, position: LogPosition) {
        self.standing.send_modify(|standing| {
            standing.outdated_after = None;
            standing.move_on(composer, position);
        });
    }

    /// Takes on what was written since `at`; `false` when that was nothing.
    async fn round(&self, composer: &Arc<Composer>, at: &mut LogPosition) -> Result<bool, Trouble> {
        let changes = self.log.changes(*at, ROUND).await?;
        let Some(last) = changes.last().map(|change| change.at) else {
            return Ok(false);
        };
        self.grounds.refresh(&changes).await?;
        let products: Vec<ProductId> = touched(&changes).into_iter().collect();
        // A position alone is not worth a commit: after a restart these changes are looked at once more.
        if !products.is_empty() {
            let mut copies = Vec::new();
            for chunk in products.chunks(CHUNK) {
                copies.extend(self.copies.copies(self.plane, chunk, self.clock.now()).await?);
            }
            let found: HashSet<ProductId> = copies.iter().map(|copy| copy.id).collect();
            let gone = products.into_iter().filter(|id| !found.contains(id)).collect();
            let documents = compose(composer, copies).await?;
            self.index.apply(self.plane, documents, gone, last).await?;
        }
        *at = last;
        Ok(true)
    }

    /// Makes another index and puts it in the place of the one that is there, which is followed meanwhile where it is
    /// known how its documents are made. What made the new one, and its position.
    async fn rebuild(
        &self,
        old: Option<(&Arc<Composer>, LogPosition)>,
    ) -> Result<(Arc<Composer>, LogPosition), Trouble> {
        let begun = Instant::now();
        let position = self.log.end().await?;
        // Nobody is told again of what was written before.
        let composer = self.grounds.reload(position).await?.composer(self.plane).clone();
        let mut rebuild = self.index.rebuild(self.plane, composer.layout().clone()).await?;
        let is_filled = AtomicBool::new(false);
        let fill = async {
            let filled = self.fill(&composer, &mut *rebuild).await;
            is_filled.store(true, Ordering::Release);
            filled
        };
        let follow = async {
            let Some((old, mut at)) = old else { return };
            while !is_filled.load(Ordering::Acquire) {
                match self.round(old, &mut at).await {
                    Ok(true) => self.stand(old, at),
                    Ok(false) => sleep(self.interval).await,
                    // The new one is on its way.
                    Err(_) => return,
                }
            }
        };
        let (filled, ()) = join(fill, follow).await;
        let documents = filled?;
        rebuild.finish(position).await?;
        tracing::info!(
            plane = self.plane.as_str(),
            documents,
            millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "made a search index"
        );
        Ok((composer, position))
    }

    /// Adds all copies there are; the next ones are read while these are indexed. How many there were.
    async fn fill(&self, composer: &Arc<Composer>, rebuild: &mut dyn Rebuild) -> Result<usize, Trouble> {
        let mut limit = PAGE / 4;
        let mut documents = 0;
        let mut reading = Some((limit, self.read(None, limit)));
        while let Some((asked, page)) = reading.take() {
            let copies = page.await??;
            let last = copies.last().map(|copy| copy.id);
            let variants: usize = copies.iter().map(|copy| copy.variants.len()).sum();
            limit = if variants > VARIANTS {
                (limit / 2).max(1)
            } else {
                (limit * 2).min(PAGE)
            };
            let is_full = usize::try_from(asked).is_ok_and(|asked| copies.len() >= asked);
            reading = last
                .filter(|_| is_full)
                .map(|last| (limit, self.read(Some(last), limit)));
            documents += copies.len();
            rebuild.add(compose(composer, copies).await?).await?;
        }
        Ok(documents)
    }

    fn read(&self, after: Option<ProductId>, limit: u32) -> JoinHandle<Result<Vec<ProductCopy>, StoreError>> {
        let (copies, plane, now) = (self.copies.clone(), self.plane, self.clock.now());
        tokio::spawn(async move { copies.page(plane, after, limit, now).await })
    }
}

async fn compose(composer: &Arc<Composer>, copies: Vec<ProductCopy>) -> Result<Vec<Document>, JoinError> {
    let composer = composer.clone();
    spawn_blocking(move || copies.into_iter().map(|copy| composer.compose(copy)).collect()).await
}

/// The products of which something changed that is indexed.
fn touched(changes: &[LogChange]) -> BTreeSet<ProductId> {
    let of_product =
        |change: &&LogChange| matches!(change.resource.as_str(), "product" | "variant" | "price");
    let roots = changes.iter().filter(of_product).map(|change| change.root);
    roots.map(ProductId::new).collect()
}

/// Follows for all of them until it is dropped.
pub(super) async fn run(followers: &[Follower]) {
    join_all(followers.iter().map(Follower::run)).await;
}
