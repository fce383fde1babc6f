//! The searches. Each test searches settings to their end; a piece of the protocol that is taken out has to be missed.

use stateright::{Checker, HasDiscoveries, Model};

use super::guard::Guard;
use super::setting::{
    Asks, IMMEDIATE, LINEARIZABLE, Setting, away, back_from_the_dump, both, cold, cut_off, doubtful, lasting,
    older_only, own, past_the_service, past_the_service_in_an_outage, restarted, shared, unfenced, writing,
};
use super::*;

struct Found {
    property: Option<&'static str>,
    actions: Vec<Action>,
    seen: u32,
}

fn search(setting: Setting, without: &'static [Guard]) -> Found {
    let checker = Tier::new(setting, without)
        .checker()
        .threads(1)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let found = checker.discoveries().into_iter().next();
    let seen = checker.model().seen.load(Ordering::Relaxed);
    let (property, actions) = found.map_or((None, Vec::new()), |(property, path)| {
        (Some(property), path.into_actions())
    });
    Found {
        property,
        actions,
        seen,
    }
}

/// Nothing wrong is found, and what is to happen does.
fn holds(setting: Setting, happens: &[Seen]) {
    let name = format!("{setting:?}");
    let found = search(setting, &[]);
    assert_eq!(found.property, None, "{name}: {:?}", found.actions);
    for what in happens {
        assert!(found.seen & (1 << *what as u32) != 0, "{what:?} in {name}");
    }
}

/// Without these something wrong is found.
fn breaks(setting: Setting, without: &'static [Guard], property: &str) {
    let found = search(setting, without);
    assert_eq!(found.property, Some(property), "{without:?}");
}

/// These are there twice over: nothing wrong is found without them.
fn is_spare(settings: impl IntoIterator<Item = Setting>, without: &'static [Guard]) {
    for setting in settings {
        let found = search(setting, without);
        assert_eq!(found.property, None, "{without:?}: {:?}", found.actions);
    }
}

#[test]
fn the_shared_tier_answers_nothing_older() {
    use Seen::{Acknowledged, Busy, Fenced, FillRefused, FillTaken, NotIntact, SharedHit};
    let happens = [
        Acknowledged,
        Busy,
        Fenced,
        FillRefused,
        FillTaken,
        NotIntact,
        SharedHit,
    ];
    holds(shared(), &happens);
    holds(
        Setting {
            manner: IMMEDIATE,
            ..shared()
        },
        &happens,
    );
    holds(
        Setting {
            writers: vec![Some(0), Some(1)],
            evictions: false,
            ..shared()
        },
        &happens,
    );
    let readers = vec![(0, Asks::Refresh), (1, Asks::Bounded)];
    holds(
        Setting {
            readers,
            warm: true,
            ..shared()
        },
        &happens,
    );
    holds(
        Setting {
            flushes: 1,
            ..shared()
        },
        &happens,
    );
}

#[test]
fn the_shared_tier_never_goes_back_while_fences_last() {
    holds(lasting(), &[Seen::SharedHit, Seen::FillRefused, Seen::Busy]);
    holds(
        Setting {
            warm: true,
            ..lasting()
        },
        &[Seen::SharedHit],
    );
    let two = Setting {
        readers: Setting::default().readers,
        evictions: true,
        ..lasting()
    };
    holds(
        Setting {
            writers: vec![Some(0), Some(1)],
            ..two
        },
        &[Seen::FillRefused],
    );
}

#[test]
fn an_own_tier_answers_nothing_older() {
    use Seen::{ConfirmedInTime, FillRefused, Joined, NotIntact, OwnHit, WaitedOut};
    holds(own(), &[ConfirmedInTime, Joined, OwnHit, WaitedOut]);
    holds(cold(), &[ConfirmedInTime, FillRefused, Joined, OwnHit, WaitedOut]);
    holds(unfenced(own()), &[NotIntact, OwnHit, WaitedOut]);
    holds(
        Setting {
            questions: 1,
            ..unfenced(cold())
        },
        &[NotIntact, OwnHit, WaitedOut],
    );
    let readers = vec![(1, Asks::Refresh), (1, Asks::Bounded)];
    holds(Setting { readers, ..own() }, &[OwnHit]);
}

