//! A few connections that all requests share.
//!
//! Invariant: only [`Lanes::connect`] makes connections, so that requests fail at once instead of queueing for a server
//! that does not answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::BytesMut;

use super::MemcachedError;
use super::connection::Connection;
use super::wire::{self, How, Reply};

/// Two, so that a large value holds up half of the others only.
const LANES: usize = 2;

pub(super) struct Lanes {
    address: String,
    slots: [RwLock<Option<Arc<Connection>>>; LANES],
    turn: AtomicUsize,
}

/// Commands that go out together, on one connection, in their order.
#[derive(Default)]
pub(super) struct Commands {
    bytes: BytesMut,
    count: usize,
}

impl Commands {
    pub(super) fn get(&mut self, key: &str) -> &mut Self {
        wire::get(&mut self.bytes, key);
        self.count += 1;
        self
    }

    pub(super) fn set(
        &mut self,
        key: &str,
        value: &[u8],
        life: Option<std::time::Duration>,
        how: How,
    ) -> &mut Self {
        wire::set(&mut self.bytes, key, value, life, how);
        self.count += 1;
        self
    }

    pub(super) fn delete(&mut self, key: &str, cas: u64) -> &mut Self {
        wire::delete(&mut self.bytes, key, cas);
        self.count += 1;
        self
    }
}

impl Lanes {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            slots: Default::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The answers to the commands, one to each.
    pub(super) async fn ask(
        &self,
        commands: &mut Commands,
    ) -> Result<std::vec::IntoIter<Reply>, MemcachedError> {
        let Commands { bytes, count } = std::mem::take(commands);
        let at = self.turn.fetch_add(1, Ordering::Relaxed) % LANES;
        let Some(lane) = self.get(at) else {
            return Err(MemcachedError::NotConnected);
        };
        match lane.ask(bytes.freeze(), count).await {
            Ok(replies) => Ok(replies.into_iter()),
            Err(error) => {
                // After a time-out too: nothing else would ever show that the other end is gone without a word.
                if let Some(slot) = self.slots.get(at) {
                    let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
                    slot.take_if(|current| Arc::ptr_eq(current, &lane));
                }
                Err(error)
            }
        }
    }

    /// The answer to a single command.
    pub(super) async fn ask_one(&self, commands: &mut Commands) -> Result<Reply, MemcachedError> {
        self.ask(commands).await?.next().ok_or(MemcachedError::Answer)
    }

    /// Gives every lane that is down a new connection.
    pub(super) async fn connect(&self) -> Result<(), MemcachedError> {
        for (at, slot) in self.slots.iter().enumerate() {
            if self.get(at).is_none_or(|lane| lane.is_closed()) {
                let lane = Arc::new(Connection::open(&self.address).await?);
                *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(lane);
            }
        }
        Ok(())
    }

    fn get(&self, at: usize) -> Option<Arc<Connection>> {
        self.slots
            .get(at)?
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
