//! The protocol in the interleavings that break simpler ones, on real Redis.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use application::cache::{
    Acknowledge, Answers, Basis, CacheEvent, CacheHealth, CacheKey, CachePolicy, Demand, Scope, Source,
    WriteMode,
};
use application::store::{CatalogStore, StoreError, WriteContext};

use super::register::Register;
use super::world::{Altered, BOUNDED, CONTEXT, SCHEMA, STRONG, Tiers, World, product, version};
use super::{eventually, fresh, redis, redis_at, redis_url};

async fn world() -> World {
    World::new(Tiers::shared(redis().await), CachePolicy::default()).await
}

#[tokio::test]
async fn a_second_read_is_a_hit_until_a_write() {
    for (tiers, hit) in [
        (Tiers::alone(), Source::Local),
        (Tiers::shared(redis().await), Source::Shared),
    ] {
        let world = World::new(tiers, CachePolicy::default()).await;
        let product = product();
        world.write(product).await.unwrap();
        assert_eq!(world.read(product).await, (1, Source::Miss));
        assert_eq!(world.read(product).await, (1, hit));
        world.write(product).await.unwrap();
        assert_eq!(world.read(product).await, (2, Source::Miss));
        assert_eq!(world.read(product).await, (2, hit));
    }
}

#[tokio::test]
async fn a_reader_that_loaded_before_a_write_cannot_fill_after_it() {
    let world = Arc::new(world().await);
    let product = product();
    world.write(product).await.unwrap();
    let mut slow = world.register.hold_load();
    let reader = tokio::spawn({
        let world = world.clone();
        async move { world.read(product).await }
    });
    slow.reached().await;
    world.write(product).await.unwrap();
    slow.go_on();
    assert_eq!(
        reader.await.unwrap(),
        (1, Source::Miss),
        "it began before the write was acknowledged"
    );
    assert_eq!(world.events.of(CacheEvent::FillRefused), 1);
    assert_eq!(world.read(product).await, (2, Source::Miss));
}

#[tokio::test]
async fn nothing_old_is_shown_beside_a_commit_that_others_have_seen() {
    let world = Arc::new(world().await);
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
    let mut commit = world.register.hold_commit();
    let writer = tokio::spawn({
        let world = world.clone();
        async move { world.write(product).await.unwrap() }
    });
    commit.reached().await;
    assert_eq!(world.read(product).await, (2, Source::Fenced));
    assert_eq!(world.events.of(CacheEvent::Fenced), 1);
    commit.go_on();
    writer.await.unwrap();
    world.read(product).await;
    assert_eq!(world.read(product).await, (2, Source::Shared));
}

