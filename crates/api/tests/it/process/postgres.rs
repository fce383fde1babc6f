//! Postgres that goes away and comes back under load.

use super::load::{Failures, Load};
use super::servers::Postgres;
use super::support::{Setup, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_restarts_costs_only_answers_that_say_so() {
    let mut postgres = Postgres::start().await;
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder)
        .with("VITRINE__DATABASE__URL", &postgres.url())
        .with("VITRINE__DATABASE__ACQUIRE_TIMEOUT", "1s")
        .with("VITRINE__TELEMETRY__LOG_LEVEL", "error");
    let vitrine = setup.start().await;
    let client = &vitrine.client;
    client.until_cache("up").await;
    let mut load = Load::start(&[client], 4, Failures::Unavailable).await;
    for _ in 0..3 {
        load.go_on(100, 50).await;
        let before = load.refused();
        postgres.kill().await;
        let unready = eventually("unready", async || {
            client.health().await.filter(|(status, _)| *status == 503)
        })
        .await;
        assert_eq!(unready.1["status"], "unready");
        assert_eq!(unready.1["database"], "down");
        eventually("refusals", async || (load.refused() > before + 10).then_some(())).await;
        postgres.restart().await;
        eventually("ready", async || {
            client.health().await.filter(|(status, _)| *status == 200)
        })
        .await;
        load.go_on(100, 50).await;
    }
    load.stop().await;
    vitrine.stop().await;
}
