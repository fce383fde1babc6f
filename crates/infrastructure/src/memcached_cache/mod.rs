//! The cache on Memcached: what [`CacheStore`] promises, without scripts.
//!
//! Memcached does one thing at a time to one item, so nothing that takes two items is one step. What makes up for it is
//! that *nothing is ever dropped: it is made unusable*. Every entity has a state with a random generation; every lease and
//! every entry carries the generation under which the lease was given; and only those of the present generation count.
//! Fences and releases write another generation, by compare-and-swap, so that no fence is lost to another writer.
//!
//! # Why it never answers anything older
//!
//! A hit reads the state and the entry in one round trip, and counts as of the instant at which the *state* was read. If
//! write W was released before, the generation read is W's or a later one. An entry that carries it was filled under a
//! lease that was given after somebody read that generation: after W's release, so after W's commit; and it was loaded
//! after that. Whether a fill checks its lease and then stores in one step does not matter: what is stored late carries
//! the old generation, and is a miss. It may overwrite a newer entry, which costs a load.
//!
//! A state that was evicted, or lost with the server, is made anew with a generation that nothing carries. The same holds
//! for everything at once under the *space*, whose name every lease and entry carries too, as its epoch: a purge renames
//! it, and a server that starts knows none. Memcached never comes back with what it had taken away, so that it needs no
//! other epoch: it starts empty, or, told to keep its memory over a restart, with the very state that it ended in.
//!
//! # What it cannot promise
//!
//! Fences live in the same memory as everything else and can be evicted while a write is under way. Then others may fill
//! before the release, and readers that are *concurrent* with that write may see the new and then the old. Once it is
//! acknowledged they do not, as the release has changed the generation again. And where a process dies between commit and
//! release, an evicted fence lets readers see what was before until other instances find the commit in the change log, a
//! tenth of a second later.
//!
//! Nobody is told of fences and releases, so no instance may answer from a tier of its own.
//!
//! # Why not a client that exists
//!
//! What there is either does one command at a time (async-memcached), lacks compare-and-swap (memcache-async), or calls its
//! asynchronous side experimental and reconnects by itself (memcache). Six kinds of line are spoken here (`wire`), on
//! connections that many requests share (`connection`).

mod connection;
mod keys;
mod lanes;
mod records;
mod states;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use application::cache::{
    CacheError, CacheKey, CacheStore, Entity, Entry, Lease, Mark, Miss, Released, Token,
};
use application::changelog::LogPosition;
use async_trait::async_trait;
use url::Url;

use keys::Keys;
use lanes::{Commands, Lanes};
use records::{LeaseRecord, State};
use states::state_in;
use wire::{How, Reply};

const DEFAULT_PORT: u16 = 11211;
/// So often a reader that others get in the way of asks for a lease before it waits.
const TRIES: u32 = 8;

#[derive(Debug, thiserror::Error)]
pub enum MemcachedError {
    #[error("a key prefix has at most 64 letters, digits and : - _ . /")]
    Prefix,
    #[error("the URL must be memcached://HOST or memcached://HOST:PORT")]
    Url,
    #[error("there is no connection")]
    NotConnected,
    #[error("the connection ended")]
    Closed,
    #[error("there was no answer in time")]
    TimedOut,
    #[error("the server answered in a way that is not understood")]
    Answer,
    #[error("the server has no memory for what is small")]
    Refused,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<MemcachedError> for CacheError {
    fn from(error: MemcachedError) -> Self {
        Self::new(error)
    }
}

pub struct MemcachedCache {
    lanes: Lanes,
    keys: Keys,
}

impl MemcachedCache {
    /// A cache at a `memcached://` URL, under keys that begin with `prefix`. Nothing is connected before the first
    /// [`CacheStore::probe`].
    pub fn new(url: &str, prefix: &str) -> Result<Self, MemcachedError> {
        let url = Url::parse(url).map_err(|_| MemcachedError::Url)?;
        let host = url.host_str().ok_or(MemcachedError::Url)?;
        let address = format!("{host}:{}", url.port().unwrap_or(DEFAULT_PORT));
        Ok(Self {
            lanes: Lanes::new(address),
            keys: Keys::new(prefix).ok_or(MemcachedError::Prefix)?,
        })
    }