#[tokio::test]
async fn absence_and_what_is_not_shown_are_kept_until_a_write() {
    let world = world().await;
    let product = product();
    for _ in 0..2 {
        assert_eq!(world.read(product).await.0, 0);
    }
    assert_eq!(
        (
            world.register.loads.load(Ordering::Relaxed),
            world.events.of(CacheEvent::Negative)
        ),
        (1, 1)
    );
    world.write(product).await.unwrap();
    assert_eq!(world.read(product).await, (1, Source::Miss));
    assert_eq!(world.register.loads.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn readers_of_one_cold_key_load_it_once() {
    // Long waits: what is tested is that they wait for the one that loads, not how fast this machine is.
    let patient = CachePolicy {
        patience: Duration::from_secs(30),
        lease: Duration::from_secs(30),
        ..CachePolicy::default()
    };
    let counted = Arc::new(Altered::new(redis().await));
    let world = Arc::new(World::new(Tiers::altered(counted.clone()), patient).await);
    let product = product();
    world.write(product).await.unwrap();
    let mut slow = world.register.hold_load();
    let read = || {
        let world = world.clone();
        tokio::spawn(async move { world.read(product).await })
    };
    let first = read();
    slow.reached().await;
    let others: Vec<_> = (0..199).map(|_| read()).collect();
    eventually("all have missed", || async {
        (counted.misses.load(Ordering::SeqCst) >= 200).then_some(())
    })
    .await;
    slow.go_on();
    assert_eq!(first.await.unwrap(), (1, Source::Miss));
    for other in others {
        assert_eq!(other.await.unwrap(), (1, Source::Shared));
    }
    assert_eq!(world.register.loads.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_no_lease_behind() {
    let world = Arc::new(world().await);
    let product = product();
    world.write(product).await.unwrap();
    let mut slow = world.register.hold_load();
    let reader = tokio::spawn({
        let world = world.clone();
        async move { world.read(product).await }
    });
    slow.reached().await;
    reader.abort();
    assert!(reader.await.unwrap_err().is_cancelled());
    slow.go_on();
    world.events.more(CacheEvent::FillWon, 0).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
}

#[tokio::test]
async fn a_write_whose_client_hangs_up_is_released() {
    let world = Arc::new(world().await);
    let product = product();
    world.write(product).await.unwrap();
    let mut commit = world.register.hold_commit();
    let writer = tokio::spawn({
        let world = world.clone();
        async move { world.write(product).await }
    });
    commit.reached().await;
    writer.abort();
    assert!(writer.await.unwrap_err().is_cancelled());
    commit.go_on();
    eventually("the product can be filled again", || async {
        (world.read(product).await == (2, Source::Shared)).then_some(())
    })
    .await;
    assert_eq!(world.events.of(CacheEvent::Down), 0, "it ran to its end");
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_keeps_readers_from_filling() {
    let world = world().await;
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    world.register.in_doubt.store(true, Ordering::Relaxed);
    assert!(matches!(
        world.write(product).await,
        Err(StoreError::Unavailable(_))
    ));
    assert_eq!(world.read(product).await, (1, Source::Fenced));
    world.register.settle();
    assert_eq!(
        world.read(product).await,
        (2, Source::Fenced),
        "it took effect late"
    );
}

#[tokio::test]
async fn refused_writes_and_dry_runs_leave_no_fence() {
    let world = world().await;
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    let changes = world.register.next(product);
    let dry = WriteContext {
        dry_run: true,
        ..CONTEXT
    };
    world.store.commit(&changes, &dry, None).await.unwrap();
    assert_eq!(
        world.read(product).await,
        (1, Source::Shared),
        "a dry run touches nothing"
    );
    world.register.apply(&changes).unwrap();
    let refused = world.store.commit(&changes, &CONTEXT, None).await;
    assert!(matches!(refused, Err(StoreError::VersionConflict { .. })));
    assert_eq!(world.read(product).await, (2, Source::Miss));
    assert_eq!(world.read(product).await, (2, Source::Shared));
}

#[tokio::test]
async fn a_release_that_fails_closes_the_gate_until_its_products_are_released() {
    let altered = Arc::new(Altered::new(redis().await));
    let world = World::new(Tiers::altered(altered.clone()), CachePolicy::default()).await;
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));

    altered.away.store(true, Ordering::SeqCst);
    world.write(product).await.unwrap();
    assert_eq!(world.cache.health(), CacheHealth::Degraded);
    assert_eq!(world.read(product).await, (2, Source::Bypass));

    altered.no_release.store(true, Ordering::SeqCst);
    altered.away.store(false, Ordering::SeqCst);
    assert_eq!(
        world.read(product).await,
        (2, Source::Bypass),
        "the old entry is still there"
    );

    altered.no_release.store(false, Ordering::SeqCst);
    world.until(CacheHealth::Up).await;
    assert_eq!(world.read(product).await, (2, Source::Miss));
    assert_eq!(world.read(product).await, (2, Source::Shared));
}

#[tokio::test]
async fn a_fence_whose_answers_were_lost_does_not_outlast_the_outage() {
    let altered = Arc::new(Altered::new(redis().await));
    let world = World::new(Tiers::altered(altered.clone()), CachePolicy::default()).await;
    let product = product();
    altered.lost_fences.store(true, Ordering::SeqCst);
    altered.no_release.store(true, Ordering::SeqCst);
    world.write(product).await.unwrap();
    assert_eq!(world.cache.health(), CacheHealth::Degraded);
    altered.no_release.store(false, Ordering::SeqCst);
    world.until(CacheHealth::Up).await;
    world.read(product).await;
    assert_eq!(world.read(product).await, (1, Source::Shared));
}

#[tokio::test]
async fn too_many_changes_in_an_outage_drop_everything() {
    let altered = Arc::new(Altered::new(redis().await));
    let world = World::new(
        Tiers::altered(altered.clone()),
        CachePolicy {
            replay_limit: 1,
            ..CachePolicy::default()
        },
    )
    .await;
    let products = [product(), product()];
    for product in products {
        world.write(product).await.unwrap();
        world.read(product).await;
    }
    altered.away.store(true, Ordering::SeqCst);
    for product in products {
        world.write(product).await.unwrap();
    }
    altered.away.store(false, Ordering::SeqCst);
    world.until(CacheHealth::Up).await;
    assert_eq!(world.events.of(CacheEvent::Purged), 1);
    for product in products {
        assert_eq!(world.read(product).await, (2, Source::Miss));
    }
}

#[tokio::test]
async fn an_instance_that_starts_drops_what_a_crash_may_have_left() {
    let prefix = format!("test:{}:", fresh());
    let register = Arc::<Register>::default();
    let product = product();
    // With no margin only the life of entries tells how far back a start has to look.
    let policy = CachePolicy {
        replay_margin: Duration::ZERO,
        ..CachePolicy::default()
    };
    {
        let store = redis_at(&redis_url(), &prefix).await;
        let world = World::starting(&register, Tiers::shared(store), policy.clone());
        world.until(CacheHealth::Up).await;
        world.write(product).await.unwrap();
        world.read(product).await;
        assert_eq!(world.read(product).await, (1, Source::Shared));
    }
    // The process dies after the commit; its fence has expired or was never there.
    register.apply(&register.next(product)).unwrap();
    let store = redis_at(&redis_url(), &prefix).await;
    let world = World::starting(&register, Tiers::shared(store), policy);
    assert_eq!(world.read(product).await.0, 2, "before it has recovered");
    world.until(CacheHealth::Up).await;
    assert_eq!(world.read(product).await.0, 2);
}

#[tokio::test]
async fn strict_writes_fail_with_nothing_done_when_they_cannot_be_fenced() {
    let altered = Arc::new(Altered::new(redis().await));
    let policy = CachePolicy {
        mode: WriteMode::Strict,
        ..CachePolicy::default()
    };
    let world = World::new(Tiers::altered(altered.clone()), policy).await;
    let product = product();
    world.write(product).await.unwrap();
    altered.away.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(matches!(
            world.write(product).await,
            Err(StoreError::Unavailable(_))
        ));
        assert_eq!(world.register.version(product), 1);
    }
    altered.away.store(false, Ordering::SeqCst);
    world.until(CacheHealth::Up).await;
    assert_eq!(world.write(product).await.unwrap(), 2);
}

#[tokio::test]
async fn bodies_that_are_too_big_are_not_kept() {
    let world = World::new(
        Tiers::shared(redis().await),
        CachePolicy {
            max_body: 0,
            ..CachePolicy::default()
        },
    )
    .await;
    let product = product();
    world.write(product).await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.read(product).await, (1, Source::Miss));
    }
    assert_eq!(world.events.of(CacheEvent::FillTooBig), 2);
}

