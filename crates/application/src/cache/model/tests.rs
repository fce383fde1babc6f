use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use super::guard::Guard;
use super::setting::{Asks, LINEARIZABLE, Setting};
use super::*;

fn search(name: &str, setting: Setting, without: &'static [Guard]) -> Option<usize> {
    let began = Instant::now();
    let checker = Tier::new(setting, without)
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .timeout(Duration::from_secs(90))
        .spawn_bfs()
        .join();
    let seen = checker.model().seen.load(Ordering::Relaxed);
    println!(
        "{name} {without:?}: {} states, depth {}, {:?}, done {}, seen {seen:b}",
        checker.unique_state_count(),
        checker.max_depth(),
        began.elapsed(),
        checker.is_done(),
    );
    let path = checker.discoveries().into_iter().next();
    path.map(|(property, path)| {
        println!("  {property}: {:?}", path.clone().into_actions());
        path.into_actions().len()
    })
}

#[test]
fn probe() {
    use Asks::{Bounded, Refresh, Strong};
    let base = Setting::default();
    let own = Setting { own_tiers: true, warm: true, questions: 2, readers: vec![(1, Bounded), (1, Bounded)], ..base.clone() };
    let both = Setting { questions: 1, readers: vec![(0, Bounded), (1, Bounded)], ..own.clone() };
    let available = crate::cache::write::Manner { mode: crate::cache::WriteMode::Available, ..LINEARIZABLE };
    let immediate = crate::cache::write::Manner { acknowledge: crate::cache::Acknowledge::Immediate, ..LINEARIZABLE };
    let runs = [
        ("shared2", Setting { evictions: true, fences_lost: true, ..base.clone() }),
        ("shared3", Setting { readers: vec![(0, Bounded), (1, Bounded), (1, Bounded)], evictions: true, fences_lost: true, ..base.clone() }),
        ("refresh", Setting { warm: true, readers: vec![(0, Refresh), (1, Bounded)], evictions: true, fences_lost: true, ..base.clone() }),
        ("immediate", Setting { manner: immediate, evictions: true, fences_lost: true, ..base.clone() }),
        ("own2", own.clone()),
        ("own2lost", Setting { fences_lost: true, ..own.clone() }),
        ("own2evict", Setting { evictions: true, ..own.clone() }),
        ("own mixed", Setting { readers: vec![(1, Bounded), (1, Strong), (1, Bounded)], questions: 1, ..own.clone() }),
        ("own2w", Setting { writers: vec![Some(0), Some(0)], questions: 1, ..own.clone() }),
        ("own refresh", Setting { readers: vec![(1, Refresh), (1, Bounded)], ..own.clone() }),
        ("cut", Setting { cuts: 1, ..own.clone() }),
        ("own fail", Setting { failures: 1, recovery: true, ..own.clone() }),
        ("own fail available", Setting { manner: available, binds_all: false, failures: 2, recovery: true, questions: 1, ..both.clone() }),
        ("own restart", Setting { restarts: 1, dumps: true, fences_lost: true, questions: 1, ..own.clone() }),
        ("own flush", Setting { flushes: 1, ..own.clone() }),
        ("both lost", Setting { fences_lost: true, ..both.clone() }),
        ("both first", Setting { confirms_first: true, never_back: true, ..both.clone() }),
        ("both back", Setting { never_back: true, ..both.clone() }),
        ("fail lost", Setting { failures: 2, recovery: true, binds_all: false, fences_lost: true, ..base.clone() }),
        ("fail avail", Setting { manner: available, failures: 2, recovery: true, binds_all: false, warm: true, ..base.clone() }),
        ("fail strict lost", Setting { failures: 2, recovery: true, binds_all: true, warm: true, fences_lost: true, ..base.clone() }),
        ("relay", Setting { relay: true, writers: vec![Some(0), None], ..base.clone() }),
    ];
    for (name, setting) in runs {
        search(name, setting, &[]);
    }
    use Guard::*;
    let _ = Refresh;
    let doubt = Setting { never_back: true, doubt: true, drops: true, evictions: true, ..base.clone() };
    let fails = Setting { failures: 2, recovery: true, binds_all: false, ..base.clone() };
    let shared = Setting { writers: vec![Some(0)], evictions: true, fences_lost: true, warm: false, ..base.clone() };
    let back = Setting { never_back: true, evictions: true, warm: true, ..base.clone() };
    let lost = Setting { fences_lost: true, ..own.clone() };
    let both_lost = Setting { fences_lost: true, ..both.clone() };
    let two = Setting { writers: vec![Some(0), Some(1)], ..shared.clone() };
    let relay = Setting { relay: true, writers: vec![Some(0), None], warm: true, ..base.clone() };
    let restart = Setting { restarts: 2, dumps: true, evictions: true, warm: true, ..base.clone() };
    let mutants: Vec<(&str, Setting, &'static [Guard])> = vec![
        ("own", own.clone(), &[StampIsCompared]),
        ("own", own.clone(), &[StampComesFirst]),
        ("both", both.clone(), &[StampComesFirst]),
        ("both", both.clone(), &[NoStampUnderWay]),
        ("both back", Setting { never_back: true, readers: vec![(0, Bounded), (0, Strong), (0, Bounded)], questions: 0, ..own.clone() }, &[NoStampUnderWay]),
        ("both back", Setting { never_back: true, readers: vec![(0, Bounded), (0, Strong), (0, Bounded)], questions: 0, ..own.clone() }, &[]),
        ("both", both_lost.clone(), &[EndRaises]),
        ("own00", Setting { readers: vec![(0, Bounded), (0, Bounded)], ..both_lost.clone() }, &[EndRaises]),
        ("own", own.clone(), &[KeptUnderPresentStamp]),
        ("own", own.clone(), &[KeptOnlyIfFilled]),
        ("own", own.clone(), &[JoinsPresentOnly]),
        ("own", own.clone(), &[UnleasedLoadsLeave]),
        ("own", own.clone(), &[TrustIsAsked]),
        ("own", own.clone(), &[TrustExpires]),
        ("own", own.clone(), &[TrustCountsFromSending]),
        ("cut", Setting { cuts: 1, ..own.clone() }, &[ReconnectingForgets]),
        ("own", own.clone(), &[HearingRaises]),
        ("shared", shared.clone(), &[FillNeedsLease]),
        ("shared", shared.clone(), &[FillNeedsNoFence]),
        ("back", back.clone(), &[FillNeedsNoFence]),
        ("shared", shared.clone(), &[NoLeaseUnderFence]),
        ("back", back.clone(), &[NoLeaseUnderFence]),
        ("shared", shared.clone(), &[FenceTakesLeases]),
        ("back", back.clone(), &[FenceTakesLeases]),
        ("back", back.clone(), &[FenceTakesLeases, FillNeedsNoFence]),
        ("back", back.clone(), &[NoLeaseUnderFence, FillNeedsNoFence]),
        ("back", back.clone(), &[FenceDropsValue]),
        ("shared", shared.clone(), &[FenceDropsValue]),
        ("own", own.clone(), &[FenceDropsValue]),
        ("own", own.clone(), &[FenceIsHeard]),
        ("shared", shared.clone(), &[ReleaseTakesLeases]),
        ("shared", shared.clone(), &[ReleaseDropsValue]),
        ("lost", lost.clone(), &[ReleaseIsHeard]),
        ("own", own.clone(), &[ReleaseIsHeard]),
        ("doubt", doubt.clone(), &[FenceOutlastsCommit]),
        ("restart", restart.clone(), &[EpochIsCompared]),
        ("restart", restart.clone(), &[EpochIsTheLeases]),
        ("back", back.clone(), &[WriteFences]),
        ("shared", shared.clone(), &[WriteReleases]),
        ("own", own.clone(), &[WriteSettles]),
        ("lost", lost.clone(), &[LostFenceIsNoticed]),
        ("own fail", Setting { failures: 1, ..own.clone() }, &[FailureIsWaitedOut]),
        ("doubt", doubt.clone(), &[DoubtStaysFenced]),
        ("doubt fails", Setting { never_back: true, doubt: true, failures: 2, recovery: true, ..base.clone() }, &[DoubtIsNotTidied]),
        ("doubt drops", Setting { recovery: true, ..doubt.clone() }, &[DoubtIsNotTidied]),
        ("fails", Setting { manner: available, warm: true, ..fails.clone() }, &[FailureClosesGate]),
        ("fails", Setting { manner: available, warm: true, ..fails.clone() }, &[RecoveryReleases]),
        ("fails", Setting { failures: 3, manner: available, warm: true, ..fails.clone() }, &[RecoveryCountsFailures]),
        ("relay", relay.clone(), &[RelayReleases]),
        ("relay", relay.clone(), &[RelayGoesByChange]),
        ("relay own", Setting { own_tiers: true, warm: true, writers: vec![None], relay: true, questions: 0, ..base.clone() }, &[RelayRaises]),
        ("two", two, &[FillNeedsLease]),
    ];
    println!("MUTANTS");
    for (name, setting, without) in mutants {
        search(name, setting, without);
    }
}
