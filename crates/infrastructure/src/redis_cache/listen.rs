//! How an instance hears of the others' writes, and how they wait for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use application::cache::{CacheError, Instance, InvalidationBus, Listener, Mark};
use async_trait::async_trait;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use uuid::Uuid;

use super::ear::{Ear, Means, News, is_refusal};
use super::fleet::Sighting;
use super::heart::{Heart, Moment};
use super::keys::Told;
use super::lanes::Lane;
use super::node::Node;
use super::scripts::Call;
use super::{RedisCache, RedisCacheError};

/// Of trusts, without a canary that comes back.
const PATIENCE: u32 = 4;
const FIRST_LOOK: Duration = Duration::from_millis(1);
const SLOWEST_LOOK: Duration = Duration::from_millis(8);

#[async_trait]
impl InvalidationBus for RedisCache {
    async fn listen(&self, listener: &dyn Listener) -> CacheError {
        let mut moves = self.ring.subscribe();
        let Some(node) = moves.borrow_and_update().only().cloned() else {
            return RedisCacheError::NotConnected.into();
        };
        let error = tokio::select! {
            biased;
            _ = moves.changed() => RedisCacheError::Moved,
            heard = node.listen(listener) => match heard {
                Ok(never) => match never {},
                Err(error) => error,
            },
        };
        error.into()
    }

    async fn settle(&self, marks: &[Mark], deadline: Instant) -> usize {
        let Some(mark) = marks.iter().map(|mark| mark.at).max() else {
            return 0;
        };
        let ring = self.ring();
        let node = ring.only().filter(|node| {
            let life = node.lanes.next().map(|lane| lane.epoch);
            life.is_ok_and(|life| marks.iter().all(|mark| mark.server == life))
        });
        if let Some(node) = node {
            node.settle(mark, deadline).await
        } else {
            // It is another server now, or another life of it, and nobody can say any more who has heard.
            sleep_until(deadline).await;
            1
        }
    }

    async fn fleet(&self) -> Result<Vec<Instance>, CacheError> {
        let ring = self.ring();
        let node = ring.only().ok_or(RedisCacheError::NotConnected)?;
        node.look().await?;
        Ok(node.fleet.instances())
    }
}

impl Node {
    async fn listen(self: &Arc<Self>, listener: &dyn Listener) -> Result<Infallible, RedisCacheError> {
        let (mut ear, means) = self.open_ear().await?;
        listener.started();
        let first = self.beats.load(Ordering::SeqCst);
        let mut heart = Heart::new(self.canary, first, Instant::now());
        let _sign_off = SignOff(Arc::clone(self));
        let mut has_confirmed = false;
        let mut beating = FuturesUnordered::new();
        loop {
            let due = heart.due(self.fleet.is_alone());
            tokio::select! {
                heard = ear.next() => {
                    for news in heard.ok_or(RedisCacheError::Lost)? {
                        match news {
                            News::Told(told) => {
                                tell(listener, told);
                                heart.heard_news();
                            }
                            News::Canary(number) => {
                                if let Some(sent) = heart.came_back(number, Instant::now()) {
                                    listener.confirmed(sent);
                                    has_confirmed = true;
                                }
                            }
                            News::Lost => return Err(RedisCacheError::Lost),
                        }
                    }
                }
                Some(beat) = beating.next() => {
                    let (number, done) = beat?;
                    heart.done(number, done);
                    self.strike_off_the_gone().await?;
                }
                () = async { if let Some(due) = due { sleep_until(due).await } } => {
                    let now = Instant::now();
                    if heart.is_deaf(now, self.trust * PATIENCE) {
                        if !has_confirmed {
                            self.try_other_means(means);
                        }
                        return Err(RedisCacheError::Silent);
                    }
                    let number = heart.begin(now);
                    self.beats.store(heart.next_number(), Ordering::SeqCst);
                    let lane = self.lanes.next()?;
                    let confirmed = heart.confirmed(lane.epoch);
                    beating.push(self.beat(lane, number, confirmed, means));
                }
            }
        }
    }

    /// Tracking, unless the server refuses it or has kept silent the last time.
    async fn open_ear(&self) -> Result<(Ear, Means), RedisCacheError> {
        let open = |means| Ear::open(&self.client, &self.keys, self.fleet.me, means);
        if !self.tracking_is_silent.load(Ordering::SeqCst) {
            match open(Means::Tracking).await {
                Err(error) if is_refusal(&error) => self.warn_of_messages(&error),
                opened => return Ok((opened?, Means::Tracking)),
            }
        }
        Ok((open(Means::Messages).await?, Means::Messages))
    }