#[tokio::test]
async fn without_a_cache_the_database_answers() {
    let world = world().await;
    let product = product();
    world.write(product).await.unwrap();
    let (answers, register) = (Answers::new(None), world.register.clone());
    let load = move || async move { register.load(product).await };
    let answer = answers
        .read(CacheKey::of(product, SCHEMA), STRONG, load)
        .await
        .unwrap();
    assert_eq!((version(&answer), answer.source), (1, Source::Bypass));
}

/// Two instances with tiers of their own on one Redis.
async fn two(policy: CachePolicy) -> (World, World) {
    let prefix = format!("test:{}:", fresh());
    let tiers = async || Tiers::shared(redis_at(&redis_url(), &prefix).await).and_local();
    let first = World::new(tiers().await, policy.clone()).await;
    let second = World::beside(&first.register, tiers().await, policy).await;
    (first, second)
}

#[tokio::test]
async fn what_stands_on_several_answers_falls_with_each_of_them() {
    let (mut first, second) = two(CachePolicy::default()).await;
    let products = [product(), product()];
    for product in products {
        second.write(product).await.unwrap();
        first.until_trusted(product).await;
    }
    let basis = async |world: &World| {
        eventually("everything from the own tier", async || {
            let mut basis = Basis::default();
            for product in products {
                let key = CacheKey::of(product, SCHEMA);
                let answer = world.ask(key.clone(), BOUNDED).await.unwrap();
                basis.add(&key, &answer).then_some(())?;
            }
            world.answers.stands(&basis).then_some(basis)
        })
        .await
    };
    for product in products {
        for writer in [&first, &second] {
            let before = basis(&first).await;
            writer.write(product).await.unwrap();
            assert!(!first.answers.stands(&before));
            let after = basis(&first).await;
            assert!(!first.answers.stands(&before));
            assert!(first.answers.stands(&after));
        }
    }
    let last = basis(&first).await;
    first = first.cut_off();
    eventually("what an instance that hears nothing has falls", async || {
        (!first.answers.stands(&last)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_another_instance_keeps_is_not_answered_after_a_write() {
    let (first, second) = two(CachePolicy::default()).await;
    let product = product();
    for version in 1..=50 {
        assert_eq!(first.write(product).await.unwrap(), version);
        assert_eq!(second.glance(product).await.0, version);
        if version == 1 {
            second.until_trusted(product).await;
        } else {
            second.glance(product).await;
        }
    }
    assert!(second.events.of(CacheEvent::LocalHit) > 1, "little was shown");
}

#[tokio::test]
async fn strong_reads_do_not_take_what_the_instance_keeps() {
    let (first, _second) = two(CachePolicy::default()).await;
    let product = product();
    first.write(product).await.unwrap();
    first.until_trusted(product).await;
    assert_eq!(first.read(product).await, (1, Source::Shared));
    assert_eq!(first.glance(product).await, (1, Source::Local));
}

#[tokio::test]
async fn the_first_strong_read_of_a_generation_names_it() {
    for tiers in [Tiers::alone(), Tiers::shared(redis().await).and_local()] {
        let world = World::new(tiers, CachePolicy::default()).await;
        world.until_following().await;
        let name = async || {
            let generation = world.answers.generation(Scope::Shelf, STRONG).await.unwrap();
            generation.map(|generation| generation.as_str().to_owned())
        };
        let first = name().await;
        assert!(first.is_some());
        assert_eq!(name().await, first);
    }
}

#[tokio::test]
async fn an_instance_that_hears_nothing_answers_from_the_shared_tier() {
    let world = World::new(
        Tiers::shared(redis().await).and_local(),
        CachePolicy {
            trust: Duration::ZERO,
            ..CachePolicy::default()
        },
    )
    .await;
    let product = product();
    world.write(product).await.unwrap();
    world.glance(product).await;
    for _ in 0..20 {
        assert_eq!(world.glance(product).await, (1, Source::Shared));
    }
}

#[tokio::test]
async fn writes_that_are_acknowledged_at_once_reach_the_others_soon() {
    let (first, second) = two(CachePolicy {
        acknowledge: Acknowledge::Immediate,
        ..CachePolicy::default()
    })
    .await;
    let product = product();
    first.write(product).await.unwrap();
    second.until_trusted(product).await;
    first.write(product).await.unwrap();
    assert_eq!(second.read(product).await.0, 2, "strong reads see it at once");
    eventually("the other instance has heard of it", || async {
        (second.glance(product).await.0 == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_least_position_that_was_not_heard_of_is_answered_by_the_database() {
    let world = world().await;
    let product = product();
    world.write(product).await.unwrap();
    world.read(product).await;
    let end = application::changelog::ChangeLog::end(&*world.register)
        .await
        .unwrap();
    let demand = Demand {
        min_position: Some(end),
        ..BOUNDED
    };
    let key = || CacheKey::of(product, SCHEMA);
    assert_eq!(world.ask(key(), demand).await.unwrap().source, Source::Bypass);
    world.register.is_followed.store(true, Ordering::Relaxed);
    eventually("it is heard of", || async {
        (world.ask(key(), demand).await.unwrap().source == Source::Shared).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_written_past_the_service_is_heard_of_by_the_change_log() {
    let (first, second) = two(CachePolicy::default()).await;
    let product = product();
    first.write(product).await.unwrap();
    first.register.is_followed.store(true, Ordering::Relaxed);
    first.until_trusted(product).await;
    second.until_trusted(product).await;
    first.register.apply(&first.register.next(product)).unwrap();
    for world in [&first, &second] {
        eventually("both show it", || async {
            (world.glance(product).await.0 == 2).then_some(())
        })
        .await;
        assert_eq!(world.read(product).await.0, 2);
    }
}

#[tokio::test]
async fn while_the_database_fails_what_no_write_has_superseded_is_answered() {
    let world = World::new(
        Tiers::alone(),
        CachePolicy {
            ttl: Duration::from_millis(1),
            early_refresh: 0.0,
            ..CachePolicy::default()
        },
    )
    .await;
    let product = product();
    world.write(product).await.unwrap();
    assert_eq!(world.glance(product).await.0, 1);
    world.register.is_away.store(true, Ordering::Relaxed);
    eventually("it has expired", || async {
        (world.glance(product).await == (1, Source::Stale)).then_some(())
    })
    .await;
    world.register.is_away.store(false, Ordering::Relaxed);
    world.write(product).await.unwrap();
    world.register.is_away.store(true, Ordering::Relaxed);
    let superseded = world.ask(CacheKey::of(product, SCHEMA), BOUNDED).await;
    assert!(matches!(superseded, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn entries_are_loaded_anew_before_they_expire() {
    let world = World::new(
        Tiers::alone(),
        CachePolicy {
            ttl: Duration::from_secs(2),
            early_refresh: 1000.0,
            verify_one_in: 0,
            ..CachePolicy::default()
        },
    )
    .await;
    world.register.jitter.store(20_000, Ordering::SeqCst);
    let product = product();
    world.write(product).await.unwrap();
    world.glance(product).await;
    eventually("it is loaded again while it is answered", || async {
        assert_ne!(world.glance(product).await.1, Source::Miss);
        (world.register.loads.load(Ordering::Relaxed) > 1).then_some(())
    })
    .await;
}
