//! The states of entities, read and rewritten.
//!
//! Invariant: a state is replaced only by one that was made from it, or, where that never succeeds, by one with another
//! generation: who goes by the generation of an entity is never wrong about what may be answered.

use std::collections::BTreeSet;
use std::time::Duration;

use application::cache::{Entity, Token};
use tokio::time::{Instant, sleep};

use super::lanes::Commands;
use super::records::{self, State};
use super::wire::{How, Reply};
use super::{MemcachedCache, MemcachedError};

/// Entities to one round trip.
const BATCH: usize = 256;
/// For so long a state is rewritten before it is replaced without regard to what others made of it, their fences included.
/// A hundred writers of one entity at once get through in less.
const PATIENCE: Duration = Duration::from_millis(500);
/// The longest pause before another attempt, in milliseconds.
const LONGEST_PAUSE: u64 = 20;

impl MemcachedCache {
    /// The name under which everything is kept at present.
    pub(super) async fn space(&self) -> Result<u64, MemcachedError> {
        let key = self.keys.space();
        let mut commands = Commands::default();
        match self.lanes.ask_one(commands.get(&key)).await? {
            Reply::Value { data, cas, .. } => match records::space(&data) {
                Some(space) => Ok(space),
                None => self.rename_space(How::IfUnchanged(cas)).await,
            },
            _ => self.rename_space(How::IfAbsent).await,
        }
    }

    /// Gives everything that is kept from now on another name; another instance may have done it at the same time.
    async fn rename_space(&self, how: How) -> Result<u64, MemcachedError> {
        let space: u64 = rand::random();
        let mut commands = Commands::default();
        commands.set(&self.keys.space(), &records::space_bytes(space), None, how);
        match self.lanes.ask_one(&mut commands).await? {
            Reply::Done => Ok(space),
            Reply::Refused => Err(MemcachedError::Refused),
            _ => match self.lanes.ask_one(commands.get(&self.keys.space())).await? {
                Reply::Value { data, .. } => records::space(&data).ok_or(MemcachedError::Answer),
                _ => Err(MemcachedError::Answer),
            },
        }
    }

    pub(super) async fn purge_all(&self) -> Result<(), MemcachedError> {
        self.rename_space(How::Always).await.map(drop)
    }

    /// Those of the fences that have not expired.
    pub(super) async fn standing(&self, fences: &BTreeSet<Token>) -> Result<BTreeSet<Token>, MemcachedError> {
        let mut standing = BTreeSet::new();
        if fences.is_empty() {
            return Ok(standing);
        }
        let mut commands = Commands::default();
        for fence in fences {
            commands.get(&self.keys.fence(*fence));
        }
        for (fence, reply) in fences.iter().zip(self.lanes.ask(&mut commands).await?) {
            if matches!(reply, Reply::Value { .. }) {
                standing.insert(*fence);
            }
        }
        Ok(standing)
    }

    /// The state of the entity, made if there is none.
    pub(super) async fn ensure_state(&self, entity: Entity, found: Reply) -> Result<(), MemcachedError> {
        let how = match found {
            Reply::Value { cas, .. } => How::IfUnchanged(cas),
            _ => How::IfAbsent,
        };
        let mut commands = Commands::default();
        commands.set(&self.keys.state(entity), &State::fresh().encode(), None, how);
        match self.lanes.ask_one(&mut commands).await? {
            Reply::Refused => Err(MemcachedError::Refused),
            _ => Ok(()),
        }
    }

    pub(super) async fn states(&self, entities: &[Entity]) -> Result<Vec<Option<State>>, MemcachedError> {
        let mut states = Vec::with_capacity(entities.len());
        for batch in entities.chunks(BATCH) {
            let mut commands = Commands::default();
            for entity in batch {
                commands.get(&self.keys.state(*entity));
            }
            let replies = self.lanes.ask(&mut commands).await?;
            states.extend(replies.map(|reply| state_in(&reply).map(|(state, _)| state)));
        }
        Ok(states)
    }

    /// Gives every entity a new generation, with what else `change` does to its state. Fences that have expired are gone
    /// from what it is given. Says whether it held, of every one of them, what `change` says of it.
    pub(super) async fn rewrite(
        &self,
        entities: &[Entity],
        change: impl Fn(Entity, &mut State) -> bool + Send + Sync,
    ) -> Result<bool, MemcachedError> {
        let mut held = true;
        for batch in entities.chunks(BATCH) {
            let mut pending = batch.to_vec();
            let deadline = Instant::now() + PATIENCE;
            for turn in 1_u64.. {
                let regardless = Instant::now() > deadline;
                held &= self.rewrite_once(&mut pending, &change, regardless).await?;
                if pending.is_empty() {
                    break;
                }
                let longest = (2 * turn).min(LONGEST_PAUSE);
                sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
            }
        }
        Ok(held)
    }

    /// Leaves in `pending` those that others changed meanwhile.
    async fn rewrite_once(
        &self,
        pending: &mut Vec<Entity>,
        change: &(impl Fn(Entity, &mut State) -> bool + Send + Sync),
        regardless: bool,
    ) -> Result<bool, MemcachedError> {
        let mut commands = Commands::default();
        for entity in &*pending {
            commands.get(&self.keys.state(*entity));
        }
        let found: Vec<_> = self.lanes.ask(&mut commands).await?.collect();
        let known: Vec<_> = found.iter().map(state_in).collect();
        let fences = known.iter().flatten().flat_map(|(state, _)| &state.fences);
        let standing = self.standing(&fences.copied().collect()).await?;
        let mut held = Vec::with_capacity(pending.len());
        for ((entity, reply), known) in pending.iter().zip(&found).zip(known) {
            let mut state = known.map_or_else(State::fresh, |(state, _)| state);
            state.fences.retain(|fence| standing.contains(fence));
            held.push(change(*entity, &mut state));
            state.generation = rand::random();
            let how = match reply {
                _ if regardless => How::Always,
                Reply::Value { cas, .. } => How::IfUnchanged(*cas),
                _ => How::IfAbsent,
            };
            commands.set(&self.keys.state(*entity), &state.encode(), None, how);
        }
        let mut left = Vec::new();
        let mut all_held = true;
        for ((entity, held), reply) in pending.iter().zip(held).zip(self.lanes.ask(&mut commands).await?) {
            match reply {
                Reply::Done => all_held &= held,
                Reply::Refused => return Err(MemcachedError::Refused),
                _ => left.push(*entity),
            }
        }
        *pending = left;
        Ok(all_held)
    }
}

/// The state in an answer, with its tag.
pub(super) fn state_in(reply: &Reply) -> Option<(State, u64)> {
    match reply {
        Reply::Value { data, cas, .. } => Some((State::decode(data)?, *cas)),
        _ => None,
    }
}
