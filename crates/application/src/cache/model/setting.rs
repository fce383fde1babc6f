//! What is in a model, and what may happen in it. Each setting is small enough to be searched to its end.

use crate::cache::write::Manner;
use crate::cache::{Acknowledge, WriteMode};

/// What a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// What its instance keeps will do.
    Bounded,
    Strong,
    /// For an entry to be loaded anew before it expires; answers nobody.
    Refresh,
}

/// When a server that starts again later took the dump that it starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dumps {
    /// It starts from nothing.
    Never,
    /// Or it starts from nothing.
    Anytime,
    /// While a fence stood, and it starts from no other.
    Fenced,
}

#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) manner: Manner,
    /// The instance of each writer; `None` is SQL that goes past the service.
    pub(super) writers: Vec<Option<usize>>,
    /// The instance of each reader. They begin in this order, at any time.
    pub(super) readers: Vec<(usize, Asks)>,
    /// Instances have tiers of their own.
    pub(super) own_tiers: bool,
    /// All tiers have the value of before at the beginning.
    pub(super) warm: bool,
    /// How often an instance asks, after the first time.
    pub(super) questions: u8,
    /// What the shared tier has may go, and leases may expire, at any time.
    pub(super) evictions: bool,
    /// So may fences.
    pub(super) fences_lost: bool,
    /// Commits may fail, or their outcome be unknown.
    pub(super) doubt: bool,
    /// Writers may be dropped between two steps.
    pub(super) drops: bool,
    /// Operations on the shared tier that fail.
    pub(super) failures: u8,
    /// Recoveries happen.
    pub(super) recovery: bool,
    /// The change log is followed, and transactions may commit in another order than they began.
    pub(super) relay: bool,
    /// Everything is lost, the connections stay.
    pub(super) flushes: u8,
    /// The server starts again.
    pub(super) restarts: u8,
    pub(super) dumps: Dumps,
    /// The server goes away for ever.
    pub(super) dies: bool,
    /// Connections to hear by that are lost.
    pub(super) cuts: u8,
    /// An acknowledged write binds all instances even if its release failed.
    pub(super) binds_all: bool,
    /// A read may not answer anything older than one that ended before it began.
    pub(super) never_back: bool,
}

pub(super) const LINEARIZABLE: Manner = Manner {
    mode: WriteMode::Strict,
    acknowledge: Acknowledge::Linearizable,
};
pub(super) const AVAILABLE: Manner = Manner {
    mode: WriteMode::Available,
    ..LINEARIZABLE
};
pub(super) const IMMEDIATE: Manner = Manner {
    acknowledge: Acknowledge::Immediate,
    ..LINEARIZABLE
};

/// Two readers of the shared tier, on two instances; all that it holds may be lost piece by piece.
pub(super) fn shared() -> Setting {
    Setting {
        evictions: true,
        fences_lost: true,
        ..Setting::default()
    }
}

/// Three readers of the shared tier, whose fences last.
pub(super) fn lasting() -> Setting {
    Setting {
        readers: vec![(0, Asks::Bounded), (1, Asks::Bounded), (1, Asks::Bounded)],
        never_back: true,
        ..Setting::default()
    }
}

/// Two readers on an instance that did not write, with a tier of its own that has the value of before.
pub(super) fn own() -> Setting {
    Setting {
        readers: vec![(1, Asks::Bounded), (1, Asks::Bounded)],
        own_tiers: true,
        warm: true,
        questions: 2,
        never_back: true,
        ..Setting::default()
    }
}

/// A reader on each instance, both with tiers of their own.
pub(super) fn both() -> Setting {
    Setting {
        readers: Setting::default().readers,
        questions: 1,
        ..own()
    }
}

/// The same, but fences may be lost at any time.
pub(super) fn unfenced(setting: Setting) -> Setting {
    Setting {
        fences_lost: true,
        ..older_only(setting)
    }
}

/// The same, but answers may go back.
pub(super) fn older_only(setting: Setting) -> Setting {
    Setting {
        never_back: false,
        ..setting
    }
}

/// The same with nothing kept yet.
pub(super) fn cold() -> Setting {
    Setting { warm: false, ..own() }
}

/// Two readers on the instance that writes.
pub(super) fn writing() -> Setting {
    Setting {
        readers: vec![(0, Asks::Bounded), (0, Asks::Bounded)],
        questions: 1,
        ..unfenced(cold())
    }
}

/// A server that starts again from a dump, after it lost what the dump has.
pub(super) fn back_from_the_dump() -> Setting {
    Setting {
        restarts: 1,
        dumps: Dumps::Fenced,
        questions: 1,
        ..unfenced(cold())
    }
}

/// A server that is lost to all at any time, in a mode in which writes go on.
pub(super) fn away() -> Setting {
    Setting {
        manner: AVAILABLE,
        dies: true,
        failures: 1,
        questions: 1,
        ..older_only(own())
    }
}

/// Writes on an instance that may lose the shared tier, and goes on.
pub(super) fn cut_off() -> Setting {
    Setting {
        manner: AVAILABLE,
        readers: vec![(0, Asks::Bounded), (0, Asks::Bounded)],
        warm: true,
        failures: 2,
        recovery: true,
        binds_all: false,
        ..Setting::default()
    }
}

/// SQL past the service beside a writer of it.
pub(super) fn past_the_service() -> Setting {
    Setting {
        writers: vec![Some(0), None],
        readers: vec![(0, Asks::Bounded), (0, Asks::Bounded)],
        warm: true,
        relay: true,
        ..Setting::default()
    }
}

/// SQL past the service while an instance loses the shared tier and has it back.
pub(super) fn past_the_service_in_an_outage() -> Setting {
    Setting {
        writers: vec![None],
        failures: 1,
        recovery: true,
        ..past_the_service()
    }
}

/// Commits whose outcome is unknown.
pub(super) fn doubtful() -> Setting {
    Setting {
        doubt: true,
        ..lasting()
    }
}

/// A server that starts again, twice, from a dump or from nothing.
pub(super) fn restarted() -> Setting {
    Setting {
        warm: true,
        evictions: true,
        restarts: 2,
        dumps: Dumps::Anytime,
        ..Setting::default()
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            manner: LINEARIZABLE,
            writers: vec![Some(0)],
            readers: vec![(0, Asks::Bounded), (1, Asks::Bounded)],
            own_tiers: false,
            warm: false,
            questions: 0,
            evictions: false,
            fences_lost: false,
            doubt: false,
            drops: false,
            failures: 0,
            recovery: false,
            relay: false,
            flushes: 0,
            restarts: 0,
            dumps: Dumps::Never,
            dies: false,
            cuts: 0,
            binds_all: true,
            never_back: false,
        }
    }
}
