//! How much a request may send: counted inside decompression, declared or not.

use api::server::HttpSettings;
use bytes::Bytes;
use reqwest::{Body, Response};

use super::toy::{Server, client, settings};

const LIMIT: usize = 64 * 1024;
const BOMB: usize = 16 * 1024 * 1024;

async fn server() -> Server {
    Server::start(HttpSettings {
        body_limit: LIMIT,
        ..settings()
    })
    .await
}

/// `length` zeros in a content coding, made by the server's own compression.
async fn coded_zeros(server: &Server, coding: &str, length: usize) -> Bytes {
    let request = client()
        .get(server.url(&format!("/zeros/{length}")))
        .header("accept-encoding", coding);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-encoding"], coding);
    response.bytes().await.unwrap()
}

async fn post(server: &Server, path: &str, coding: Option<&str>, body: impl Into<Body>) -> Response {
    let mut request = client().post(server.url(path)).body(body);
    if let Some(coding) = coding {
        request = request.header("content-encoding", coding);
    }
    request.send().await.unwrap()
}

fn chunked(bytes: Bytes) -> Body {
    Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>(bytes)]))
}

async fn assert_problem(response: Response, status: u16, code: &str) {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = response.json().await.unwrap();
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], status);
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_large_one_is_too_large() {
    let server = server().await;
    for coding in ["gzip", "zstd"] {
        let bomb = coded_zeros(&server, coding, BOMB).await;
        assert!(bomb.len() < LIMIT, "{coding}: {}", bomb.len());
        for path in ["/length", "/raw-length"] {
            for body in [Body::from(bomb.clone()), chunked(bomb.clone())] {
                assert_problem(
                    post(&server, path, Some(coding), body).await,
                    413,
                    "payload_too_large",
                )
                .await;
            }
        }
    }
}

#[tokio::test]
async fn the_limit_is_exact_with_and_without_a_declared_length() {
    let server = server().await;
    let fits = Bytes::from(vec![0; LIMIT]);
    let too_large = Bytes::from(vec![0; LIMIT + 1]);
    for path in ["/length", "/raw-length"] {
        for body in [Body::from(fits.clone()), chunked(fits.clone())] {
            assert_eq!(
                post(&server, path, None, body).await.text().await.unwrap(),
                LIMIT.to_string()
            );
        }
        for body in [Body::from(too_large.clone()), chunked(too_large.clone())] {
            assert_problem(post(&server, path, None, body).await, 413, "payload_too_large").await;
        }
    }
}

#[tokio::test]
async fn a_limit_above_the_frameworks_own_holds() {
    let length = 5 * 1024 * 1024;
    let server = Server::start(HttpSettings {
        body_limit: length,
        ..settings()
    })
    .await;
    assert_eq!(
        post(&server, "/length", None, vec![0; length])
            .await
            .text()
            .await
            .unwrap(),
        length.to_string()
    );
}

#[tokio::test]
async fn compressed_bodies_arrive_unpacked() {
    let server = server().await;
    for coding in ["gzip", "zstd"] {
        let body = coded_zeros(&server, coding, LIMIT).await;
        assert_eq!(
            post(&server, "/length", Some(coding), body)
                .await
                .text()
                .await
                .unwrap(),
            LIMIT.to_string()
        );
    }
}

#[tokio::test]
async fn a_stream_may_be_larger_than_the_limit() {
    let server = server().await;
    let body = chunked(Bytes::from(vec![0; LIMIT * 4]));
    assert_eq!(
        post(&server, "/imports", None, body).await.text().await.unwrap(),
        (LIMIT * 4).to_string()
    );
}

#[tokio::test]
async fn an_unknown_content_coding_is_a_415_that_names_the_known_ones() {
    let server = server().await;
    let response = post(&server, "/length", Some("br"), "text").await;
    assert_eq!(response.headers()["accept-encoding"], "zstd,gzip");
    assert_problem(response, 415, "unsupported_media_type").await;
}
