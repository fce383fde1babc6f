//! Which server has what.

use std::sync::Arc;

use application::cache::Entity;
use redis::ConnectionInfo;

use super::RedisCacheError;
use super::node::Node;

const SLOTS: usize = 16384;

/// Servers, each with what it has of something.
type Split<'a, T> = Vec<(&'a Arc<Node>, Vec<T>)>;

/// The servers of now. Never changed, but replaced.
#[derive(Default)]
pub(super) struct Ring {
    nodes: Vec<Arc<Node>>,
    /// Slot to index of node; empty where one server has all.
    slots: Vec<u16>,
}

impl Ring {
    /// Fails unless every slot is some server's.
    pub(super) fn new(nodes: Vec<Arc<Node>>, slots: &[Vec<(u16, u16)>]) -> Result<Self, RedisCacheError> {
        Ok(Self {
            nodes,
            slots: table(slots).ok_or(RedisCacheError::Uncovered)?,
        })
    }

    pub(super) fn all(&self) -> &[Arc<Node>] {
        &self.nodes
    }

    /// The server that has everything.
    pub(super) fn only(&self) -> Option<&Arc<Node>> {
        self.nodes.first().filter(|_| self.slots.is_empty())
    }

    pub(super) fn infos(&self) -> Vec<ConnectionInfo> {
        self.nodes.iter().map(|node| node.place.info.clone()).collect()
    }

    /// Whether everything is where it is in the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let pairs = self.nodes.iter().zip(&other.nodes);
        self.nodes.len() == other.nodes.len()
            && self.slots == other.slots
            && pairs.into_iter().all(|(a, b)| Arc::ptr_eq(a, b))
    }

    pub(super) fn of(&self, entity: Entity) -> Result<&Arc<Node>, RedisCacheError> {
        let index = if self.slots.is_empty() {
            Some(0)
        } else {
            self.slots.get(slot(entity)).map(|index| usize::from(*index))
        };
        index
            .and_then(|index| self.nodes.get(index))
            .ok_or(RedisCacheError::NotConnected)
    }

    /// Each server with what it has of these, in their order.
    pub(super) fn split<T>(
        &self,
        all: impl IntoIterator<Item = T>,
        entity: impl Fn(&T) -> Entity,
    ) -> Result<Split<'_, T>, RedisCacheError> {
        let mut split: Split<'_, T> = Vec::new();
        for item in all {
            let node = self.of(entity(&item))?;
            match split.iter_mut().find(|(other, _)| Arc::ptr_eq(other, node)) {
                Some((_, items)) => items.push(item),
                None => split.push((node, vec![item])),
            }
        }
        Ok(split)
    }
}

fn table(slots: &[Vec<(u16, u16)>]) -> Option<Vec<u16>> {
    if slots.iter().all(Vec::is_empty) {
        return Some(vec![]);
    }
    let mut table = vec![None; SLOTS];
    for (index, ranges) in slots.iter().enumerate() {
        for (first, last) in ranges {
            let range = table.get_mut(usize::from(*first)..=usize::from(*last))?;
            range.fill(Some(u16::try_from(index).ok()?));
        }
    }
    table.into_iter().collect()
}

fn slot(entity: Entity) -> usize {
    usize::from(crc16(entity.to_string().as_bytes())) % SLOTS
}

/// CRC-16/XMODEM, as Redis Cluster has it.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

/// A hash tag of a key that falls into these slots.
pub(super) fn tag_in(slots: &[(u16, u16)]) -> String {
    (0..u32::MAX)
        .map(|number| number.to_string())
        .find(|tag| {
            let slot = crc16(tag.as_bytes()) % 16384;
            slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b"foo") % 16384, 12182);
    }

    #[test]
    fn tags_fall_where_they_should() {
        for slots in [[(0, 99)], [(16000, 16383)], [(7, 7)]] {
            let slot = crc16(tag_in(&slots).as_bytes()) % 16384;
            assert!((slots[0].0..=slots[0].1).contains(&slot));
        }
    }

    #[test]
    fn every_slot_has_to_be_covered() {
        assert_eq!(table(&[vec![]]), Some(vec![]));
        assert_eq!(table(&[vec![(0, 8191)], vec![(8192, 16382)]]), None);
        let full = table(&[vec![(0, 8191), (16383, 16383)], vec![(8192, 16382)]]);
        let full = full.unwrap_or_default();
        let owners = [0, 8192, 16383].map(|slot| full.get(slot).copied());
        assert_eq!(owners, [Some(0), Some(1), Some(0)]);
        assert_eq!(table(&[vec![(0, 16384)]]), None);
    }
}