    /// Some proxies accept tracking and pass no pushes on.
    fn try_other_means(&self, means: Means) {
        let is_silent = means == Means::Tracking;
        self.tracking_is_silent.store(is_silent, Ordering::SeqCst);
        if is_silent {
            self.warn_of_messages(&RedisCacheError::Silent);
        }
    }

    fn warn_of_messages(&self, error: &RedisCacheError) {
        if !self.warned.swap(true, Ordering::SeqCst) {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "the cache server cannot track keys for this user; instances hear of each other by messages"
            );
        }
    }

    async fn beat(
        &self,
        mut lane: Lane,
        number: u64,
        confirmed: i64,
        means: Means,
    ) -> Result<(u64, Moment), RedisCacheError> {
        let me = self.fleet.me;
        let channel = match means {
            Means::Tracking => String::new(),
            Means::Messages => self.keys.canaries(me),
        };
        let call = Call {
            script: &self.scripts.beat,
            keys: vec![self.keys.fleet(), self.keys.canary(me, number)],
            args: vec![
                epoch(lane.epoch),
                me.to_string().into(),
                confirmed.to_string().into(),
                channel.into(),
                number.to_string().into(),
            ],
        };
        let asked = Instant::now();
        let sighting: Sighting = self.run_one(&mut lane, call).await?;
        let done = Moment {
            epoch: lane.epoch,
            at: sighting.at,
        };
        self.fleet.saw(sighting, asked, Instant::now());
        Ok((number, done))
    }

    async fn look(&self) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let asked = Instant::now();
        let call = self.look_call(lane.epoch);
        let sighting = self.run_one(&mut lane, call).await?;
        self.fleet.saw(sighting, asked, Instant::now());
        Ok(())
    }

    async fn settle(&self, mark: i64, deadline: Instant) -> usize {
        let mut pause = FIRST_LOOK;
        loop {
            let behind = self.fleet.behind(mark);
            if behind == Some(0) {
                return 0;
            }
            if Instant::now() >= deadline {
                return behind.unwrap_or(1);
            }
            if behind.is_some() {
                sleep_until(deadline.min(Instant::now() + pause)).await;
                pause = (pause * 2).min(SLOWEST_LOOK);
            }
            // Of many writers that wait one looks for all.
            let before = self.fleet.seen();
            let looked = timeout_at(deadline, async {
                let _turn = self.looking.lock().await;
                if self.fleet.seen() == before {
                    self.look().await
                } else {
                    Ok(())
                }
            });
            if !matches!(looked.await, Ok(Ok(()))) {
                // Nothing is known, so that it has to be waited for.
                sleep_until(deadline).await;
            }
        }
    }

    async fn strike_off_the_gone(&self) -> Result<(), RedisCacheError> {
        for (instance, signed) in self.fleet.gone() {
            self.strike_off(instance, signed).await?;
        }
        Ok(())
    }

    async fn strike_off(&self, instance: Uuid, signed: String) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let call = Call {
            script: &self.scripts.forget,
            keys: vec![self.keys.fleet()],
            args: vec![instance.to_string().into(), signed.into()],
        };
        self.run(&mut lane, &[call]).await?;
        Ok(())
    }

    pub(super) fn look_call(&self, of: u64) -> Call<'_> {
        Call {
            script: &self.scripts.look,
            keys: vec![self.keys.fleet()],
            args: vec![epoch(of)],
        }
    }
}

fn epoch(epoch: u64) -> Vec<u8> {
    format!("{epoch:016x}").into_bytes()
}

fn tell(listener: &dyn Listener, told: Told) {
    match told {
        Told::Entity(entity) => listener.changed(entity),
        Told::All => listener.all_changed(),
        Told::Unknown => {}
    }
}

/// Takes this instance off the list when it listens no more, and has trusted no more for long enough. A process that
/// ends before is found to be silent.
struct SignOff(Arc<Node>);

impl Drop for SignOff {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let Some(signed) = self.0.fleet.signed() else {
            return;
        };
        let node = Arc::clone(&self.0);
        runtime.spawn(async move {
            sleep(node.trust * 2).await;
            // Whoever listens again has signed anew by then, and stays.
            drop(node.strike_off(node.fleet.me, signed).await);
        });
    }
}
