//! What a [`CacheStore`] must do, one promise to a test.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheKey, CacheStore, Entity, Entry, Kind, Lease, Miss, Schema, Scope};
use application::changelog::LogPosition;

use super::cluster::Cluster;
use super::memcached::memcached_at;
use super::memcached_server::MemcachedServer;
use super::world::product;
use super::{eventually, fresh, redis, value};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(60);
const SCHEMA: Schema = Schema::new("t1");
const OTHER: Schema = Schema::new("t2");

/// Makes two tests of every function named, one on each server, and one of all on a cluster.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::redis().await).await;
            })+
        }
        #[tokio::test]
        async fn on_a_cluster() {
            let cluster = Cluster::start().await;
            $($name(cluster.cache().await).await;)+
        }
        mod on_memcached {
            $(#[tokio::test]
            async fn $name() {
                let server = super::MemcachedServer::start().await;
                super::$name(super::memcached_at(&server).await).await;
            })+
        }
    };
}

on_both!(
    what_is_filled_is_got_whole,
    many_are_got_in_their_order,
    nothing_to_show_is_an_entry_too,
    one_lease_at_a_time_until_it_is_given_up_or_used,
    an_entry_can_be_replaced_while_it_is_answered,
    a_fence_drops_entries_and_leases_and_bars_fills_until_released,
    a_release_drops_entries_and_leases_even_without_a_fence,
    what_was_released_is_not_released_again_for_those_who_missed_it,
    a_release_for_those_who_missed_it_takes_leases_and_leaves_fences,
    entries_leases_and_fences_expire,
    a_purge_drops_entries_and_leases,
    batches_of_any_size_are_fenced_and_released,
);

fn key() -> CacheKey {
    CacheKey::of(product(), SCHEMA)
}

fn at(transaction: i64, position: i64) -> LogPosition {
    LogPosition {
        transaction,
        position,
    }
}

async fn miss(store: &dyn CacheStore, key: &CacheKey) -> Miss {
    store.miss(key, fresh(), LONG, false).await.unwrap()
}

async fn granted(store: &dyn CacheStore, key: &CacheKey) -> Lease {
    match miss(store, key).await {
        Miss::Granted(lease) => lease,
        other => panic!("no lease but {other:?}"),
    }
}

async fn fill(store: &dyn CacheStore, key: &CacheKey, lease: &Lease, entry: &Entry) -> bool {
    store.fill(key, lease, entry, LONG).await.unwrap()
}

async fn filled(store: &dyn CacheStore, key: &CacheKey, version: i64) -> Arc<Entry> {
    let lease = granted(store, key).await;
    let entry = value(version, lease.epoch, "body");
    assert!(fill(store, key, &lease, &entry).await);
    Arc::new(entry)
}

async fn got(store: &dyn CacheStore, key: &CacheKey) -> Option<Arc<Entry>> {
    store.get(key).await.unwrap()
}

async fn what_is_filled_is_got_whole(store: Arc<dyn CacheStore>) {
    let key = key();
    assert_eq!(got(&*store, &key).await, None);
    let entry = filled(&*store, &key, 7).await;
    assert_eq!(got(&*store, &key).await, Some(entry.clone()));
    assert_eq!(miss(&*store, &key).await, Miss::Usable(entry));
    for sibling in [
        CacheKey::of(key.entity, OTHER),
        CacheKey::varied(key.entity, SCHEMA, "de"),
    ] {
        assert_eq!(got(&*store, &sibling).await, None);
    }
}

async fn many_are_got_in_their_order(store: Arc<dyn CacheStore>) {
    let [there, not, varied] = [key(), key(), CacheKey::varied(product(), SCHEMA, "de|EUR")];
    let entries = [
        Some(filled(&*store, &there, 1).await),
        None,
        Some(filled(&*store, &varied, 3).await),
    ];
    assert_eq!(store.get_many(&[there, not, varied]).await.unwrap(), entries);
    assert_eq!(store.get_many(&[]).await.unwrap(), []);
}

async fn nothing_to_show_is_an_entry_too(store: Arc<dyn CacheStore>) {
    let key = key();
    let lease = granted(&*store, &key).await;
    let nothing = Entry {
        kind: Kind::Negative,
        etag: String::new(),
        true_until: Some(9),
        ..value(0, lease.epoch, "")
    };
    assert!(fill(&*store, &key, &lease, &nothing).await);
    assert_eq!(got(&*store, &key).await.as_deref(), Some(&nothing));
    store.release(&[key.entity], fresh(), None).await.unwrap();
    assert_eq!(got(&*store, &key).await, None);
}

