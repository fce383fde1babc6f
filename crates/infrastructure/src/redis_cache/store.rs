//! What the cache keeps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use application::cache::{
    CacheError, CacheKey, CacheStore, Entity, Entry, Lease, Mark, Miss, Released, Token,
};
use application::changelog::LogPosition;
use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::time::Instant;

use super::lanes::{ALL_LANES, Lane};
use super::scripts::Call;
use super::{Inner, RedisCache, RedisCacheError, parse};

/// Entities to one round trip: each costs the server some 20 µs, in which it serves nobody else.
const BATCH: usize = 256;
/// Keys looked at in one step of a purge.
const SCAN_STEP: usize = 1000;
/// Entries of one entity. When there are more, all are dropped: what a fence drops at once has to be little.
const MOST_ENTRIES: usize = 64;
/// Leases of one entity. When there are more, all are taken away, so that those of readers who died do not pile up.
const MOST_LEASES: usize = 256;
/// What is longer cannot be read in time, and is not an entry.
const LONGEST_ENTRY: usize = 16 << 20;
/// How long it is remembered what was released.
const REMEMBERED: Duration = Duration::from_secs(90);
const WRONG_TYPE: &str = "WRONGTYPE";

#[async_trait]
impl CacheStore for RedisCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, CacheError> {
        let inner = &self.0;
        let mut lane = inner.lanes.next()?;
        let got = inner.get(key).query_async(&mut lane.connection).await;
        Ok(inner.got(key, got, &lane)?)
    }

    async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, CacheError> {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let inner = &self.0;
        let mut lane = inner.lanes.next()?;
        let mut pipeline = redis::Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.add_command(inner.get(key));
        }
        pipeline.ignore_errors();
        let all: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(&mut lane.connection).await;
        let all = all.map_err(|error| inner.could_not_read(keys, &lane, error))?;
        let pairs = keys.iter().zip(all);
        Ok(pairs
            .map(|(key, got)| inner.got(key, got, &lane))
            .collect::<Result<_, _>>()?)
    }

    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, CacheError> {
        let missed = self.0.miss(key, token, life, refresh).await?;
        match missed {
            Some(miss) => Ok(miss),
            // What is there is not an entry, and stands in nobody's way.
            None => match self.0.miss(key, token, life, true).await? {
                Some(miss) => Ok(miss),
                None => Err(RedisCacheError::Answer.into()),
            },
        }
    }

    async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        let inner = &self.0;
        let bytes = entry.encode(key.schema);
        let mut lane = inner.lanes.for_size(bytes.len())?;
        if lane.epoch != lease.epoch || bytes.len() > LONGEST_ENTRY {
            return Ok(false);
        }
        let call = Call {
            script: &inner.scripts.fill,
            keys: inner.keys.of_key(key),
            args: vec![
                key.field().into(),
                lease.token.as_bytes().into(),
                bytes.into(),
                millis(ttl),
                number(MOST_ENTRIES),
            ],
        };
        Ok(inner.run_one(&mut lane, call).await?)
    }

    async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), CacheError> {
        let inner = &self.0;
        let mut lane = inner.lanes.next()?;
        let call = Call {
            script: &inner.scripts.abandon,
            keys: vec![inner.keys.leases(key.entity)],
            args: vec![key.field().into(), lease.token.as_bytes().into()],
        };
        inner.run(&mut lane, &[call]).await?;
        Ok(())
    }

    async fn fence(
        &self,
        entities: &[Entity],
        token: Token,
        life: Duration,
    ) -> Result<Vec<Mark>, CacheError> {
        let inner = &self.0;
        let mut marks = Vec::new();
        for batch in entities.chunks(BATCH) {
            let mut lane = inner.lanes.next()?;
            let call = |entity: &Entity| Call {
                script: &inner.scripts.fence,
                keys: inner.keys.of_entity(*entity),
                args: vec![
                    token.as_bytes().into(),
                    millis(life),
                    inner.channel(),
                    entity.to_string().into(),
                ],
            };
            let calls: Vec<_> = batch.iter().map(call).collect();
            for answer in inner.run(&mut lane, &calls).await? {
                note(&mut marks, lane.epoch, parse(answer)?);
            }
        }
        Ok(marks)
    }

    async fn release(
        &self,
        entities: &[Entity],
        token: Token,
        position: Option<LogPosition>,
    ) -> Result<Released, CacheError> {
        let all: Vec<_> = entities.iter().map(|entity| (*entity, position)).collect();
        Ok(self.0.release(&all, token, false).await?)
    }

    async fn release_missed(&self, changes: &[(Entity, LogPosition)]) -> Result<(), CacheError> {
        let all: Vec<_> = changes.iter().map(|(entity, at)| (*entity, Some(*at))).collect();
        // No token is nil.
        self.0.release(&all, Token::nil(), true).await?;
        Ok(())
    }

    async fn purge(&self) -> Result<(), CacheError> {
        let inner = &self.0;
        // Leases first: what is filled behind the second scan's back was then loaded after the purge began.
        inner.delete_all(&inner.keys.all_leases()).await?;
        inner.delete_all(&inner.keys.all_entries()).await?;
        // Last: who hears of it finds nothing any more.
        let mut lane = inner.lanes.next()?;
        let call = Call {
            script: &inner.scripts.tell,
            keys: vec![inner.keys.everything()],
            args: vec![inner.channel(), b"*".into()],
        };
        inner.run(&mut lane, &[call]).await?;
        Ok(())
    }

    async fn probe(&self) -> Result<(), CacheError> {
        let inner = &self.0;
        inner.lanes.connect(&inner.scripts).await?;
        for at in 0..ALL_LANES {
            let mut lane = inner.lanes.at(at)?;
            let call = Call {
                script: &inner.scripts.probe,
                keys: vec![inner.keys.probe()],
                args: vec![],
            };
            inner.run(&mut lane, &[call]).await?;
        }
        inner.drop_suspects().await?;
        Ok(inner.may_publish().await?)
    }
}

