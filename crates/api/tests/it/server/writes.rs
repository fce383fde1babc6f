//! A write that has begun comes to its end, whatever becomes of its client.

use std::time::Duration;

use api::server::HttpSettings;

use super::toy::{Server, client, happened, rest, settings};

const WRITE: &str = "POST /write HTTP/1.1\r\nhost: toy\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_its_write() {
    let server = Server::start(settings()).await;

    let client = server.send(WRITE).await;
    happened(&server.toy.started).await;
    drop(client);
    happened(&server.toy.abandoned).await;
    server.toy.may_go_on.add_permits(1);

    happened(&server.toy.committed).await;
}

#[tokio::test]
async fn a_write_that_times_out_goes_on() {
    let short = HttpSettings {
        request_timeout: Duration::from_millis(50),
        ..settings()
    };
    let server = Server::start(short).await;

    let response = client().post(server.url("/write")).send().await.unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(
        response.json::<serde_json::Value>().await.unwrap()["code"],
        "timeout"
    );
    server.toy.may_go_on.add_permits(1);

    happened(&server.toy.committed).await;
}

#[tokio::test]
async fn a_read_ends_with_its_client() {
    let server = Server::start(settings()).await;
    let client = server.send("GET /wait HTTP/1.1\r\nhost: toy\r\n\r\n").await;
    happened(&server.toy.started).await;
    drop(client);
    happened(&server.toy.abandoned).await;
}

#[tokio::test]
async fn a_panic_is_a_500_and_not_the_end_of_the_connection() {
    let server = Server::start(settings()).await;
    for method in ["GET", "POST"] {
        let close = "HTTP/1.1\r\nhost: toy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let text = rest(server.send(&format!("{method} /panic {close}")).await).await;
        assert!(text.starts_with("HTTP/1.1 500 "), "{method}: {text}");
        assert!(
            text.contains("application/problem+json") && text.contains("\"code\":\"internal\""),
            "{method}: {text}"
        );
        assert!(!text.contains("as the test wants it"), "{method}: {text}");
    }
}
