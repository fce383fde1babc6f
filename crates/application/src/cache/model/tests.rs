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
        .timeout(Duration::from_secs(240))
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
    let runs = [
        (
            "shared2",
            Setting {
                evictions: true,
                fences_lost: true,
                ..base.clone()
            },
        ),
        (
            "shared2w",
            Setting {
                writers: vec![Some(0), Some(1)],
                evictions: true,
                fences_lost: true,
                ..base.clone()
            },
        ),
        (
            "own2",
            Setting {
                own_tiers: true,
                warm: true,
                questions: 2,
                readers: vec![(1, Bounded), (1, Bounded)],
                ..base.clone()
            },
        ),
        (
            "own2lost",
            Setting {
                own_tiers: true,
                warm: true,
                questions: 2,
                fences_lost: true,
                readers: vec![(1, Bounded), (1, Bounded)],
                ..base.clone()
            },
        ),
        (
            "own11",
            Setting {
                own_tiers: true,
                warm: true,
                questions: 1,
                fences_lost: true,
                readers: vec![(0, Bounded), (1, Bounded)],
                ..base.clone()
            },
        ),
        (
            "own00",
            Setting {
                own_tiers: true,
                warm: true,
                questions: 1,
                fences_lost: true,
                readers: vec![(0, Bounded), (0, Bounded)],
                ..base.clone()
            },
        ),
        (
            "back shared",
            Setting {
                never_back: true,
                writers: vec![Some(0), Some(1)],
                evictions: true,
                ..base.clone()
            },
        ),
        (
            "back shared doubt",
            Setting {
                never_back: true,
                doubt: true,
                drops: true,
                evictions: true,
                ..base.clone()
            },
        ),
        (
            "back shared doubt fail",
            Setting {
                never_back: true,
                doubt: true,
                failures: 2,
                recovery: true,
                ..base.clone()
            },
        ),
        (
            "fail",
            Setting {
                failures: 3,
                recovery: true,
                binds_all: false,
                ..base.clone()
            },
        ),
        (
            "relay",
            Setting {
                relay: true,
                writers: vec![Some(0), None],
                ..base.clone()
            },
        ),
        (
            "restart",
            Setting {
                restarts: 2,
                dumps: true,
                evictions: true,
                ..base.clone()
            },
        ),
        (
            "cut",
            Setting {
                own_tiers: true,
                warm: true,
                questions: 2,
                cuts: 1,
                readers: vec![(1, Bounded), (1, Bounded)],
                ..base.clone()
            },
        ),
    ];
    let _ = (Refresh, Strong, LINEARIZABLE);
    for (name, setting) in runs {
        search(name, setting, &[]);
    }
}
