//! The change log.

use super::fixtures::{edit_product, new_product, product, variant};
use super::{Harness, context};
use crate::changelog::{LogChange, LogEntry, LogPosition};
use crate::store::WriteContext;

/// Every entry, once each one that was committed is below the horizon: other databases of the server may hold it up.
pub(super) async fn entries(h: &Harness, expected: usize) -> Vec<LogEntry> {
    loop {
        let mut all: Vec<LogEntry> = Vec::new();
        loop {
            let after = all.last().map_or_else(LogPosition::default, |e| e.at);
            let page = h.log.read(after, 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        if all.len() >= expected {
            return all;
        }
        tokio::task::yield_now().await;
    }
}

pub async fn keeps_before_and_after(h: &Harness) {
    let stored = h.product(product(h)).await;
    let sold = h.variant(stored.id, variant(h)).await;
    let edit = edit_product(&stored, |p| {
        let mut content = p.state().content.clone();
        content.name = super::fixtures::text("Pot");
        p.revise(content, h.now()).unwrap();
        p.publish(h.now()).unwrap();
    });
    let other = WriteContext {
        actor: "someone".to_owned(),
        request_id: "request-2".to_owned(),
        ..context()
    };
    h.store.commit(&edit.into(), &other, None).await.unwrap();
    let log = entries(h, 3).await;
    assert_eq!(log.len(), 3);
    assert!(log.is_sorted_by(|a, b| a.at < b.at && a.time <= b.time));
    let [created, variant, updated] = [&log[0], &log[1], &log[2]];
    assert_eq!(
        (created.resource.as_str(), created.id, created.root),
        ("product", stored.id.uuid(), stored.id.uuid())
    );
    assert_eq!(
        (
            created.before.as_deref(),
            created.events.as_str(),
            created.version
        ),
        (None, "created", 1)
    );
    assert_eq!(
        (variant.resource.as_str(), variant.id, variant.root),
        ("variant", sold.id.uuid(), stored.id.uuid())
    );
    assert_eq!(
        (updated.events.as_str(), updated.version),
        ("updated,published", 2)
    );
    assert_eq!(
        (updated.actor.as_str(), updated.request_id.as_str()),
        ("someone", "request-2")
    );
    assert!(
        updated
            .before
            .as_deref()
            .is_some_and(|b| b.contains("Kettle") && b.contains("draft"))
    );
    assert!(updated.after.contains("Pot") && updated.after.contains("published"));
}

pub async fn tells_what_changed(h: &Harness) {
    h.category(None).await;
    let first = h.product(product(h)).await;
    h.product(product(h)).await;
    h.variant(first.id, variant(h)).await;
    let log = entries(h, 4).await;
    let since = log[0].time;
    let told = |changes: Vec<LogChange>| {
        let mut told: Vec<_> = changes
            .into_iter()
            .map(|c| (c.at, c.resource, c.id, c.root))
            .collect();
        told.sort();
        told
    };
    let changes = h.log.changes(LogPosition::default(), 10).await.unwrap();
    let refiled: Vec<_> = changes.iter().map(|change| change.is_refiled).collect();
    assert_eq!(
        refiled,
        [false, true, true, false],
        "the category and the variant are filed nowhere"
    );
    let changed = told(h.log.changed_since(since, 4).await.unwrap().unwrap());
    let logged: Vec<_> = log
        .iter()
        .map(|e| (e.at, e.resource.clone(), e.id, e.root))
        .collect();
    assert_eq!(changed, logged);
    assert_eq!(
        told(h.log.changes(LogPosition::default(), 10).await.unwrap()),
        logged
    );
    assert_eq!(told(h.log.changes(log[1].at, 1).await.unwrap()), logged[2..3]);
    assert_eq!(h.log.changed_since(since, 3).await.unwrap(), None);
    let later = log[3].time + chrono::TimeDelta::seconds(1);
    assert_eq!(h.log.changed_since(later, 1).await.unwrap(), Some(vec![]));
    let _ = new_product(h, product(h));
}

pub async fn ends_at_the_last_entry(h: &Harness) {
    assert_eq!(h.log.end().await.unwrap(), LogPosition::default());
    for expected in 1..=3 {
        h.product(product(h)).await;
        let log = entries(h, expected).await;
        assert_eq!(h.log.end().await.unwrap(), log[expected - 1].at);
    }
}
