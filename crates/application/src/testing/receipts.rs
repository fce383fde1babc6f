//! Requests that take effect once.

use bytes::Bytes;

use super::fixtures::{new_product, product};
use super::{Harness, context};
use crate::product::ProductRef;
use crate::store::{Changes, Committed, IdempotencyClaim, Receipt, StoreError, WriteContext};

fn claim(key: &str) -> WriteContext {
    WriteContext {
        idempotency: Some(IdempotencyClaim {
            key: key.to_owned(),
            fingerprint: vec![0, 1, 255],
        }),
        ..context()
    }
}

fn answer() -> Receipt {
    Receipt {
        status: 201,
        etag: Some("\"1\"".to_owned()),
        location: None,
        body: Bytes::from_static(b"{\"a\":\"\\u0000\"}\x00\xff"),
        replayed: false,
        position: None,
    }
}

pub async fn are_kept_with_the_effect(h: &Harness) {
    assert_eq!(h.store.receipt("tester", "k").await.unwrap(), None);
    let changes = Changes::from(new_product(h, product(h)));
    h.store
        .commit(&changes, &claim("k"), Some(&answer()))
        .await
        .unwrap();
    let (fingerprint, receipt) = h.store.receipt("tester", "k").await.unwrap().unwrap();
    assert_eq!(fingerprint, [0, 1, 255]);
    assert_eq!(
        receipt,
        Receipt {
            replayed: true,
            ..answer()
        }
    );
    assert_eq!(h.store.receipt("someone else", "k").await.unwrap(), None);
}

pub async fn are_taken_once(h: &Harness) {
    let changes = Changes::from(new_product(h, product(h)));
    h.store
        .commit(&changes, &claim("k"), Some(&answer()))
        .await
        .unwrap();
    let again = new_product(h, product(h));
    let id = again.after.id;
    let result = h.store.commit(&again.into(), &claim("k"), Some(&answer())).await;
    assert!(
        matches!(result, Err(StoreError::IdempotencyKeyTaken)),
        "{result:?}"
    );
    assert_eq!(h.products.find(&ProductRef::Id(id), true).await.unwrap(), None);
    let other = WriteContext {
        actor: "someone else".to_owned(),
        ..claim("k")
    };
    let changes = Changes::from(new_product(h, product(h)));
    h.store.commit(&changes, &other, Some(&answer())).await.unwrap();
}

pub async fn are_taken_once_under_concurrency(h: &Harness) {
    for round in 0..10 {
        let context = claim(&format!("k{round}"));
        let answer = answer();
        let writes = (0..4).map(|_| {
            let changes = Changes::from(new_product(h, product(h)));
            let (context, answer) = (&context, &answer);
            async move { h.store.commit(&changes, context, Some(answer)).await }
        });
        let results = futures::future::join_all(writes).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
        let taken = |r: &Result<Committed, StoreError>| matches!(r, Err(StoreError::IdempotencyKeyTaken));
        assert_eq!(results.iter().filter(|r| taken(r)).count(), 3, "{results:?}");
    }
}

pub async fn are_not_kept_by_dry_runs_or_failures(h: &Harness) {
    let dry = WriteContext {
        dry_run: true,
        ..claim("k")
    };
    let change = new_product(h, product(h));
    h.store
        .commit(&change.clone().into(), &dry, Some(&answer()))
        .await
        .unwrap();
    assert_eq!(h.store.receipt("tester", "k").await.unwrap(), None);
    let twins = Changes::from(vec![change.clone(), {
        let mut twin = new_product(h, change.after.content.clone());
        twin.after.content.key = None;
        twin
    }]);
    assert!(
        h.store
            .commit(&twins, &claim("k"), Some(&answer()))
            .await
            .is_err()
    );
    assert_eq!(h.store.receipt("tester", "k").await.unwrap(), None);
    h.store
        .commit(&change.into(), &claim("k"), Some(&answer()))
        .await
        .unwrap();
}