#[test]
fn nor_does_that_of_an_instance_that_writes() {
    holds(writing(), &[Seen::OwnHit, Seen::NotIntact]);
    let readers = vec![(0, Asks::Bounded), (0, Asks::Strong), (0, Asks::Bounded)];
    let back = Setting {
        readers,
        fences_lost: false,
        warm: true,
        questions: 0,
        never_back: true,
        ..writing()
    };
    holds(back, &[Seen::OwnHit]);
}

#[test]
fn nor_do_those_of_two_instances() {
    use Seen::{ConfirmedInTime, OwnHit, WaitedOut};
    holds(both(), &[ConfirmedInTime, OwnHit, WaitedOut]);
    let of_the_shared_tier = Setting {
        readers: vec![(0, Asks::Strong), (1, Asks::Bounded), (1, Asks::Strong)],
        ..both()
    };
    holds(of_the_shared_tier, &[ConfirmedInTime, OwnHit, WaitedOut]);
}

#[test]
fn nor_does_one_that_loses_its_connection() {
    holds(
        Setting {
            cuts: 1,
            questions: 1,
            ..own()
        },
        &[Seen::OwnHit, Seen::WaitedOut],
    );
    holds(
        Setting {
            failures: 1,
            recovery: true,
            questions: 1,
            ..own()
        },
        &[Seen::OwnHit, Seen::Recovered],
    );
}

#[test]
fn nor_does_one_whose_server_starts_again() {
    holds(
        Setting {
            restarts: 1,
            questions: 1,
            ..older_only(own())
        },
        &[Seen::OwnHit, Seen::WaitedOut],
    );
    // The fence is lost, and comes back with the dump.
    holds(back_from_the_dump(), &[Seen::OwnHit]);
}

#[test]
fn nor_does_any_when_the_server_is_lost_to_all() {
    holds(away(), &[Seen::OwnHit, Seen::WaitedOut]);
    holds(
        Setting {
            manner: LINEARIZABLE,
            dies: true,
            ..both()
        },
        &[Seen::OwnHit, Seen::WaitedOut],
    );
}

#[test]
fn a_cache_that_fails_and_comes_back_answers_nothing_older() {
    holds(
        Setting {
            fences_lost: true,
            ..cut_off()
        },
        &[Seen::Recovered, Seen::NotIntact],
    );
    let readers = Setting::default().readers;
    holds(
        Setting { readers, ..cut_off() },
        &[Seen::Recovered, Seen::SharedHit],
    );
    let strict = Setting {
        manner: LINEARIZABLE,
        binds_all: true,
        failures: 3,
        ..cut_off()
    };
    holds(strict, &[Seen::Recovered]);
    holds(restarted(), &[Seen::OldEpoch, Seen::SharedHit]);
}

#[test]
fn a_commit_in_doubt_does_not_make_answers_go_back() {
    holds(doubtful(), &[Seen::Fenced, Seen::SharedHit]);
    holds(
        Setting {
            drops: true,
            recovery: true,
            ..lasting()
        },
        &[Seen::Recovered, Seen::SharedHit],
    );
    holds(
        Setting {
            doubt: true,
            questions: 1,
            ..own()
        },
        &[Seen::Fenced, Seen::OwnHit],
    );
    holds(
        Setting {
            drops: true,
            ..both()
        },
        &[Seen::OwnHit],
    );
}

#[test]
fn what_goes_past_the_service_is_heard_of() {
    holds(past_the_service_in_an_outage(), &[Seen::Recovered, Seen::Relayed]);
    holds(past_the_service(), &[Seen::Relayed]);
}

