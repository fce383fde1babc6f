//! Readers, as `answers` runs them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::guard::Guard;
use super::server::Missed;
use super::setting::Asks;
use super::world::World;
use super::{Action, Seen, Tier};
use crate::cache::generations::Stamp;
use crate::cache::read::{Effect, Event, Read, Reason};
use crate::cache::{Entry, Kind, Lease, Miss};

/// Long enough for one wait.
const PATIENCE: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Going {
    read: Read,
    next: Next,
    /// The stamp that was noted first, if what it gets may be kept.
    stamp: Option<Stamp>,
    /// Others may join.
    boards: bool,
    after: After,
}

/// What a read comes after, and so may not be behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct After {
    acknowledged: u8,
    shown: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Next {
    Get,
    Miss,
    Wait,
    /// With the epoch of its lease, if it has one.
    Load(Option<u8>),
    Fill {
        epoch: u8,
        version: u8,
    },
    Land {
        version: u8,
        keep: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reader {
    Idle,
    Going(Going),
    /// Waits for another one's load.
    Joined(usize, After),
    Over,
}

fn entry(version: u8) -> Arc<Entry> {
    Arc::new(Entry {
        kind: Kind::Value,
        epoch: 0,
        version: version.into(),
        made: 0,
        fresh_until: 0,
        true_until: None,
        load_cost: 0,
        etag: String::new(),
        facts: Bytes::new(),
        body: Bytes::new(),
    })
}

fn next(tier: &Tier, effect: Effect) -> Next {
    match effect {
        Effect::Get => Next::Get,
        Effect::Miss => Next::Miss,
        Effect::Wait(_) => Next::Wait,
        Effect::Load(Reason::Granted(lease)) => Next::Load(Some(u8::try_from(lease.epoch).unwrap())),
        Effect::Load(reason) => {
            tier.saw(match reason {
                Reason::Busy => Seen::Busy,
                _ => Seen::Fenced,
            });
            Next::Load(None)
        }
        Effect::Answer(entry) => {
            tier.saw(Seen::SharedHit);
            Next::Land {
                version: u8::try_from(entry.version).unwrap(),
                keep: true,
            }
        }
    }
}

impl World {
    pub(super) fn readers_can(&self, actions: &mut Vec<Action>) {
        let mut before = true;
        for (index, reader) in self.readers.iter().enumerate() {
            match reader {
                Reader::Idle => {
                    if before {
                        actions.push(Action::Read(index));
                    }
                    before = false;
                }
                Reader::Going(going) => {
                    let asks = matches!(going.next, Next::Get | Next::Miss | Next::Fill { .. });
                    if !(asks && self.is_away) {
                        actions.push(Action::ReadOn(index));
                    }
                    if asks && (self.failures > 0 || self.is_away) {
                        actions.push(Action::ReadFails(index));
                    }
                }
                Reader::Joined(..) | Reader::Over => {}
            }
        }
    }

    pub(super) fn read(&mut self, tier: &Tier, reader: usize) {
        let (at, asks) = tier.setting.readers[reader];
        let after = After {
            acknowledged: self.floor(at),
            shown: self.shown,
        };
        let trusts = self.instances[at].trusts() || !tier.has(Guard::TrustIsAsked);
        let trusted = self.instances[at].stamp().filter(|_| match asks {
            Asks::Bounded => tier.setting.own_tiers && trusts,
            Asks::Strong => false,
            Asks::Refresh => tier.setting.own_tiers,
        });
        if asks == Asks::Bounded
            && let (Some(stamp), Some((version, under))) = (trusted, self.instances[at].own)
        {
            if under == stamp || !tier.has(Guard::StampIsCompared) {
                tier.saw(Seen::OwnHit);
                return self.answer(tier, reader, version, after);
            }
            self.instances[at].own = None;
        }
        if asks == Asks::Bounded
            && let Some(stamp) = trusted
            && let Some(leader) = self.flight(tier, at, stamp)
        {
            tier.saw(Seen::Joined);
            self.readers[reader] = Reader::Joined(leader, after);
            return;
        }
        let (read, effect) = Read::start(self.instances[at].is_up());
        let mut next = next(tier, effect);
        if asks == Asks::Refresh && next == Next::Get {
            next = Next::Miss;
        }
        self.readers[reader] = Reader::Going(Going {
            read,
            next,
            stamp: trusted,
            boards: asks == Asks::Bounded && trusted.is_some(),
            after,
        });
    }

    /// A load of the instance that a reader with this stamp may join.
    fn flight(&self, tier: &Tier, at: usize, stamp: Stamp) -> Option<usize> {
        (0..self.readers.len()).find(|other| match &self.readers[*other] {
            Reader::Going(going) => {
                going.boards
                    && tier.setting.readers[*other].0 == at
                    && (going.stamp == Some(stamp) || !tier.has(Guard::JoinsPresentOnly))
            }
            _ => false,
        })
    }

    pub(super) fn read_on(&mut self, tier: &Tier, reader: usize) {
        let Reader::Going(mut going) = self.readers[reader] else {
            unreachable!()
        };
        let (_, asks) = tier.setting.readers[reader];
        let token = u8::try_from(reader).unwrap();
        let event = match going.next {
            Next::Get => Event::Got(self.server.get(tier).map(entry)),
            Next::Miss => Event::Missed(match self.server.miss(tier, token, asks == Asks::Refresh) {
                Missed::Usable(version) => Miss::Usable(entry(version)),
                Missed::Granted => Miss::Granted(Lease {
                    token: Uuid::from_u128(token.into()),
                    epoch: self.server.epoch.into(),
                }),
                Missed::Fenced => Miss::Fenced,
                Missed::Busy => Miss::Busy(Duration::ZERO),
            }),
            Next::Wait => Event::Waited,
            Next::Load(granted) => {
                let version = self.database.version;
                going.boards &= granted.is_some() || !tier.has(Guard::UnleasedLoadsLeave);
                going.next = match granted {
                    Some(epoch) => Next::Fill { epoch, version },
                    None => Next::Land {
                        version,
                        keep: !tier.has(Guard::KeptOnlyIfFilled),
                    },
                };
                self.readers[reader] = Reader::Going(going);
                return;
            }
            Next::Fill { epoch, version } => {
                let taken = self.server.fill(tier, token, epoch, version);
                tier.saw(if taken { Seen::FillTaken } else { Seen::FillRefused });
                going.next = Next::Land {
                    version,
                    keep: taken || !tier.has(Guard::KeptOnlyIfFilled),
                };
                self.readers[reader] = Reader::Going(going);
                return;
            }
            Next::Land { version, keep } => return self.lands(tier, reader, going, version, keep),
        };
        let (read, effect) = going.read.step(event, PATIENCE);
        (going.read, going.next) = (read, next(tier, effect));
        self.readers[reader] = Reader::Going(going);
    }

    fn lands(&mut self, tier: &Tier, reader: usize, going: Going, version: u8, keep: bool) {
        let (at, _) = tier.setting.readers[reader];
        let instance = &mut self.instances[at];
        let present = instance.stamp();
        let stamp = going.stamp.filter(|_| keep && tier.setting.own_tiers);
        if !tier.has(Guard::StampComesFirst) && stamp.is_some() {
            instance.own = present.map(|stamp| (version, stamp));
        } else if let Some(stamp) = stamp
            && (present == Some(stamp) || !tier.has(Guard::KeptUnderPresentStamp))
        {
            instance.own = Some((version, stamp));
        }
        self.answer(tier, reader, version, going.after);
        for index in 0..self.readers.len() {
            if let Reader::Joined(leader, after) = self.readers[index]
                && leader == reader
            {
                self.answer(tier, index, version, after);
            }
        }
    }

    pub(super) fn read_fails(&mut self, tier: &Tier, reader: usize) {
        let Reader::Going(mut going) = self.readers[reader] else {
            unreachable!()
        };
        let (at, _) = tier.setting.readers[reader];
        if !self.is_away {
            self.failures -= 1;
        }
        self.fail(tier, at);
        if let Next::Fill { version, .. } = going.next {
            going.next = Next::Land {
                version,
                keep: !tier.has(Guard::KeptOnlyIfFilled),
            };
        } else {
            let (read, effect) = going.read.step(Event::Failed, PATIENCE);
            (going.read, going.next) = (read, next(tier, effect));
        }
        self.readers[reader] = Reader::Going(going);
    }

    fn answer(&mut self, tier: &Tier, reader: usize, version: u8, after: After) {
        self.readers[reader] = Reader::Over;
        if tier.setting.readers[reader].1 != Asks::Refresh {
            self.stale |= version < after.acknowledged;
            if tier.setting.never_back {
                self.went_back |= version < after.shown;
                self.shown = self.shown.max(version);
            }
        }
    }
}