    async fn look(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, MemcachedError> {
        let mut commands = Commands::default();
        commands.get(&self.keys.space());
        for key in keys {
            commands.get(&self.keys.state(key.entity));
            commands.get(&self.keys.value(key));
        }
        let mut replies = self.lanes.ask(&mut commands).await?;
        let space = replies.next().as_ref().and_then(space_in);
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            let (state, value) = (replies.next(), replies.next());
            let generation = state
                .as_ref()
                .and_then(state_in)
                .map(|(state, _)| state.generation);
            let entry = usable(value.as_ref(), key, space, generation);
            entries.push(entry.map(Arc::new));
        }
        Ok(entries)
    }

    /// One attempt of [`CacheStore::miss`]; `None` when something changed on the way.
    async fn try_miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Option<Miss>, MemcachedError> {
        let mut commands = Commands::default();
        commands
            .get(&self.keys.space())
            .get(&self.keys.state(key.entity))
            .get(&self.keys.lease(key))
            .get(&self.keys.value(key));
        let mut replies = self.lanes.ask(&mut commands).await?;
        let mut next = || replies.next().ok_or(MemcachedError::Answer);
        let (space, state, lease, value) = (next()?, next()?, next()?, next()?);
        let Some(space) = space_in(&space) else {
            self.space().await?;
            return Ok(None);
        };
        let Some((known, _)) = state_in(&state) else {
            self.ensure_state(key.entity, state).await?;
            return Ok(None);
        };
        let State {
            generation, fences, ..
        } = known;
        if !refresh && let Some(entry) = usable(Some(&value), key, Some(space), Some(generation)) {
            return Ok(Some(Miss::Usable(Arc::new(entry))));
        }
        let fences: BTreeSet<_> = fences.into_iter().collect();
        if !self.standing(&fences).await?.is_empty() {
            return Ok(Some(Miss::Fenced));
        }
        let granted = Miss::Granted(Lease { token, epoch: space });
        let wanted = LeaseRecord {
            space,
            generation,
            token,
        };
        let how = match lease {
            Reply::Value { data, cas, left } => match LeaseRecord::decode(&data) {
                Some(held) if held == wanted => return Ok(Some(granted)),
                Some(held) if (held.space, held.generation) == (space, generation) => {
                    let left = Duration::from_secs(left.unwrap_or_default()).min(life);
                    return Ok(Some(Miss::Busy(left)));
                }
                // Of an earlier generation: it has been taken away.
                _ => How::IfUnchanged(cas),
            },
            _ => How::IfAbsent,
        };
        commands.set(&self.keys.lease(key), &wanted.encode(), Some(life), how);
        match self.lanes.ask_one(&mut commands).await? {
            Reply::Done => Ok(Some(granted)),
            Reply::Refused => Err(MemcachedError::Refused),
            _ => Ok(None),
        }
    }

    /// Ends the lease if it is still held; gives the generation that it was held under.
    async fn take_lease(&self, key: &CacheKey, lease: &Lease) -> Result<Option<u128>, MemcachedError> {
        let mut commands = Commands::default();
        commands
            .get(&self.keys.space())
            .get(&self.keys.state(key.entity))
            .get(&self.keys.lease(key));
        let mut replies = self.lanes.ask(&mut commands).await?;
        let (space, state, held) = (replies.next(), replies.next(), replies.next());
        let Some(Reply::Value { data, cas, .. }) = held else {
            return Ok(None);
        };
        let Some(held) = LeaseRecord::decode(&data).filter(|held| held.token == lease.token) else {
            return Ok(None);
        };
        let taken = self
            .lanes
            .ask_one(commands.delete(&self.keys.lease(key), cas))
            .await?;
        let state = state.as_ref().and_then(state_in);
        let is_valid = taken == Reply::Done
            && held.space == lease.epoch
            && space.as_ref().and_then(space_in) == Some(held.space)
            && state.is_some_and(|(state, _)| state.generation == held.generation);
        Ok(is_valid.then_some(held.generation))
    }

