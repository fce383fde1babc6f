//! Everything there is in a model, and what happens in it beside reads and writes.

use super::guard::Guard;
use super::reader::Reader;
use super::server::Server;
use super::setting::{Asks, Dumps, Setting};
use super::writer::Writer;
use super::{Action, Seen, Tier};
use crate::cache::gate::{Outage, State as Gate};
use crate::cache::generations::{RAISED, Stamp};
use domain::Timestamp;

pub(super) const INSTANCES: usize = 2;
/// Nothing here goes by the clock.
pub(super) const EVER: Timestamp = Timestamp::MIN_UTC;

/// A register: its versions are counted in the order of commits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Database {
    pub(super) version: u8,
    /// A bit for each writer whose commit is in doubt and may yet take effect.
    pub(super) pending: u8,
    /// By position, the version that it came to; 0 for not yet.
    pub(super) log: Vec<u8>,
}

impl Database {
    /// Up to where a reader of the log is told everything: to the first that is not committed.
    fn horizon(&self) -> u8 {
        let known = self.log.iter().take_while(|version| **version > 0).count();
        u8::try_from(known).unwrap()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Said {
    Started,
    Changed,
    AllChanged,
    /// The answer to a question, and the server's clock when it was asked.
    Answer {
        question: u8,
        at: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Recovery {
    None,
    /// The log was read and something had changed.
    HasRead(Outage, bool),
    HasReleased(Outage),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Instance {
    /// The generation of the entity and the writes under way on it, and the generation of everything.
    pub(super) slot: u64,
    all: u64,
    /// What it keeps.
    pub(super) own: Option<(u8, Stamp)>,
    pub(super) gate: Gate,
    /// What was said to it and not yet heard; `None` without a connection.
    pub(super) channel: Option<Vec<Said>>,
    /// It has a tier of its own.
    hears: bool,
    /// Questions are counted from 1. Which was sent last,
    pub(super) sent: u8,
    /// which came back last,
    confirmed: u8,
    /// where the server's clock stood then,
    pub(super) confirmed_at: u8,
    /// and which was sent too long ago.
    pub(super) expired: u8,
    recovery: Recovery,
    /// Up to where the change log is being, and has been followed.
    following: u8,
    heard: u8,
}

impl Instance {
    pub(super) fn stamp(&self) -> Option<Stamp> {
        Stamp::of(self.slot, self.all)
    }

    pub(super) fn confirmed(&self) -> u8 {
        self.confirmed
    }

    pub(super) fn trusts(&self) -> bool {
        self.confirmed > self.expired
    }

    pub(super) fn is_up(&self) -> bool {
        self.gate.outage().is_none()
    }

    fn forget(&mut self) {
        self.all += 1;
        self.own = None;
    }

    fn hear(&mut self, tier: &Tier, said: Said) {
        match said {
            Said::Started => {
                self.confirmed = 0;
                if tier.has(Guard::ReconnectingForgets) {
                    self.forget();
                }
            }
            Said::Changed if tier.has(Guard::HearingRaises) => self.slot += RAISED,
            Said::Changed => {}
            Said::AllChanged => self.forget(),
            Said::Answer { question, at } => {
                self.confirmed = question;
                self.confirmed_at = at;
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) database: Database,
    pub(super) server: Server,
    pub(super) instances: [Instance; INSTANCES],
    pub(super) writers: Vec<Writer>,
    pub(super) readers: Vec<Reader>,
    /// Fences that a recovery of their instance is to end.
    pub(super) left: u8,
    /// The newest version that reads on an instance have to show.
    pub(super) acknowledged: [u8; INSTANCES],
    /// The newest that any read has shown.
    pub(super) shown: u8,
    pub(super) failures: u8,
    flushes: u8,
    restarts: u8,
    cuts: u8,
    /// The server is gone.
    pub(super) is_away: bool,
    /// What must not happen.
    pub(super) stale: bool,
    pub(super) went_back: bool,
}

impl World {
    pub(super) fn new(setting: &Setting) -> Self {
        // Who answers nobody from its own tier has none.
        let uses_own = |(at, asks): &(usize, Asks), index| *at == index && *asks != Asks::Strong;
        let has_own =
            |index| setting.own_tiers && setting.readers.iter().any(|reader| uses_own(reader, index));
        let instance = |index: usize| Instance {
            slot: 0,
            all: 0,
            own: Stamp::of(0, 0)
                .filter(|_| setting.warm && has_own(index))
                .map(|stamp| (0, stamp)),
            gate: Gate::default(),
            channel: has_own(index).then(Vec::new),
            hears: has_own(index),
            sent: has_own(index).into(),
            confirmed: has_own(index).into(),
            confirmed_at: 0,
            expired: 0,
            recovery: Recovery::None,
            following: 0,
            heard: 0,
        };
        let mut server = Server::default();
        server.contents.value = setting.warm.then_some((0, 0));
        Self {
            database: Database::default(),
            server,
            instances: [instance(0), instance(1)],
            writers: vec![Writer::Idle; setting.writers.len()],
            readers: vec![Reader::Idle; setting.readers.len()],
            left: 0,
            acknowledged: [0; INSTANCES],
            shown: 0,
            failures: setting.failures,
            flushes: setting.flushes,
            restarts: setting.restarts,
            cuts: setting.cuts,
            is_away: false,
            stale: false,
            went_back: false,
        }
    }

    /// The version that a read that begins now on the instance may not be behind.
    pub(super) fn floor(&self, instance: usize) -> u8 {
        let heard = usize::from(self.instances[instance].heard);
        let told = self.database.log.iter().take(heard).max();
        self.acknowledged[instance].max(told.copied().unwrap_or(0))
    }

    pub(super) fn say(&mut self, said: Said) {
        for instance in &mut self.instances {
            if let Some(channel) = &mut instance.channel {
                channel.push(said);
            }
        }
    }

    pub(super) fn fail(&mut self, tier: &Tier, instance: usize) {
        if tier.has(Guard::FailureClosesGate) {
            self.instances[instance].gate.close(EVER);
        }
    }

    /// Whether the database still has to decide about this writer's commit.
    fn is_undecided(&self, writer: usize) -> bool {
        self.database.pending & (1 << writer) != 0 || self.writers[writer].may_commit()
    }

    pub(super) fn others_can(&self, tier: &Tier, actions: &mut Vec<Action>) {
        let setting = &tier.setting;
        let contents = &self.server.contents;
        for (index, instance) in self.instances.iter().enumerate() {
            match &instance.channel {
                Some(channel) => {
                    if !channel.is_empty() {
                        actions.push(Action::Hear(index));
                    }
                    if instance.sent <= setting.questions && !self.is_away {
                        actions.push(Action::Ask(index));
                    }
                    if self.cuts > 0 {
                        actions.push(Action::Cut(index));
                    }
                }
                None if instance.hears && !self.is_away => actions.push(Action::Reconnect(index)),
                None => {}
            }
            if setting.recovery && (!instance.is_up() || instance.recovery != Recovery::None) {
                actions.push(Action::Recover(index));
            }
            let has_news = instance.following > instance.heard || self.database.horizon() > instance.heard;
            if setting.relay && has_news && setting.readers.iter().any(|(at, _)| *at == index) {
                actions.push(Action::Relay(index));
            }
        }
        if setting.evictions {
            actions.extend(contents.value.map(|_| Action::EvictValue));
            actions.extend(contents.lease.map(|_| Action::EvictLease));
            let kept = |index: &usize| self.instances[*index].own.is_some();
            actions.extend((0..INSTANCES).filter(kept).map(Action::EvictOwn));
        }
        for writer in 0..self.writers.len() {
            let outlasts = tier.has(Guard::FenceOutlastsCommit) && !setting.fences_lost;
            let ends = setting.fences_lost
                || self.writers[writer] == Writer::Over
                || !tier.has(Guard::FenceOutlastsCommit);
            if contents.fences & (1 << writer) != 0 && ends && !(outlasts && self.is_undecided(writer)) {
                actions.push(Action::EndFence(writer));
            }
            if self.database.pending & (1 << writer) != 0 {
                actions.extend([Action::Land(writer), Action::Never(writer)]);
            }
        }
        if setting.dies && !self.is_away {
            actions.push(Action::Die);
        }
        if self.flushes > 0 {
            actions.push(Action::Flush);
        }
        if self.restarts > 0 {
            let (may_dump, must_dump) = match setting.dumps {
                Dumps::Never => (false, false),
                Dumps::Anytime => (true, false),
                Dumps::Fenced => (contents.fences != 0, true),
            };
            let has_dumped = self.server.dump.is_some();
            if has_dumped || !must_dump {
                actions.push(Action::Restart);
            }
            if may_dump && !has_dumped {
                actions.push(Action::Dump);
            }
        }
    }

    pub(super) fn other(&mut self, tier: &Tier, action: Action) {
        let clock = self.server.clock;
        let server = &mut self.server;
        match action {
            Action::Ask(index) => {
                let instance = &mut self.instances[index];
                instance.sent += 1;
                let answer = Said::Answer {
                    question: instance.sent,
                    at: clock,
                };
                instance.channel.as_mut().unwrap().push(answer);
            }
            Action::Hear(index) => {
                let instance = &mut self.instances[index];
                let said = instance.channel.as_mut().unwrap().remove(0);
                instance.hear(tier, said);
            }
            Action::Cut(index) => {
                self.cuts -= 1;
                self.instances[index].channel = None;
            }
            Action::Reconnect(index) => self.instances[index].channel = Some(vec![Said::Started]),
            Action::EvictOwn(index) => self.instances[index].own = None,
            Action::EvictValue => server.contents.value = None,
            Action::EvictLease => server.contents.lease = None,
            Action::EndFence(writer) => server.contents.fences &= !(1 << writer),
            Action::Dump => server.dump = Some(server.contents),
            Action::Flush => {
                self.flushes -= 1;
                server.contents = super::server::Contents::default();
                self.say(Said::AllChanged);
            }
            Action::Restart => {
                self.restarts -= 1;
                server.restart();
                for instance in &mut self.instances {
                    instance.channel = None;
                }
            }
            // Who hears of it, and when, is another matter.
            Action::Die => self.is_away = true,
            Action::Recover(index) => self.recover(tier, index),
            Action::Relay(index) => self.relay(tier, index),
            _ => unreachable!(),
        }
    }

    /// As `recovery::try_to_recover`: the log is read, what changed is released, the gate opens if nothing failed since.
    fn recover(&mut self, tier: &Tier, index: usize) {
        let gate = self.instances[index].gate;
        self.instances[index].recovery = match self.instances[index].recovery {
            Recovery::None => {
                for writer in 0..self.writers.len() {
                    let is_left = self.left & (1 << writer) != 0;
                    if is_left && tier.setting.writers[writer] == Some(index) {
                        self.left &= !(1 << writer);
                        self.server.release(tier, Some(writer));
                        self.say(Said::Changed);
                    }
                }
                Recovery::HasRead(gate.outage().unwrap(), self.database.version > 0)
            }
            Recovery::HasRead(outage, changed) => {
                if changed && tier.has(Guard::RecoveryReleases) {
                    self.server.release(tier, None);
                    self.instances[index].slot += RAISED;
                    self.say(Said::Changed);
                }
                Recovery::HasReleased(outage)
            }
            Recovery::HasReleased(outage) => {
                let outage = if tier.has(Guard::RecoveryCountsFailures) {
                    outage
                } else {
                    gate.outage().unwrap_or(outage)
                };
                if self.instances[index].gate.open(outage) {
                    tier.saw(Seen::Recovered);
                }
                Recovery::None
            }
        };
    }

    /// As `relay::relay`: the log is read up to its horizon, what is not known to be released is, and is then heard of.
    fn relay(&mut self, tier: &Tier, index: usize) {
        let instance = &mut self.instances[index];
        if instance.following == instance.heard {
            instance.following = self.database.horizon();
            return;
        }
        let (from, to) = (instance.heard, instance.following);
        if !instance.is_up() && tier.has(Guard::RelayWaitsForGate) {
            instance.following = from;
            return;
        }
        instance.heard = to;
        if tier.has(Guard::RelayRaises) {
            instance.slot += RAISED;
        }
        let released = self.server.contents.released;
        let is_known = if tier.has(Guard::RelayGoesByChange) {
            (from..to).all(|position| released & (1 << position) != 0)
        } else {
            released >> (to - 1) != 0
        };
        if instance.is_up() && !is_known && tier.has(Guard::RelayReleases) {
            tier.saw(Seen::Relayed);
            self.server.release(tier, None);
            self.server.contents.released |= (1 << to) - (1 << from);
            self.say(Said::Changed);
        }
    }
}
