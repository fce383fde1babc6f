//! What every [`CacheStore`] must do, one promise to a test, on every adapter.

use std::time::Duration;

use application::cache::{CacheKey, CacheStore, Entry, Kind, Lease, Miss, Representation};

use super::world::product;
use super::{eventually, fresh, stores, value};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(60);

fn key() -> CacheKey {
    CacheKey {
        product: product(),
        representation: Representation::Management,
    }
}

async fn granted(store: &dyn CacheStore, key: CacheKey) -> Lease {
    match store.miss(key, fresh(), LONG).await.unwrap() {
        Miss::Granted(lease) => lease,
        other => panic!("no lease but {other:?}"),
    }
}

async fn filled(store: &dyn CacheStore, key: CacheKey, version: i64) -> Entry {
    let lease = granted(store, key).await;
    let entry = value(version, lease.epoch, "body");
    assert!(store.fill(key, &lease, &entry, LONG).await.unwrap());
    entry
}

#[tokio::test]
async fn what_is_filled_is_got_whole() {
    for (name, store) in stores().await {
        let key = key();
        assert_eq!(store.get(key).await.unwrap(), None, "{name}");
        let entry = filled(&*store, key, 7).await;
        assert_eq!(store.get(key).await.unwrap(), Some(entry.clone()), "{name}");
        assert_eq!(
            store.miss(key, fresh(), LONG).await.unwrap(),
            Miss::Usable(entry),
            "{name}"
        );
        let sibling = CacheKey {
            representation: Representation::Expanded,
            ..key
        };
        assert_eq!(store.get(sibling).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn nothing_to_show_is_an_entry_too() {
    for (name, store) in stores().await {
        let key = key();
        let lease = granted(&*store, key).await;
        let nothing = Entry {
            kind: Kind::Negative,
            ..Entry::floor(lease.floor, lease.epoch)
        };
        assert!(store.fill(key, &lease, &nothing, LONG).await.unwrap(), "{name}");
        assert_eq!(store.get(key).await.unwrap(), Some(nothing), "{name}");
        store.release(&[key.product], fresh(), 0).await.unwrap();
        assert_eq!(store.get(key).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn one_lease_at_a_time_until_it_is_given_up_or_used() {
    for (name, store) in stores().await {
        let key = key();
        let lease = granted(&*store, key).await;
        let other = store.miss(key, fresh(), LONG).await.unwrap();
        assert!(
            matches!(other, Miss::Busy(left) if left <= LONG && left > SHORT),
            "{name}: {other:?}"
        );
        assert_eq!(
            store.miss(key, lease.token, LONG).await.unwrap(),
            Miss::Granted(lease),
            "{name}"
        );
        let stranger = Lease {
            token: fresh(),
            ..lease
        };
        store.abandon(key, &stranger).await.unwrap();
        assert!(
            !store
                .fill(key, &stranger, &value(1, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        store.abandon(key, &lease).await.unwrap();
        assert!(
            !store
                .fill(key, &lease, &value(1, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        let next = granted(&*store, key).await;
        assert!(
            store
                .fill(key, &next, &value(1, next.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        assert!(
            !store
                .fill(key, &next, &value(2, next.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}: used twice"
        );
    }
}

#[tokio::test]
async fn a_fence_drops_entries_and_leases_and_bars_fills_until_released() {
    for (name, store) in stores().await {
        let key = key();
        let leased = CacheKey {
            representation: Representation::Expanded,
            ..key
        };
        filled(&*store, key, 7).await;
        let lease = granted(&*store, leased).await;
        let (first, second) = (fresh(), fresh());
        store.fence(&[key.product], first, LONG).await.unwrap();
        store.fence(&[key.product], second, LONG).await.unwrap();
        assert_eq!(store.get(key).await.unwrap(), None, "{name}");
        assert!(
            !store
                .fill(leased, &lease, &value(9, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        store.release(&[key.product], first, 0).await.unwrap();
        store.release(&[key.product], fresh(), 0).await.unwrap();
        assert_eq!(
            store.miss(key, fresh(), LONG).await.unwrap(),
            Miss::Fenced,
            "{name}"
        );
        store.release(&[key.product], second, 0).await.unwrap();
        assert_eq!(granted(&*store, key).await.floor, 7, "{name}: the floor stays");
    }
}

#[tokio::test]
async fn a_release_drops_entries_and_leases_even_without_a_fence() {
    for (name, store) in stores().await {
        let (with_entry, with_lease) = (key(), key());
        filled(&*store, with_entry, 7).await;
        let lease = granted(&*store, with_lease).await;
        store
            .release(&[with_entry.product, with_lease.product], fresh(), 9)
            .await
            .unwrap();
        assert_eq!(store.get(with_entry).await.unwrap(), None, "{name}");
        assert!(
            !store
                .fill(with_lease, &lease, &value(10, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        let lease = granted(&*store, with_entry).await;
        assert_eq!(lease.floor, 9, "{name}");
        assert!(
            !store
                .fill(with_entry, &lease, &value(8, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}: below"
        );
        let lease = granted(&*store, with_entry).await;
        assert!(
            store
                .fill(with_entry, &lease, &value(9, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}: at"
        );
    }
}

#[tokio::test]
async fn entries_leases_and_fences_expire() {
    for (name, store) in stores().await {
        let key = key();
        let Miss::Granted(old) = store.miss(key, fresh(), SHORT).await.unwrap() else {
            panic!("{name}: no lease");
        };
        let lease = eventually("the lease expires", || async {
            match store.miss(key, fresh(), LONG).await.unwrap() {
                Miss::Granted(lease) => Some(lease),
                _ => None,
            }
        })
        .await;
        assert!(
            !store
                .fill(key, &old, &value(1, old.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
        assert!(
            store
                .fill(key, &lease, &value(1, lease.epoch, ""), SHORT)
                .await
                .unwrap(),
            "{name}"
        );
        eventually("the entry expires", || async {
            store.get(key).await.unwrap().is_none().then_some(())
        })
        .await;
        store.fence(&[key.product], fresh(), SHORT).await.unwrap();
        // A later writer must not keep the fence of one that died alive.
        let second = fresh();
        store.fence(&[key.product], second, LONG).await.unwrap();
        eventually("the fence expires", || async {
            store.release(&[key.product], second, 0).await.unwrap();
            matches!(store.miss(key, fresh(), LONG).await.unwrap(), Miss::Granted(_)).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_purge_drops_entries_and_leases() {
    for (name, store) in stores().await {
        let keys: Vec<_> = (0..50).map(|_| key()).collect();
        for key in &keys {
            filled(&*store, *key, 7).await;
        }
        let leased = key();
        let lease = granted(&*store, leased).await;
        store.purge().await.unwrap();
        for key in &keys {
            assert_eq!(store.get(*key).await.unwrap(), None, "{name}");
        }
        assert!(
            !store
                .fill(leased, &lease, &value(1, lease.epoch, ""), LONG)
                .await
                .unwrap(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn batches_of_any_size_are_fenced_and_released() {
    for (name, store) in stores().await {
        let keys: Vec<_> = (0..600).map(|_| key()).collect();
        let products: Vec<_> = keys.iter().map(|key| key.product).collect();
        let token = fresh();
        store.fence(&products, token, LONG).await.unwrap();
        for key in [keys[0], keys[255], keys[256], keys[599]] {
            assert_eq!(
                store.miss(key, fresh(), LONG).await.unwrap(),
                Miss::Fenced,
                "{name}"
            );
        }
        store.release(&products, token, 0).await.unwrap();
        for key in [keys[0], keys[255], keys[256], keys[599]] {
            granted(&*store, key).await;
        }
        store.fence(&[], token, LONG).await.unwrap();
        store.release(&[], token, 0).await.unwrap();
    }
}
