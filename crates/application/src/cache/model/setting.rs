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
    /// It may do so from a dump taken at any time.
    pub(super) dumps: bool,
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
            dumps: false,
            cuts: 0,
            binds_all: true,
            never_back: false,
        }
    }
}
