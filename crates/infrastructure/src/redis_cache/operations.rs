//! What is asked of one server.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheKey, Entity, Entry, Lease, Mark, Miss, Released, Token};
use application::changelog::LogPosition;
use bytes::Bytes;
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::time::Instant;

use super::lanes::Lane;
use super::node::Node;
use super::scripts::Call;
use super::{RedisCacheError, parse};

/// Entities to one round trip: each costs the server some 20 µs, in which it serves nobody else.
const BATCH: usize = 256;
/// Entries of one entity. When there are more, all are dropped: what a fence drops at once has to be little.
const MOST_ENTRIES: usize = 64;
/// Leases of one entity. When there are more, all are taken away, so that those of readers who died do not pile up.
const MOST_LEASES: usize = 256;
/// What is longer cannot be read in time, and is not an entry.
const LONGEST_ENTRY: usize = 16 << 20;
/// How long it is remembered what was released.
const REMEMBERED: Duration = Duration::from_secs(90);
const WRONG_TYPE: &str = "WRONGTYPE";

impl Node {
    pub(super) async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let got = self.hget(key).query_async(&mut lane.connection).await;
        self.got(key, got, &lane)
    }

    pub(super) async fn get_many(
        &self,
        keys: &[&CacheKey],
    ) -> Result<Vec<Option<Arc<Entry>>>, RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let mut pipeline = redis::Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.add_command(self.hget(key));
        }
        pipeline.ignore_errors();
        let all: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(&mut lane.connection).await;
        let all = all.map_err(|error| self.could_not_read(keys, &lane, error))?;
        let pairs = keys.iter().zip(all);
        pairs.map(|(key, got)| self.got(key, got, &lane)).collect()
    }

    pub(super) async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, RedisCacheError> {
        if let Some(miss) = self.try_miss(key, token, life, refresh).await? {
            return Ok(miss);
        }
        // What is there is not an entry, and stands in nobody's way.
        let missed = self.try_miss(key, token, life, true).await?;
        missed.ok_or(RedisCacheError::Answer)
    }

    pub(super) async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, RedisCacheError> {
        let bytes = entry.encode(key.schema);
        let mut lane = self.lanes.for_size(bytes.len())?;
        if lane.epoch != lease.epoch || bytes.len() > LONGEST_ENTRY {
            return Ok(false);
        }
        let call = Call {
            script: &self.scripts.fill,
            keys: self.keys.of_key(key),
            args: vec![
                key.field().into(),
                lease.token.as_bytes().into(),
                bytes.into(),
                millis(ttl),
                number(MOST_ENTRIES),
            ],
        };
        self.run_one(&mut lane, call).await
    }

    pub(super) async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), RedisCacheError> {
        let mut lane = self.lanes.next()?;
        let call = Call {
            script: &self.scripts.abandon,
            keys: vec![self.keys.leases(key.entity)],
            args: vec![key.field().into(), lease.token.as_bytes().into()],
        };
        self.run(&mut lane, &[call]).await?;
        Ok(())
    }

    pub(super) async fn fence(
        &self,
        entities: &[Entity],
        token: Token,
        life: Duration,
    ) -> Result<Vec<Mark>, RedisCacheError> {
        let mut marks = Vec::new();
        for batch in entities.chunks(BATCH) {
            let mut lane = self.lanes.next()?;
            let call = |entity: &Entity| Call {
                script: &self.scripts.fence,
                keys: self.keys.of_entity(*entity),
                args: vec![
                    token.as_bytes().into(),
                    millis(life),
                    self.channel(),
                    entity.to_string().into(),
                ],
            };
            let calls: Vec<_> = batch.iter().map(call).collect();
            for answer in self.run(&mut lane, &calls).await? {
                note(&mut marks, lane.epoch, parse(answer)?);
            }
        }
        Ok(marks)
    }

    fn hget(&self, key: &CacheKey) -> Cmd {
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
            Err(error) => Err(self.could_not_read(&[key], lane, error)),
        }
    }

    fn could_not_read(&self, keys: &[&CacheKey], lane: &Lane, error: RedisError) -> RedisCacheError {
        self.lanes.failed(lane, &error);
        if error.is_timeout() {
            self.suspects
                .add(keys.iter().map(|key| self.keys.entries(key.entity)));
        }
        error.into()
    }

    /// `None` when what is there is not an entry.
    async fn try_miss(
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

    pub(super) async fn release(
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
            if self.hears() {
                // Who is there is asked in the same round trip, so that a writer that need not wait does not ask.
                calls.push(self.look_call(lane.epoch));
            }
            let asked = Instant::now();
            let mut answers = self.run(&mut lane, &calls).await?;
            if self.hears() {
                let sighting = answers.pop().ok_or(RedisCacheError::Answer)?;
                self.fleet.saw(parse(sighting)?, asked, Instant::now());
            }
            for answer in answers {
                let (at, stood): (i64, bool) = parse(answer)?;
                note(&mut marks, lane.epoch, at);
                intact &= stood;
            }
        }
        Ok(Released { intact, marks })
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