async fn one_lease_at_a_time_until_it_is_given_up_or_used(store: Arc<dyn CacheStore>) {
    let key = key();
    let lease = granted(&*store, &key).await;
    let other = miss(&*store, &key).await;
    assert!(
        matches!(other, Miss::Busy(left) if left <= LONG && left > SHORT),
        "{other:?}"
    );
    let again = store.miss(&key, lease.token, LONG, false).await.unwrap();
    assert_eq!(again, Miss::Granted(lease));
    let sibling = CacheKey::varied(key.entity, SCHEMA, "de");
    granted(&*store, &sibling).await;
    let stranger = Lease {
        token: fresh(),
        ..lease
    };
    store.abandon(&key, &stranger).await.unwrap();
    let entry = value(1, lease.epoch, "");
    assert!(!fill(&*store, &key, &stranger, &entry).await);
    store.abandon(&key, &lease).await.unwrap();
    assert!(!fill(&*store, &key, &lease, &entry).await);
    let next = granted(&*store, &key).await;
    assert!(fill(&*store, &key, &next, &entry).await);
    assert!(!fill(&*store, &key, &next, &entry).await, "used twice");
}

async fn an_entry_can_be_replaced_while_it_is_answered(store: Arc<dyn CacheStore>) {
    let key = key();
    let old = filled(&*store, &key, 1).await;
    let Miss::Granted(lease) = store.miss(&key, fresh(), LONG, true).await.unwrap() else {
        panic!("no lease to refresh");
    };
    assert!(matches!(
        store.miss(&key, fresh(), LONG, true).await.unwrap(),
        Miss::Busy(_)
    ));
    assert_eq!(miss(&*store, &key).await, Miss::Usable(old));
    let new = value(2, lease.epoch, "new");
    assert!(fill(&*store, &key, &lease, &new).await);
    assert_eq!(got(&*store, &key).await.as_deref(), Some(&new));
}

async fn a_fence_drops_entries_and_leases_and_bars_fills_until_released(store: Arc<dyn CacheStore>) {
    let key = key();
    let leased = CacheKey::of(key.entity, OTHER);
    filled(&*store, &key, 7).await;
    let lease = granted(&*store, &leased).await;
    let (first, second) = (fresh(), fresh());
    store.fence(&[key.entity], first, LONG).await.unwrap();
    store.fence(&[key.entity], second, LONG).await.unwrap();
    assert_eq!(got(&*store, &key).await, None);
    assert!(!fill(&*store, &leased, &lease, &value(9, lease.epoch, "")).await);
    assert!(store.release(&[key.entity], first, None).await.unwrap().intact);
    store.release(&[key.entity], fresh(), None).await.unwrap();
    assert_eq!(miss(&*store, &key).await, Miss::Fenced);
    let refreshed = store.miss(&key, fresh(), LONG, true).await.unwrap();
    assert_eq!(refreshed, Miss::Fenced);
    store.release(&[key.entity], second, None).await.unwrap();
    granted(&*store, &key).await;
}

async fn a_release_drops_entries_and_leases_even_without_a_fence(store: Arc<dyn CacheStore>) {
    let (with_entry, with_lease) = (key(), key());
    filled(&*store, &with_entry, 7).await;
    let lease = granted(&*store, &with_lease).await;
    let both = [with_entry.entity, with_lease.entity];
    store.release(&both, fresh(), None).await.unwrap();
    assert_eq!(got(&*store, &with_entry).await, None);
    assert!(!fill(&*store, &with_lease, &lease, &value(10, lease.epoch, "")).await);
}

#[tokio::test]
async fn a_release_says_whether_every_fence_still_stood_and_when_it_was() {
    let store = redis().await;
    let [one, two] = [key().entity, key().entity];
    let token = fresh();
    let fenced = store.fence(&[one, two], token, LONG).await.unwrap();
    let released = store.release(&[one, two], token, None).await.unwrap();
    assert!(released.intact);
    assert!(released.marks[0].at > fenced[0].at);
    store.fence(&[one], token, LONG).await.unwrap();
    assert!(!store.release(&[one, two], token, None).await.unwrap().intact);
    store
        .fence(&[one], token, Duration::from_millis(1))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    // Another one keeps the key alive, and not the fence.
    store.fence(&[one], fresh(), LONG).await.unwrap();
    assert!(!store.release(&[one], token, None).await.unwrap().intact);
}

async fn what_was_released_is_not_released_again_for_those_who_missed_it(store: Arc<dyn CacheStore>) {
    let key = key();
    let released = |at: LogPosition| {
        let store = &store;
        let key = &key;
        async move {
            filled(&**store, key, 1).await;
            store.release_missed(&[(key.entity, at)]).await.unwrap();
            let is_released = got(&**store, key).await.is_none();
            store.release(&[key.entity], fresh(), None).await.unwrap();
            is_released
        }
    };
    store
        .release(&[key.entity], fresh(), Some(at(5, 10)))
        .await
        .unwrap();
    assert!(!released(at(5, 10)).await);
    assert!(!released(at(5, 9)).await, "of the same transaction");
    assert!(released(at(5, 11)).await);
    assert!(!released(at(5, 11)).await, "remembered");
    // A transaction with a lower number may have committed later.
    assert!(released(at(4, 1)).await);
    assert!(released(at(1 << 40, 0)).await);
    assert!(!released(at(4, 1)).await, "both are remembered");
    assert!(!released(at(5, 11)).await);
}

