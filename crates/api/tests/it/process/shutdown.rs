//! The end of a process, asked for or not.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::support::{Client, Setup, eventually};

/// What was acknowledged: a product's brand by its id.
type Acknowledged = Arc<Mutex<HashMap<String, String>>>;

async fn all_there(client: &Client, acknowledged: &Acknowledged) -> usize {
    let acknowledged = acknowledged.lock().unwrap().clone();
    for (id, brand) in &acknowledged {
        let product = client.product(id).await;
        assert_eq!(product.body["brand"], *brand, "an acknowledged write was lost");
    }
    acknowledged.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_drops_no_request_and_no_write() {
    const DRAIN: Duration = Duration::from_millis(1500);
    const CLIENTS: usize = 12;
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder).with("VITRINE__HTTP__DRAIN", "1500ms");
    let mut vitrine = setup.start().await;
    let id = vitrine.client.create("read-by-all").await;
    let acknowledged = Acknowledged::default();
    let (stopped, answered) = (
        Arc::new(OnceLock::<Instant>::new()),
        Arc::new(AtomicUsize::new(0)),
    );

    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        // Every third opens a connection for each request.
        let client = if n % 3 == 0 {
            vitrine.client.with_fresh_connections()
        } else {
            vitrine.client.apart()
        };
        let (id, acknowledged) = (id.clone(), acknowledged.clone());
        let (stopped, answered) = (stopped.clone(), answered.clone());
        clients.spawn(async move {
            // Goes on for most of the drain, as a load balancer between two checks does.
            for turn in 0.. {
                if stopped
                    .get()
                    .is_some_and(|stopped| stopped.elapsed() > DRAIN.mul_f64(0.8))
                {
                    return;
                }
                if n % 2 == 0 {
                    client.product(&id).await;
                } else {
                    let (key, brand) = (format!("{n}-{turn}"), format!("Brand {turn}"));
                    let body = json!({"key": key, "name": key, "brand": brand});
                    let answer = client
                        .send(Method::POST, "/v1/products", Some(&body))
                        .await
                        .unwrap();
                    assert_eq!(answer.status, 201, "{answer:?}");
                    acknowledged.lock().unwrap().insert(answer.id(), brand);
                }
                answered.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    eventually("load", async || {
        (answered.load(Ordering::SeqCst) > 200).then_some(())
    })
    .await;
    let before = answered.load(Ordering::SeqCst);
    let signalled = *stopped.get_or_init(Instant::now);
    vitrine.signal("TERM");
    let health = eventually("unready", async || {
        vitrine.client.health().await.filter(|(status, _)| *status == 503)
    })
    .await;
    assert_eq!(health.1["status"], "unready");
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert!(
        answered.load(Ordering::SeqCst) > before + CLIENTS,
        "there was no load during the drain"
    );
    let status = vitrine.end().await;
    assert_eq!(status.code(), Some(0));
    assert!(signalled.elapsed() >= DRAIN);
    assert!(vitrine.client.health().await.is_none());

    let vitrine = setup.start().await;
    assert!(all_there(&vitrine.client, &acknowledged).await > 20);
    vitrine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let (acknowledged, renamed) = (Acknowledged::default(), Arc::new(AtomicUsize::new(0)));
    for round in 0..3 {
        let vitrine = setup.start().await;
        let mut writers = JoinSet::new();
        for n in 0..6 {
            let client = vitrine.client.clone();
            let (acknowledged, renamed) = (acknowledged.clone(), renamed.clone());
            writers.spawn(async move {
                let id = client.create(&format!("{round}-{n}")).await;
                for turn in 0.. {
                    let brand = format!("Brand {turn}");
                    // The one that was cut off may be there or not.
                    let cut = acknowledged.lock().unwrap().remove(&id);
                    let Ok(answer) = client.rename(&id, &brand).await else {
                        return (id, cut, brand);
                    };
                    assert_eq!(answer.status, 200, "{answer:?}");
                    acknowledged.lock().unwrap().insert(id.clone(), brand);
                    renamed.fetch_add(1, Ordering::SeqCst);
                }
                unreachable!("the process is killed")
            });
        }
        let before = renamed.load(Ordering::SeqCst);
        eventually("load", async || {
            (renamed.load(Ordering::SeqCst) > before + 60).then_some(())
        })
        .await;
        vitrine.kill();
        let vitrine = setup.start().await;
        while let Some(cut) = writers.join_next().await {
            let (id, last, asked) = cut.unwrap();
            let product = vitrine.client.product(&id).await;
            let brand = product.body["brand"].as_str();
            assert!(
                brand == last.as_deref() || brand == Some(&asked),
                "{brand:?} is there, acknowledged was {last:?}"
            );
            if let Some(brand) = brand {
                acknowledged.lock().unwrap().insert(id, brand.to_owned());
            }
        }
        all_there(&vitrine.client, &acknowledged).await;
        vitrine.stop().await;
    }
}
