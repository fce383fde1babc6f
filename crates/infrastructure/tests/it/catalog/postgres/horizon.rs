//! Transactions that commit later than others that began after them.

use application::changelog::{LogEntry, LogPosition};
use application::testing::Harness;
use application::testing::fixtures::product;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::temporary;

const INSERT: &str = "insert into changes (at, resource, id, root, version, events, actor, request_id, after) \
    values (now(), 'product', $1, $1, 1, 'created', 'late', 'late', '{}')";

async fn insert(connection: &mut PgConnection, id: Uuid) {
    sqlx::query(INSERT).bind(id).execute(connection).await.unwrap();
}

async fn all(h: &Harness) -> Vec<LogEntry> {
    h.log.read(LogPosition::default(), 1000).await.unwrap()
}

async fn until(h: &Harness, expected: usize) -> Vec<LogEntry> {
    loop {
        let found = all(h).await;
        if found.len() >= expected {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_commits_late_is_not_passed_by() {
    let catalog = temporary().await;
    let h = &catalog.harness;
    let mut raw = catalog.raw().await;
    let mut slow = raw.begin().await.unwrap();
    let late = h.id();
    insert(&mut slow, late).await;
    let quick = h.product(product(h)).await;
    assert_eq!(
        all(h).await,
        [],
        "a reader that goes past the slow transaction would never see it"
    );
    assert_eq!(
        h.log.end().await.unwrap(),
        LogPosition::default(),
        "who starts there would never see it either"
    );
    slow.commit().await.unwrap();
    let ids: Vec<_> = until(h, 2).await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids, [late, quick.id.uuid()]);
    catalog.close().await;
}

/// Readers that follow the log while many transactions overlap see every entry, once, in the order of the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_misses_nothing() {
    const WRITERS: usize = 8;
    const EACH: usize = 40;
    let catalog = temporary().await;
    let writers = (0..WRITERS).map(|writer| {
        let url = catalog.url.clone();
        tokio::spawn(async move {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            for n in 0..EACH {
                let mut tx = connection.begin().await.unwrap();
                insert(&mut tx, Uuid::from_u64_pair(writer as u64, n as u64)).await;
                sqlx::query("select pg_sleep(random() * 0.01)")
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut seen: Vec<LogEntry> = Vec::new();
    while seen.len() < WRITERS * EACH {
        let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let after = seen.last().map_or_else(LogPosition::default, |e| e.at);
        let page = catalog.harness.log.read(after, 7).await.unwrap();
        assert!(page.is_sorted_by_key(|e| e.at));
        // Once all have ended whatever is missing was passed by, unless another database holds the horizon.
        if finished && page.is_empty() && all(&catalog.harness).await.len() == WRITERS * EACH {
            let last = catalog.harness.log.read(after, 7).await.unwrap();
            assert!(!last.is_empty(), "only {} entries were seen", seen.len());
        }
        seen.extend(page);
    }
    let mut ids: Vec<_> = seen.iter().map(|e| e.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), WRITERS * EACH);
    catalog.close().await;
}