impl Inner {
    fn get(&self, key: &CacheKey) -> Cmd {
        let mut get = redis::cmd("HGET");
        get.arg(self.keys.entries(key.entity)).arg(key.field());
        get
    }

    fn got(
        &self,
        key: &CacheKey,
        got: RedisResult<Value>,
        lane: &Lane,
    ) -> Result<Option<Arc<Entry>>, RedisCacheError> {
        match got {
            Ok(Value::BulkString(bytes)) => Ok(entry(&bytes.into(), key, lane)),
            Ok(_) => Ok(None),
            Err(error) if error.code() == Some(WRONG_TYPE) => Ok(None),
            Err(error) => Err(self.could_not_read(std::slice::from_ref(key), lane, error)),
        }
    }

    fn could_not_read(&self, keys: &[CacheKey], lane: &Lane, error: RedisError) -> RedisCacheError {
        self.lanes.failed(lane, &error);
        if error.is_timeout() {
            self.suspects
                .add(keys.iter().map(|key| self.keys.entries(key.entity)));
        }
        error.into()
    }

    /// `None` when what is there is not an entry.
    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Option<Miss>, RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let call = Call {
            script: &self.scripts.miss,
            keys: self.keys.of_key(key),
            args: vec![
                key.field().into(),
                token.as_bytes().into(),
                millis(life),
                number(usize::from(refresh)),
                number(LONGEST_ENTRY),
                number(MOST_LEASES),
            ],
        };
        let (outcome, bytes, left): (u8, Bytes, i64) = self.run_one(&mut lane, call).await?;
        Ok(match outcome {
            0 => entry(&bytes, key, &lane).map(Miss::Usable),
            1 => Some(Miss::Fenced),
            2 => Some(Miss::Granted(Lease {
                token,
                epoch: lane.epoch,
            })),
            _ => Some(Miss::Busy(Duration::from_millis(
                u64::try_from(left).unwrap_or_default(),
            ))),
        })
    }

    async fn release(
        &self,
        changes: &[(Entity, Option<LogPosition>)],
        token: Token,
        only_missed: bool,
    ) -> Result<Released, RedisCacheError> {
        let (mut marks, mut intact) = (Vec::new(), true);
        for batch in changes.chunks(BATCH) {
            let mut lane = self.lanes.next()?;
            let call = |(entity, position): &(Entity, Option<LogPosition>)| Call {
                script: &self.scripts.release,
                keys: self.keys.of_entity(*entity),
                args: vec![
                    token.as_bytes().into(),
                    position.map(position_bytes).unwrap_or_default(),
                    millis(REMEMBERED),
                    number(usize::from(only_missed)),
                    self.channel(),
                    entity.to_string().into(),
                ],
            };
            let mut calls: Vec<_> = batch.iter().map(call).collect();
            // Who is there is asked in the same round trip, so that a writer that need not wait does not ask.
            calls.push(self.look_call(lane.epoch));
            let asked = Instant::now();
            let mut answers = self.run(&mut lane, &calls).await?;
            let sighting = answers.pop().ok_or(RedisCacheError::Answer)?;
            self.fleet.saw(parse(sighting)?, asked, Instant::now());
            for answer in answers {
                let (at, stood): (i64, bool) = parse(answer)?;
                note(&mut marks, lane.epoch, at);
                intact &= stood;
            }
        }
        Ok(Released { intact, marks })
    }

    /// Where changes are told to those who cannot track; empty if that is not allowed.
    fn channel(&self) -> Vec<u8> {
        if self.publishes.load(Ordering::Relaxed) {
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
        let unlink = redis::cmd("UNLINK").arg(&suspects).to_owned();
        let dropped = self.command::<()>(&mut lane, &unlink).await;
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
                self.command::<()>(&mut lane, redis::cmd("UNLINK").arg(keys))
                    .await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}

/// The entry in these bytes, if it is one, of this life of the server.
fn entry(bytes: &Bytes, key: &CacheKey, lane: &Lane) -> Option<Arc<Entry>> {
    let entry = Entry::decode(bytes, key.schema)?;
    (entry.epoch == lane.epoch).then(|| Arc::new(entry))
}

/// Keeps the latest of each life of the server.
fn note(marks: &mut Vec<Mark>, server: u64, at: i64) {
    match marks.iter_mut().find(|mark| mark.server == server) {
        Some(mark) => mark.at = mark.at.max(at),
        None => marks.push(Mark { server, at }),
    }
}

fn position_bytes(position: LogPosition) -> Vec<u8> {
    [position.transaction, position.position]
        .map(i64::to_be_bytes)
        .concat()
}

fn number(number: usize) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn millis(time: Duration) -> Vec<u8> {
    // Redis refuses a life of 0.
    time.as_millis().max(1).to_string().into_bytes()
}
