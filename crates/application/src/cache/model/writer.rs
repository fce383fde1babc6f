//! Writers, as `fenced` runs them.

use super::guard::Guard;
use super::world::{INSTANCES, Said, World};
use super::{Action, How, Reply, Seen, Tier};
use crate::cache::generations::{BEGUN, ENDED, RAISED};
use crate::cache::write::{Effect, Event, Outcome, Write};
use crate::cache::{Mark, Released};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Going {
    write: Write,
    next: Effect,
    /// What it was committed as; 0 for not.
    version: u8,
    /// Its place in the change log, counted from 1; 0 for none yet.
    position: u8,
    /// The release was answered.
    reached: bool,
    /// [`Effect::Settle`] and [`Effect::WaitOut`] have begun.
    waits: bool,
    /// What is to be confirmed after the commit because it was not before.
    later: Option<Vec<Mark>>,
    in_doubt: bool,
    /// A fence was asked for.
    may_be_fenced: bool,
    /// What each instance had asked when the wait began.
    asked: [u8; INSTANCES],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Writer {
    Idle,
    Going(Going),
    Over,
}

impl Writer {
    pub(super) fn may_commit(&self) -> bool {
        matches!(self, Self::Going(going) if matches!(going.next, Effect::Commit))
    }
}

impl Going {
    /// Its instance keeps what it loads from now on.
    fn has_ended(&self) -> bool {
        self.waits && !matches!(self.write, Write::Confirming(_))
    }
}

impl World {
    pub(super) fn writers_can(&self, tier: &Tier, actions: &mut Vec<Action>) {
        for (index, writer) in self.writers.iter().enumerate() {
            let going = match writer {
                Writer::Idle => {
                    actions.push(Action::Write(index));
                    continue;
                }
                Writer::Over => continue,
                Writer::Going(going) => going,
            };
            match &going.next {
                Effect::Commit if tier.setting.relay && going.position == 0 => {
                    actions.push(Action::Open(index));
                }
                Effect::Commit => {
                    actions.push(Action::Commit(index, How::Done));
                    if tier.setting.doubt {
                        let others = [How::Nothing, How::UnknownDone, How::UnknownPending];
                        actions.extend(others.map(|how| Action::Commit(index, how)));
                    }
                }
                Effect::Settle(marks) if going.waits => {
                    let at = marks.iter().map(|mark| mark.at).max().unwrap_or(0);
                    let is_done = |other: usize| {
                        let instance = &self.instances[other];
                        Some(other) == tier.setting.writers[index]
                            || i64::from(instance.confirmed_at) >= at
                            || instance.sent == instance.expired
                    };
                    if (0..INSTANCES).all(is_done) {
                        actions.push(Action::WriteOn(index, Reply::Comes));
                    } else {
                        actions.push(Action::Deadline(index));
                    }
                }
                Effect::WaitOut if going.waits => actions.push(Action::Deadline(index)),
                effect => {
                    let asks = matches!(effect, Effect::Fence | Effect::Release | Effect::FenceAgain);
                    if asks && self.is_away {
                        actions.push(Action::WriteOn(index, Reply::NotReached));
                    } else {
                        actions.push(Action::WriteOn(index, Reply::Comes));
                    }
                    if asks && self.failures > 0 && !self.is_away {
                        actions.push(Action::WriteOn(index, Reply::Lost));
                        actions.push(Action::WriteOn(index, Reply::NotReached));
                    }
                }
            }
            if tier.setting.drops {
                actions.push(Action::Drop(index));
            }
        }
    }

    fn asked(&self) -> [u8; INSTANCES] {
        [self.instances[0].sent, self.instances[1].sent]
    }

    pub(super) fn write(&mut self, tier: &Tier, writer: usize) {
        let at = tier.setting.writers[writer];
        let (write, mut next) = match at {
            Some(at) => {
                let slot = &mut self.instances[at].slot;
                *slot += if tier.has(Guard::NoStampUnderWay) {
                    BEGUN
                } else {
                    RAISED
                };
                Write::start(self.instances[at].is_up(), tier.setting.manner)
            }
            None => (Write::Settling, Effect::Commit),
        };
        let mut write = write;
        if next == Effect::Fence && !tier.has(Guard::WriteFences) {
            (write, next) = write.step(Event::Fenced(Some(Vec::new())), tier.setting.manner);
        }
        self.writers[writer] = Writer::Going(Going {
            write,
            next,
            version: 0,
            position: 0,
            reached: false,
            waits: false,
            later: None,
            in_doubt: false,
            may_be_fenced: false,
            asked: [0; INSTANCES],
        });
    }

    fn going(&self, writer: usize) -> Going {
        match &self.writers[writer] {
            Writer::Going(going) => going.clone(),
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) fn open(&mut self, writer: usize) {
        let mut going = self.going(writer);
        self.database.log.push(0);
        going.position = u8::try_from(self.database.log.len()).unwrap();
        self.writers[writer] = Writer::Going(going);
    }

    pub(super) fn land(&mut self, writer: usize) {
        self.database.pending &= !(1 << writer);
        self.database.version += 1;
    }

    pub(super) fn commit(&mut self, tier: &Tier, writer: usize, how: How) {
        let mut going = self.going(writer);
        match how {
            How::Done | How::UnknownDone => {
                self.database.version += 1;
                going.version = self.database.version;
                if going.position > 0 {
                    self.database.log[usize::from(going.position) - 1] = going.version;
                }
            }
            How::UnknownPending => self.database.pending |= 1 << writer,
            How::Nothing => {}
        }
        if tier.setting.writers[writer].is_none() {
            self.writers[writer] = Writer::Over;
            return;
        }
        let outcome = match how {
            How::Done => Outcome::Done,
            How::Nothing => Outcome::Nothing,
            How::UnknownDone | How::UnknownPending => Outcome::Unknown,
        };
        going.in_doubt = outcome == Outcome::Unknown;
        self.step(tier, writer, going, Event::Committed(outcome));
    }

    /// Does what is next, which is no commit and no wait that has begun and is not over.
    pub(super) fn write_on(&mut self, tier: &Tier, writer: usize, reply: Reply) {
        let mut going = self.going(writer);
        let at = tier.setting.writers[writer].unwrap();
        if reply != Reply::Comes && !self.is_away {
            self.failures -= 1;
        }
        let event = match &going.next {
            Effect::Fence | Effect::FenceAgain => {
                let again = going.next == Effect::FenceAgain;
                let marks = (reply != Reply::NotReached).then(|| {
                    if tier.has(Guard::FenceIsHeard) {
                        self.say(Said::Changed);
                    }
                    vec![self.server.fence(tier, writer)]
                });
                going.may_be_fenced = true;
                let marks = marks.filter(|_| reply == Reply::Comes);
                if marks.is_none() {
                    self.fail(tier, at);
                }
                if again {
                    if marks.is_none() && !tier.has(Guard::DoubtIsNotTidied) {
                        self.left |= 1 << writer;
                    }
                    Event::FencedAgain
                } else {
                    Event::Fenced(marks)
                }
            }
            Effect::Release => {
                let released = (reply != Reply::NotReached).then(|| {
                    if tier.has(Guard::ReleaseIsHeard) {
                        self.say(Said::Changed);
                    }
                    let (intact, mut mark) = self.server.release(tier, Some(writer));
                    if let (Write::Releasing(Some(fence), _), false) =
                        (&going.write, tier.has(Guard::FenceIsOfThisLife))
                    {
                        mark.server = fence[0].server;
                    }
                    if going.position > 0 {
                        self.server.contents.released |= 1 << (going.position - 1);
                    }
                    if !intact {
                        tier.saw(Seen::NotIntact);
                    }
                    Released {
                        intact: intact || !tier.has(Guard::LostFenceIsNoticed),
                        marks: vec![mark],
                    }
                });
                let released = released.filter(|_| reply == Reply::Comes);
                going.reached = released.is_some();
                if released.is_none() {
                    self.left |= u8::from(going.may_be_fenced) << writer;
                    self.fail(tier, at);
                }
                Event::Released(released)
            }
            Effect::Settle(_) | Effect::WaitOut if !going.waits => {
                (going.waits, going.asked) = (true, self.asked());
                if going.has_ended() {
                    self.end(tier, at);
                }
                self.writers[writer] = Writer::Going(going);
                return;
            }
            Effect::Settle(_) => {
                tier.saw(Seen::ConfirmedInTime);
                Event::Settled
            }
            Effect::Acknowledge => {
                self.end(tier, at);
                return self.acknowledge(tier, writer, &going);
            }
            Effect::Report | Effect::Refuse => {
                if going.next == Effect::Refuse {
                    self.left |= u8::from(going.may_be_fenced) << writer;
                }
                // In doubt it ends when the fence does, which is later than anything here.
                if !going.in_doubt {
                    self.end(tier, at);
                }
                self.writers[writer] = Writer::Over;
                return;
            }
            Effect::Commit | Effect::WaitOut => unreachable!(),
        };
        self.step(tier, writer, going, event);
    }

    /// Whatever was sent before the wait began is not trusted any more.
    pub(super) fn deadline(&mut self, tier: &Tier, writer: usize) {
        let going = self.going(writer);
        tier.saw(Seen::WaitedOut);
        if tier.has(Guard::TrustExpires) {
            for (instance, asked) in self.instances.iter_mut().zip(going.asked) {
                let asked = if tier.has(Guard::TrustCountsFromSending) {
                    asked
                } else {
                    asked.min(instance.confirmed())
                };
                instance.expired = instance.expired.max(asked);
            }
        }
        self.step(tier, writer, going, Event::Settled);
    }

    /// As the `Drop` of a write: what it came to is not known.
    pub(super) fn drop_writer(&mut self, tier: &Tier, writer: usize) {
        let going = self.going(writer);
        if going.next == Effect::Commit {
            self.database.pending |= 1 << writer;
        }
        if let Some(at) = tier.setting.writers[writer].filter(|_| !going.has_ended()) {
            if !tier.has(Guard::DoubtIsNotTidied) {
                self.left |= 1 << writer;
            }
            self.fail(tier, at);
        }
        self.writers[writer] = Writer::Over;
    }

    fn step(&mut self, tier: &Tier, writer: usize, mut going: Going, event: Event) {
        let has_ended = going.has_ended();
        let skip = |guard: Guard| !tier.has(guard);
        let (mut write, mut next) = going.write.step(event, tier.setting.manner);
        match &next {
            Effect::Settle(marks)
                if matches!(write, Write::Confirming(_))
                    && (skip(Guard::WriteSettles) || skip(Guard::SettlesFirst)) =>
            {
                going.later = Some(marks.clone()).filter(|_| skip(Guard::SettlesFirst));
                (write, next) = write.step(Event::Settled, tier.setting.manner);
            }
            Effect::FenceAgain if skip(Guard::DoubtStaysFenced) => {
                (write, next) = (Write::Releasing(None, Outcome::Unknown), Effect::Release);
            }
            Effect::Release if skip(Guard::WriteReleases) => next = Effect::Acknowledge,
            Effect::WaitOut if skip(Guard::FailureIsWaitedOut) => next = Effect::Acknowledge,
            Effect::Acknowledge if !has_ended => {
                if let Some(marks) = going.later.take() {
                    next = Effect::Settle(marks);
                }
            }
            _ => {}
        }
        (going.write, going.waits) = (write, false);
        if next == Effect::Acknowledge && has_ended {
            return self.acknowledge(tier, writer, &going);
        }
        going.next = next;
        self.writers[writer] = Writer::Going(going);
    }

    fn end(&mut self, tier: &Tier, at: usize) {
        let slot = &mut self.instances[at].slot;
        match (tier.has(Guard::NoStampUnderWay), tier.has(Guard::EndRaises)) {
            (true, true) => *slot += ENDED,
            (true, false) => *slot -= BEGUN - RAISED,
            (false, true) => *slot += RAISED,
            (false, false) => {}
        }
    }

    fn acknowledge(&mut self, tier: &Tier, writer: usize, going: &Going) {
        tier.saw(Seen::Acknowledged);
        for (instance, acknowledged) in self.acknowledged.iter_mut().enumerate() {
            let binds =
                tier.setting.writers[writer] == Some(instance) || going.reached || tier.setting.binds_all;
            if binds {
                *acknowledged = (*acknowledged).max(going.version);
            }
        }
        self.writers[writer] = Writer::Over;
    }
}