#[test]
fn each_piece_of_an_own_tier_is_missed() {
    let old = |setting, without| breaks(older_only(setting), without, NEVER_OLDER);
    old(own(), &[Guard::StampIsCompared]);
    old(cold(), &[Guard::StampComesFirst]);
    old(cold(), &[Guard::JoinsPresentOnly]);
    old(own(), &[Guard::UnleasedLoadsLeave]);
    old(own(), &[Guard::KeptOnlyIfFilled]);
    old(own(), &[Guard::TrustIsAsked]);
    old(own(), &[Guard::TrustExpires]);
    old(own(), &[Guard::TrustCountsFromSending]);
    old(own(), &[Guard::HearingRaises]);
    old(Setting { cuts: 1, ..own() }, &[Guard::ReconnectingForgets]);
    old(writing(), &[Guard::NoStampUnderWay, Guard::EndRaises]);
    let readers = vec![(0, Asks::Bounded), (0, Asks::Strong), (0, Asks::Bounded)];
    let back = Setting {
        readers,
        fences_lost: false,
        warm: true,
        questions: 0,
        never_back: true,
        ..writing()
    };
    breaks(back, &[Guard::NoStampUnderWay], NEVER_BACK);
    is_spare(
        [
            writing(),
            own(),
            Setting {
                warm: true,
                ..writing()
            },
        ],
        &[Guard::EndRaises],
    );
    is_spare([cold(), own(), writing()], &[Guard::KeptUnderPresentStamp]);
}

#[test]
fn each_piece_of_the_shared_tier_is_missed() {
    let old = |setting, without| breaks(older_only(setting), without, NEVER_OLDER);
    old(shared(), &[Guard::FillNeedsLease]);
    old(shared(), &[Guard::ReleaseTakesLeases]);
    old(shared(), &[Guard::ReleaseDropsValue]);
    old(own(), &[Guard::FenceDropsValue]);
    old(own(), &[Guard::FenceIsHeard]);
    old(unfenced(own()), &[Guard::ReleaseIsHeard]);
    old(restarted(), &[Guard::EpochIsCompared]);
    old(restarted(), &[Guard::EpochIsTheLeases]);
    old(cold(), &[Guard::NoLeaseUnderFence]);
    // Each covers for the other.
    breaks(
        lasting(),
        &[Guard::FillNeedsNoFence, Guard::FenceTakesLeases],
        NEVER_BACK,
    );
    is_spare([shared(), cold(), lasting()], &[Guard::FillNeedsNoFence]);
    is_spare([shared(), cold(), lasting()], &[Guard::FenceTakesLeases]);
}

#[test]
fn each_piece_of_a_write_is_missed() {
    let old = |setting, without| breaks(older_only(setting), without, NEVER_OLDER);
    let back = |setting, without| breaks(setting, without, NEVER_BACK);
    old(shared(), &[Guard::WriteReleases]);
    old(own(), &[Guard::WriteSettles]);
    back(both(), &[Guard::SettlesFirst]);
    is_spare([older_only(both())], &[Guard::SettlesFirst]);
    old(unfenced(own()), &[Guard::LostFenceIsNoticed]);
    old(back_from_the_dump(), &[Guard::FenceIsOfThisLife]);
    old(away(), &[Guard::FailureIsWaitedOut]);
    back(lasting(), &[Guard::WriteFences]);
    back(doubtful(), &[Guard::FenceOutlastsCommit]);
    back(doubtful(), &[Guard::DoubtStaysFenced]);
    back(
        Setting {
            drops: true,
            recovery: true,
            ..lasting()
        },
        &[Guard::DoubtIsNotTidied],
    );
}

#[test]
fn each_piece_of_a_recovery_is_missed() {
    let old = |setting, without| breaks(older_only(setting), without, NEVER_OLDER);
    old(cut_off(), &[Guard::FailureClosesGate]);
    old(cut_off(), &[Guard::RecoveryReleases]);
    old(cut_off(), &[Guard::RecoveryCountsFailures]);
    old(past_the_service(), &[Guard::RelayReleases]);
    old(past_the_service(), &[Guard::RelayGoesByChange]);
    old(past_the_service_in_an_outage(), &[Guard::RelayWaitsForGate]);
    let own = Setting {
        own_tiers: true,
        writers: vec![None],
        ..past_the_service()
    };
    old(own, &[Guard::RelayRaises]);
}
