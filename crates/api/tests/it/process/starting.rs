//! What a process says when it cannot start, and how soon it answers when it can.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use tokio::time::Instant;

use super::support::{Setup, eventually};

/// Fails, with one line on standard error that says all of this, and nothing on standard output.
#[track_caller]
fn refused(setup: &Setup, arguments: &[&str], says: &[&str]) {
    let output = setup.run(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.starts_with("vitrine: "), "{errors}");
    for word in says {
        assert!(errors.contains(word), "{word:?} is not in: {errors}");
    }
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = Setup::new(&folder).with("VITRINE__HTTP__ADDRESS", &address);
    refused(&setup, &["serve"], &["cannot listen", &address]);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, says) in [
        ("VITRINE__HTTP__ADRESS", "127.0.0.1:1", "VITRINE__HTTP__ADRESS"),
        ("VITRINE__HTTP__ADDRESS", "here", "VITRINE__HTTP__ADDRESS"),
        ("VITRINE__DATABASE__URL", "mysql://localhost/x", "database.url"),
        ("VITRINE__CACHE__URL", "http://localhost", "cache.url"),
        ("VITRINE__AUTH__HS256_SECRET", "short", "auth.hs256_secret"),
        ("VITRINE__CATALOG__DEFAULT_CURRENCY", "Euro", "default_currency"),
    ] {
        let setup = Setup::new(&folder).with(name, value);
        refused(&setup, &["serve"], &["settings", says]);
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_told_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let closed = super::support::address();
    let url = format!("postgres://someone:hidden-password@{closed}/x");
    let setup = Setup::new(&folder)
        .with("VITRINE__DATABASE__URL", &url)
        .with("VITRINE__DATABASE__ACQUIRE_TIMEOUT", "1s");
    for command in ["serve", "migrate"] {
        refused(&setup, &[command], &["database"]);
        let errors = String::from_utf8(setup.run(&[command]).stderr).unwrap();
        assert!(!errors.contains("hidden-password"), "{errors}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::bare(folder.path());
    setup.succeed(&["token", "--scope", "catalog:read"]);
    let key = folder.path().join("data/auth.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    refused(&setup, &["serve"], &["auth.key"]);
    refused(&setup, &["token", "--scope", "catalog:read"], &["auth.key"]);
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // In the way even of root, who may write everywhere.
    fs::write(folder.path().join("file"), "").unwrap();
    let at = folder.path().join("file/data");
    let setup = Setup::bare(folder.path()).with("VITRINE__DATA_DIR", at.to_str().unwrap());
    refused(&setup, &["serve"], &["file/data"]);
    refused(&setup, &["token", "--scope", "catalog:read"], &["file/data"]);
    refused(&setup, &["migrate"], &["data"]);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("not.db"),
        "plain text, and rather more of it than a header",
    )
    .unwrap();
    let file = format!("sqlite://{}", folder.path().join("not.db").display());
    let setup = Setup::new(&folder).with("VITRINE__DATABASE__URL", &file);
    refused(&setup, &["serve"], &["database"]);
}

#[test]
fn documents_are_printed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder)
        .with(
            "VITRINE__DATABASE__URL",
            "postgres://someone:hidden-password@localhost/x",
        )
        .with("VITRINE__CACHE__URL", "redis://:hidden-password@localhost:6379");
    let token = setup.succeed(&["token", "--scope", "catalog:admin", "--ttl", "1h"]);
    let token = token.strip_suffix('\n').unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(!token.contains(char::is_whitespace));

    let config = setup.succeed(&["config"]);
    assert!(
        !config.contains("hidden-password") && !config.contains("these-tests-know"),
        "{config}"
    );
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(
        config["http"]["address"].as_str(),
        Some(setup.address().to_string().as_str())
    );

    let document: Value = serde_json::from_str(&setup.succeed(&["openapi"])).unwrap();
    assert_eq!(
        document["openapi"].as_str().map(|version| &version[..3]),
        Some("3.1")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_says_by_its_exit_code_whether_the_service_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder).with("VITRINE__HTTP__DRAIN", "2s");
    refused(&setup, &["health"], &["nobody answers"]);
    let mut vitrine = setup.start().await;
    assert!(setup.run(&["health"]).status.success());
    vitrine.signal("TERM");
    eventually("unready", async || {
        vitrine.client.health().await.filter(|(status, _)| *status == 503)
    })
    .await;
    refused(&setup, &["health"], &["not ready"]);
    assert!(vitrine.end().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_configured_it_soon_serves_the_example_catalog() {
    /// A second is promised; this is not the optimised build, and other tests run beside it.
    const LIMIT: std::time::Duration = std::time::Duration::from_secs(10);
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::bare(folder.path());
    for start in ["the first start", "a later start"] {
        let began = Instant::now();
        let vitrine = setup.spawn();
        let answer = eventually("products", async || {
            vitrine
                .client
                .get("/v1/store/default/products?limit=200")
                .await
                .ok()
        })
        .await;
        let took = began.elapsed();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body["items"].as_array().unwrap().len() > 150);
        assert!(took < LIMIT, "{start} took {took:?}");
        vitrine.stop().await;
    }
}
