//! The shared tier, as `CacheStore` and `InvalidationBus` promise it.

use super::Seen;
use super::Tier;
use super::guard::Guard;
use crate::cache::Mark;

/// What a cache server holds about the entity, and may lose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Contents {
    /// Version and epoch.
    pub(super) value: Option<(u8, u8)>,
    /// The reader that may fill.
    pub(super) lease: Option<u8>,
    /// A bit for each writer.
    pub(super) fences: u8,
    /// A bit for each position of the change log of which a release is remembered.
    pub(super) released: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Server {
    pub(super) contents: Contents,
    pub(super) epoch: u8,
    /// Fences and releases so far: the clock that marks are of.
    pub(super) clock: u8,
    pub(super) dump: Option<Contents>,
}

/// What [`Server::miss`] says.
pub(super) enum Missed {
    Usable(u8),
    Granted,
    Fenced,
    Busy,
}

impl Server {
    pub(super) fn get(&self, tier: &Tier) -> Option<u8> {
        let (version, epoch) = self.contents.value?;
        if epoch == self.epoch || !tier.has(Guard::EpochIsCompared) {
            Some(version)
        } else {
            tier.saw(Seen::OldEpoch);
            None
        }
    }

    pub(super) fn miss(&mut self, tier: &Tier, reader: u8, refresh: bool) -> Missed {
        if let Some(version) = self.get(tier).filter(|_| !refresh) {
            return Missed::Usable(version);
        }
        if self.contents.fences != 0 && tier.has(Guard::NoLeaseUnderFence) {
            return Missed::Fenced;
        }
        match self.contents.lease {
            Some(holder) if holder != reader => Missed::Busy,
            _ => {
                self.contents.lease = Some(reader);
                Missed::Granted
            }
        }
    }

    pub(super) fn fill(&mut self, tier: &Tier, reader: u8, epoch: u8, version: u8) -> bool {
        let may = (self.contents.lease == Some(reader) || !tier.has(Guard::FillNeedsLease))
            && (self.contents.fences == 0 || !tier.has(Guard::FillNeedsNoFence));
        if may {
            let epoch = if tier.has(Guard::EpochIsTheLeases) {
                epoch
            } else {
                self.epoch
            };
            self.contents.value = Some((version, epoch));
            self.contents.lease = None;
        }
        may
    }

    pub(super) fn fence(&mut self, tier: &Tier, writer: usize) -> Mark {
        self.contents.fences |= 1 << writer;
        self.drop_what(
            tier.has(Guard::FenceDropsValue),
            tier.has(Guard::FenceTakesLeases),
        );
        self.mark()
    }

    /// Says whether the writer's fence still stood.
    pub(super) fn release(&mut self, tier: &Tier, writer: Option<usize>) -> (bool, Mark) {
        let fence = writer.map_or(0, |writer| 1 << writer);
        let intact = self.contents.fences & fence != 0;
        self.contents.fences &= !fence;
        self.drop_what(
            tier.has(Guard::ReleaseDropsValue),
            tier.has(Guard::ReleaseTakesLeases),
        );
        (intact, self.mark())
    }

    fn drop_what(&mut self, value: bool, leases: bool) {
        if value {
            self.contents.value = None;
        }
        if leases {
            self.contents.lease = None;
        }
    }

    fn mark(&mut self) -> Mark {
        self.clock += 1;
        Mark {
            server: self.epoch.into(),
            at: self.clock.into(),
        }
    }

    pub(super) fn restart(&mut self) {
        self.contents = self.dump.unwrap_or_default();
        self.epoch += 1;
    }
}
