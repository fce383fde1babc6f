//! One server that holds the cache, or its part of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, ToRedisArgs, Value};

use super::fleet::Fleet;
use super::keys::Keys;
use super::lanes::{ALL_LANES, Lane, Lanes};
use super::places::{Kind, Place, own_slots};
use super::ring::tag_in;
use super::scripts::{Call, Scripts};
use super::suspects::Suspects;
use super::{Common, RedisCacheError, parse};

/// Keys looked at in one step of a purge.
const SCAN_STEP: usize = 1000;

pub(super) struct Node {
    pub(super) place: Place,
    /// For connections of their own.
    pub(super) client: Client,
    pub(super) lanes: Lanes,
    pub(super) keys: Keys,
    pub(super) scripts: Arc<Scripts>,
    pub(super) suspects: Suspects,
    pub(super) fleet: Fleet,
    pub(super) canary: Duration,
    pub(super) trust: Duration,
    /// The number of the next beat: never used twice by one process.
    pub(super) beats: AtomicU64,
    /// Held by the writer who looks for all that wait.
    pub(super) looking: tokio::sync::Mutex<()>,
    pub(super) tracking_is_silent: AtomicBool,
    pub(super) warned: AtomicBool,
    /// Whether changes are told by messages too, which a user may not be allowed to.
    publishes: AtomicBool,
    probed: String,
}

impl Node {
    /// Connects nothing before the first [`Node::probe`].
    pub(super) fn new(common: &Common, place: Place) -> Result<Self, RedisCacheError> {
        let tag = (place.kind == Kind::Shard).then(|| tag_in(&place.slots));
        Ok(Self {
            client: Client::open(place.info.clone())?,
            lanes: Lanes::new(&place)?,
            keys: common.keys.clone(),
            scripts: Arc::clone(&common.scripts),
            suspects: Suspects::default(),
            fleet: Fleet::new(common.me, common.trust),
            canary: common.canary,
            trust: common.trust,
            beats: AtomicU64::new(1),
            looking: tokio::sync::Mutex::default(),
            tracking_is_silent: AtomicBool::new(false),
            warned: AtomicBool::new(false),
            publishes: AtomicBool::new(true),
            probed: common.keys.probe(tag.as_deref()),
            place,
        })
    }

    /// Whether instances hear of writes from it: not from one of a cluster, whose slots may become another one's that
    /// nobody listens to yet.
    pub(super) fn hears(&self) -> bool {
        self.place.kind != Kind::Shard
    }

    pub(super) async fn probe(&self) -> Result<(), RedisCacheError> {
        self.lanes.connect(&self.scripts).await?;
        for at in 0..ALL_LANES {
            let mut lane = self.lanes.at(at)?;
            let call = Call {
                script: &self.scripts.probe,
                keys: vec![self.probed.clone()],
                args: vec![],
            };
            self.run(&mut lane, &[call]).await?;
        }
        self.drop_suspects().await?;
        if self.hears() {
            self.may_publish().await?;
        }
        Ok(())
    }

    pub(super) async fn purge(&self) -> Result<(), RedisCacheError> {
        let slots = self.still_slots().await?;
        // Leases first: what is filled behind the second scan's back was then loaded after the purge began.
        self.delete_all(&self.keys.all_leases()).await?;
        self.delete_all(&self.keys.all_entries()).await?;
        if self.still_slots().await? != slots {
            return Err(RedisCacheError::Moving);
        }
        if self.hears() {
            // Last: who hears of it finds nothing any more.
            let mut lane = self.lanes.next()?;
            let call = Call {
                script: &self.scripts.tell,
                keys: vec![self.keys.everything()],
                args: vec![self.channel(), b"*".into()],
            };
            self.run(&mut lane, &[call]).await?;
        }
        Ok(())
    }

    /// The slots it has: keys that move to another server meanwhile may escape a scan of both.
    async fn still_slots(&self) -> Result<String, RedisCacheError> {
        if self.place.kind != Kind::Shard {
            return Ok(String::new());
        }
        let mut lane = self.lanes.next()?;
        let nodes: String = self
            .command(&mut lane, redis::cmd("CLUSTER").arg("NODES"))
            .await?;
        own_slots(&nodes).ok_or(RedisCacheError::Moving)
    }

    pub(super) async fn command<T: FromRedisValue>(
        &self,
        lane: &mut Lane,
        command: &Cmd,
    ) -> Result<T, RedisCacheError> {
        let answer = command.query_async(&mut lane.connection).await;
        Ok(answer.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    pub(super) async fn run(
        &self,
        lane: &mut Lane,
        calls: &[Call<'_>],
    ) -> Result<Vec<Value>, RedisCacheError> {
        let answers = self.scripts.run(calls, &mut lane.connection).await;
        Ok(answers.inspect_err(|error| self.lanes.failed(lane, error))?)
    }

    pub(super) async fn run_one<T: FromRedisValue>(
        &self,
        lane: &mut Lane,
        call: Call<'_>,
    ) -> Result<T, RedisCacheError> {
        let answer = self.run(lane, &[call]).await?.into_iter().next();
        parse(answer.ok_or(RedisCacheError::Answer)?)
    }

    /// Where changes are told to those who cannot track; empty if that is not allowed.
    pub(super) fn channel(&self) -> Vec<u8> {
        if self.hears() && self.publishes.load(Ordering::Relaxed) {
            self.keys.changes().into()
        } else {
            vec![]
        }
    }

    async fn may_publish(&self) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let publish = redis::cmd("PUBLISH").arg(self.keys.changes()).arg("").to_owned();
        let may = match publish.query_async::<()>(&mut lane.connection).await {
            Ok(()) => true,
            Err(error) if error.code() == Some("NOPERM") => false,
            Err(error) => return Err(error.into()),
        };
        if self.publishes.swap(may, Ordering::Relaxed) && !may {
            tracing::warn!(
                channel = self.keys.changes(),
                "the cache server's user may not publish: instances that cannot track keys do not hear of writes here"
            );
        }
        Ok(())
    }

    async fn drop_suspects(&self) -> Result<(), RedisCacheError> {
        let suspects = self.suspects.take();
        if suspects.is_empty() {
            return Ok(());
        }
        let mut lane = self.lanes.next()?;
        let dropped = self.unlink(&mut lane, &suspects).await;
        dropped.inspect_err(|_| self.suspects.add(suspects))
    }

    /// Deletes all keys that were there when it began.
    async fn delete_all(&self, pattern: &str) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(SCAN_STEP);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.command(&mut lane, &scan).await?;
            if !keys.is_empty() {
                self.unlink(&mut lane, keys).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// One by one, as a cluster wants it.
    async fn unlink<K: ToRedisArgs>(
        &self,
        lane: &mut Lane,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<(), RedisCacheError> {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.cmd("UNLINK").arg(key);
        }
        let done = pipeline.exec_async(&mut lane.connection).await;
        Ok(done.inspect_err(|error| self.lanes.failed(lane, error))?)
    }
}