async fn a_release_for_those_who_missed_it_takes_leases_and_leaves_fences(store: Arc<dyn CacheStore>) {
    let key = key();
    let lease = granted(&*store, &key).await;
    store.release_missed(&[(key.entity, at(0, 1))]).await.unwrap();
    assert!(!fill(&*store, &key, &lease, &value(1, lease.epoch, "")).await);
    store.fence(&[key.entity], fresh(), LONG).await.unwrap();
    store.release_missed(&[(key.entity, at(0, 2))]).await.unwrap();
    assert_eq!(miss(&*store, &key).await, Miss::Fenced);
}

async fn entries_leases_and_fences_expire(store: Arc<dyn CacheStore>) {
    let key = key();
    let Miss::Granted(old) = store.miss(&key, fresh(), SHORT, false).await.unwrap() else {
        panic!("no lease");
    };
    // That of another key does not keep it alive.
    granted(&*store, &CacheKey::of(key.entity, OTHER)).await;
    let lease = eventually("the lease expires", || async {
        match miss(&*store, &key).await {
            Miss::Granted(lease) => Some(lease),
            _ => None,
        }
    })
    .await;
    assert!(!fill(&*store, &key, &old, &value(1, old.epoch, "")).await);
    let entry = value(1, lease.epoch, "");
    assert!(store.fill(&key, &lease, &entry, SHORT).await.unwrap());
    eventually("the entry expires", || async {
        got(&*store, &key).await.is_none().then_some(())
    })
    .await;
    store.fence(&[key.entity], fresh(), SHORT).await.unwrap();
    // A later writer must not keep the fence of one that died alive.
    let second = fresh();
    store.fence(&[key.entity], second, LONG).await.unwrap();
    eventually("the fence expires", || async {
        store.release(&[key.entity], second, None).await.unwrap();
        matches!(miss(&*store, &key).await, Miss::Granted(_)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_has_expired_fills_nothing_though_others_keep_its_key_alive() {
    let store = redis().await;
    let key = key();
    let Miss::Granted(lease) = store
        .miss(&key, fresh(), Duration::from_millis(1), false)
        .await
        .unwrap()
    else {
        panic!("no lease");
    };
    granted(&*store, &CacheKey::of(key.entity, OTHER)).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(!fill(&*store, &key, &lease, &value(1, lease.epoch, "")).await);
}

async fn a_purge_drops_entries_and_leases(store: Arc<dyn CacheStore>) {
    let keys: Vec<_> = (0..50).map(|_| key()).collect();
    for key in &keys {
        filled(&*store, key, 7).await;
    }
    let leased = CacheKey::of(Scope::Shelf, SCHEMA);
    let lease = granted(&*store, &leased).await;
    store.purge().await.unwrap();
    for key in &keys {
        assert_eq!(got(&*store, key).await, None);
    }
    assert!(!fill(&*store, &leased, &lease, &value(1, lease.epoch, "")).await);
}

async fn batches_of_any_size_are_fenced_and_released(store: Arc<dyn CacheStore>) {
    let keys: Vec<_> = (0..600).map(|_| key()).collect();
    let entities: Vec<Entity> = keys.iter().map(|key| key.entity).collect();
    let token = fresh();
    store.fence(&entities, token, LONG).await.unwrap();
    for key in [&keys[0], &keys[255], &keys[256], &keys[599]] {
        assert_eq!(miss(&*store, key).await, Miss::Fenced);
    }
    assert!(store.release(&entities, token, None).await.unwrap().intact);
    for key in [&keys[0], &keys[255], &keys[256], &keys[599]] {
        granted(&*store, key).await;
    }
    assert_eq!(store.fence(&[], token, LONG).await.unwrap(), []);
    assert_eq!(store.release(&[], token, None).await.unwrap().marks, []);
}

#[tokio::test]
async fn an_entity_keeps_some_dozens_of_entries_and_starts_over() {
    let store = redis().await;
    let entity = product();
    let keys: Vec<_> = (0..65)
        .map(|n| CacheKey::varied(entity, SCHEMA, format!("{n}")))
        .collect();
    for key in &keys[..64] {
        filled(&*store, key, 1).await;
    }
    assert!(
        store
            .get_many(&keys[..64])
            .await
            .unwrap()
            .iter()
            .all(Option::is_some)
    );
    filled(&*store, &keys[64], 1).await;
    let kept = store.get_many(&keys).await.unwrap();
    assert_eq!(kept.iter().filter(|entry| entry.is_some()).count(), 1);
    assert!(kept[64].is_some());
}

#[tokio::test]
async fn great_bodies_are_kept_too() {
    let store = redis().await;
    let key = key();
    let lease = granted(&*store, &key).await;
    let entry = value(1, lease.epoch, &"x".repeat(1 << 20));
    assert!(fill(&*store, &key, &lease, &entry).await);
    assert_eq!(got(&*store, &key).await.as_deref(), Some(&entry));
    let lease = granted(&*store, &CacheKey::of(key.entity, OTHER)).await;
    let entry = value(1, lease.epoch, &"x".repeat(17 << 20));
    assert!(!fill(&*store, &CacheKey::of(key.entity, OTHER), &lease, &entry).await);
}