    async fn store(
        &self,
        key: &CacheKey,
        entry: &Entry,
        generation: u128,
        ttl: Duration,
    ) -> Result<bool, MemcachedError> {
        let value = records::value_bytes(entry, key, generation);
        let mut commands = Commands::default();
        commands.set(&self.keys.value(key), &value, Some(ttl), How::Always);
        // Refused is what is too large, or does not fit beside what cannot be evicted.
        Ok(self.lanes.ask_one(&mut commands).await? == Reply::Done)
    }
}

#[async_trait]
impl CacheStore for MemcachedCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, CacheError> {
        let found = self.look(std::slice::from_ref(key)).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, CacheError> {
        Ok(self.look(keys).await?)
    }

    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, CacheError> {
        for _ in 0..TRIES {
            if let Some(miss) = self.try_miss(key, token, life, refresh).await? {
                return Ok(miss);
            }
        }
        Ok(Miss::Busy(Duration::ZERO))
    }

    async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        Ok(match self.take_lease(key, lease).await? {
            Some(generation) => self.store(key, entry, generation, ttl).await?,
            None => false,
        })
    }

    async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), CacheError> {
        self.take_lease(key, lease).await?;
        Ok(())
    }

    async fn fence(
        &self,
        entities: &[Entity],
        token: Token,
        life: Duration,
    ) -> Result<Vec<Mark>, CacheError> {
        // First, so that nobody who finds the token among the fences takes it for expired.
        let mut commands = Commands::default();
        commands.set(&self.keys.fence(token), b"", Some(life), How::Always);
        if self
            .lanes
            .ask_one(&mut commands)
            .await
            .map_err(CacheError::from)?
            != Reply::Done
        {
            return Err(MemcachedError::Refused.into());
        }
        let set = |_, state: &mut State| {
            if !state.fences.contains(&token) {
                state.fences.push(token);
            }
            true
        };
        self.rewrite(entities, set).await?;
        Ok(Vec::new())
    }

    async fn release(
        &self,
        entities: &[Entity],
        token: Token,
        position: Option<LogPosition>,
    ) -> Result<Released, CacheError> {
        let end = |_, state: &mut State| {
            let stood = state.fences.contains(&token);
            state.fences.retain(|fence| *fence != token);
            if let Some(at) = position {
                state.remember(at);
            }
            stood
        };
        let intact = self.rewrite(entities, end).await?;
        Ok(Released {
            intact,
            marks: Vec::new(),
        })
    }

    async fn release_missed(&self, changes: &[(Entity, LogPosition)]) -> Result<(), CacheError> {
        let entities: Vec<_> = changes.iter().map(|(entity, _)| *entity).collect();
        let states = self.states(&entities).await?;
        let missed: BTreeMap<_, _> = changes
            .iter()
            .zip(states)
            .filter(|((_, at), state)| !state.as_ref().is_some_and(|state| state.is_released(*at)))
            .map(|(change, _)| *change)
            .collect();
        let entities: Vec<_> = missed.keys().copied().collect();
        let end = |entity, state: &mut State| {
            missed.get(&entity).into_iter().for_each(|at| state.remember(*at));
            true
        };
        self.rewrite(&entities, end).await?;
        Ok(())
    }

    async fn purge(&self) -> Result<(), CacheError> {
        Ok(self.purge_all().await?)
    }

    async fn probe(&self) -> Result<(), CacheError> {
        self.lanes.connect().await?;
        self.space().await?;
        let (key, sent) = (self.keys.probe(), rand::random::<[u8; 16]>());
        let mut commands = Commands::default();
        // Another instance may write in between: the reading is only to be answered.
        commands
            .set(&key, &sent, Some(Duration::from_secs(1)), How::Always)
            .get(&key);
        let mut replies = self.lanes.ask(&mut commands).await?;
        if replies.next() == Some(Reply::Done) && replies.next().is_some() {
            Ok(())
        } else {
            Err(MemcachedError::Refused.into())
        }
    }
}

fn space_in(reply: &Reply) -> Option<u64> {
    match reply {
        Reply::Value { data, .. } => records::space(data),
        _ => None,
    }
}

/// The entry in an answer, if it is of the present space and generation.
fn usable(
    reply: Option<&Reply>,
    key: &CacheKey,
    space: Option<u64>,
    generation: Option<u128>,
) -> Option<Entry> {
    let Some(Reply::Value { data, .. }) = reply else {
        return None;
    };
    let entry = records::value(data, key, generation?)?;
    (Some(entry.epoch) == space).then_some(entry)
}
