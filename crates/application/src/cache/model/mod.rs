//! A model of the cache that is searched exhaustively: one entity, a database, the shared tier, two instances, writers and
//! readers, in every order that their steps can take.
//!
//! It drives the product's own rules: [`Read`](super::read::Read), [`Write`](super::write::Write), the generations'
//! arithmetic and [`Stamp`](super::generations::Stamp), and the gate's [`State`](super::gate::State). What the adapters
//! do (the ports' contracts), and what `answers`, `fenced`, `relay`, `recovery` and `trust` do around those rules, is
//! written down here once more, step by step.
//!
//! Time is not counted. What a time-out can do, it may do at any moment; what it cannot do is excluded: an instance's
//! questions sent before a writer began to wait are expired when the writer's wait is over, and a fence outlasts the
//! database's time-outs unless the setting says that fences may be lost.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::struct_excessive_bools,
    reason = "what is out of range fails the search"
)]

mod guard;
mod reader;
mod server;
mod setting;
mod tests;
mod world;
mod writer;

use std::sync::atomic::{AtomicU32, Ordering};

use stateright::{Model, Property};

use self::guard::Guard;
use self::setting::Setting;
use self::world::World;

/// That something happened at all, so that a search that finds nothing wrong has not looked past it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    OwnHit,
    SharedHit,
    FillTaken,
    FillRefused,
    Fenced,
    Busy,
    Joined,
    ConfirmedInTime,
    WaitedOut,
    Acknowledged,
    Recovered,
    Relayed,
    NotIntact,
    OldEpoch,
}

/// How an operation on the shared tier ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reply {
    Comes,
    /// It was done, and nobody hears of it.
    Lost,
    /// It was not done.
    NotReached,
}

/// How a commit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum How {
    Done,
    Nothing,
    /// The outcome is unknown, and it has taken effect,
    UnknownDone,
    /// or will yet, or not.
    UnknownPending,
}

/// Instances, writers and readers go by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    /// A reader begins,
    Read(usize),
    /// does its next step,
    ReadOn(usize),
    /// or that step fails.
    ReadFails(usize),
    /// A writer begins,
    Write(usize),
    /// does its next step with the shared tier, or by itself,
    WriteOn(usize, Reply),
    /// opens its transaction, which gives it its place in the change log,
    Open(usize),
    /// commits,
    Commit(usize, How),
    /// has waited for as long as anything sent before is trusted,
    Deadline(usize),
    /// or is dropped between two steps.
    Drop(usize),
    /// A commit in doubt takes effect,
    Land(usize),
    /// or never will.
    Never(usize),
    /// An instance asks whether it still hears everything.
    Ask(usize),
    /// It hears the next of what was said to it.
    Hear(usize),
    /// Its connection is lost,
    Cut(usize),
    /// and is there again.
    Reconnect(usize),
    EvictOwn(usize),
    EvictValue,
    EvictLease,
    /// A fence expires or is lost.
    EndFence(usize),
    Flush,
    Dump,
    /// The cache server starts again, from the dump if there is one.
    Restart,
    /// It is gone for good, for all.
    Die,
    /// A recovery's next step.
    Recover(usize),
    /// The next step of following the change log.
    Relay(usize),
}

/// A setting, less the guards that are taken out.
struct Tier {
    setting: Setting,
    without: &'static [Guard],
    seen: AtomicU32,
}

impl Tier {
    fn new(setting: Setting, without: &'static [Guard]) -> Self {
        Self {
            setting,
            without,
            seen: AtomicU32::new(0),
        }
    }

    fn has(&self, guard: Guard) -> bool {
        !self.without.contains(&guard)
    }

    fn saw(&self, what: Seen) {
        self.seen.fetch_or(1 << what as u32, Ordering::Relaxed);
    }
}

impl Model for Tier {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(&self.setting)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        world.readers_can(actions);
        world.writers_can(self, actions);
        world.others_can(self, actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Read(reader) => world.read(self, reader),
            Action::ReadOn(reader) => world.read_on(self, reader),
            Action::ReadFails(reader) => world.read_fails(self, reader),
            Action::Write(writer) => world.write(self, writer),
            Action::WriteOn(writer, reply) => world.write_on(self, writer, reply),
            Action::Open(writer) => world.open(writer),
            Action::Commit(writer, how) => world.commit(self, writer, how),
            Action::Deadline(writer) => world.deadline(self, writer),
            Action::Drop(writer) => world.drop_writer(self, writer),
            Action::Land(writer) => world.land(writer),
            Action::Never(writer) => world.database.pending &= !(1 << writer),
            other => world.other(self, other),
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NEVER_OLDER, |_, world: &World| !world.stale),
            Property::always(NEVER_BACK, |tier: &Self, world: &World| {
                !(tier.setting.never_back && world.went_back)
            }),
        ]
    }
}

/// No read answers anything older than what was acknowledged, or heard of by the change log, before it began.
const NEVER_OLDER: &str = "never older than acknowledged";
/// Nor anything older than a read that ended before it began.
const NEVER_BACK: &str = "never back";
