//! Memcached that dies, hangs and comes back under load, with two instances on one Postgres.

use super::load::{Failures, Load};
use super::servers::{Database, Memcached};
use super::support::{Client, Setup, eventually};

async fn hits(client: &Client) -> f64 {
    client.metric("cache_requests_total", "result=\"hit\"").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memcached_that_dies_hangs_and_comes_back_makes_nothing_fail_or_stale() {
    let (mut memcached, database) = (Memcached::start().await, Database::create().await);
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder)
        .with("VITRINE__DATABASE__URL", &database.url())
        .with("VITRINE__CACHE__URL", &memcached.url());
    let instances = [setup.start().await, setup.elsewhere().start().await];
    let clients = instances.each_ref().map(|instance| &instance.client);
    let until = async |state: &str| {
        for client in clients {
            client.until_cache(state).await;
        }
    };
    until("up").await;
    let mut load = Load::start(&clients, 4, Failures::None).await;
    for turn in 0..4 {
        load.go_on(100, 50).await;
        if turn % 2 == 0 {
            memcached.kill();
        } else {
            memcached.freeze();
        }
        until("degraded").await;
        load.go_on(100, 50).await;
        if turn % 2 == 0 {
            memcached.restart().await;
        } else {
            memcached.thaw();
        }
        load.go_on(100, 50).await;
        until("up").await;
        let before = [hits(clients[0]).await, hits(clients[1]).await];
        load.go_on(100, 50).await;
        eventually("both hit again", async || {
            let now = [hits(clients[0]).await, hits(clients[1]).await];
            (now[0] > before[0] && now[1] > before[1]).then_some(())
        })
        .await;
        // Nobody is told of others' writes, so nobody keeps anything.
        let kept = clients[0]
            .metric("cache_requests_total", "result=\"local_hit\"")
            .await;
        assert!(kept < 1.0, "{kept}");
    }
    assert_eq!(load.stop().await, 0);
    let log = instances[0].log();
    assert!(
        log.contains("on Memcached instances keep nothing themselves"),
        "{log}"
    );
    for instance in instances {
        instance.stop().await;
    }
    database.remove().await;
}
