//! Answers that are given again without their route.

use std::sync::atomic::Ordering;

use reqwest::{Method, Response};

use super::toy::{PATIENCE, Server, client, settings};

const PATH: &str = "/counted";

async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = client().request(method, server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn count(response: &Response) -> u64 {
    response.headers()["count"].to_str().unwrap().parse().unwrap()
}

/// Asks in pairs until the second answer is the first one again, as it soon is unless a second lies between them.
async fn given_again(server: &Server, headers: &[(&str, &str)]) -> (Response, Response) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < end {
        let first = ask(server, Method::GET, PATH, headers).await;
        let second = ask(server, Method::GET, PATH, headers).await;
        if count(&first) == count(&second) {
            return (first, second);
        }
    }
    panic!("{headers:?} was never answered again");
}

#[tokio::test]
async fn an_answer_is_given_again_with_another_request_id() {
    let server = Server::start(settings()).await;
    let codings = [
        &[][..],
        &[("accept-encoding", "gzip")],
        &[("accept-encoding", "br")],
    ];
    for headers in codings {
        let (first, second) = given_again(&server, headers).await;
        assert_eq!(
            (first.status(), second.status()),
            (200.try_into().unwrap(), 200.try_into().unwrap())
        );
        assert!(server.toy.repeated.swap(0, Ordering::SeqCst) > 0);
        assert_ne!(first.headers()["request-id"], second.headers()["request-id"]);
        assert_eq!(second.headers()["again"], "yes");
        for name in ["etag", "vary", "content-type"] {
            assert_eq!(first.headers()[name], second.headers()[name], "{name}");
        }
        let coding = |response: &Response| response.headers().get("content-encoding").cloned();
        assert_eq!(coding(&first), coding(&second));
        assert_eq!(coding(&second).is_some(), !headers.is_empty());
        assert_eq!(first.bytes().await.unwrap(), second.bytes().await.unwrap());
    }
    let (_, not_modified) = given_again(&server, &[("if-none-match", "\"7\"")]).await;
    assert_eq!(not_modified.status(), 304);
    assert_eq!(not_modified.headers()["etag"], "\"7\"");
    assert!(not_modified.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_is_given_again_for_as_long_as_its_handler_stands_by_it_and_no_longer_than_a_second() {
    let server = Server::start(settings()).await;
    let (_, second) = given_again(&server, &[]).await;
    server.toy.stands.store(false, Ordering::SeqCst);
    assert_eq!(
        count(&ask(&server, Method::GET, PATH, &[]).await),
        count(&second) + 1
    );
    server.toy.stands.store(true, Ordering::SeqCst);
    let (_, known) = given_again(&server, &[]).await;
    tokio::time::sleep(api::server::REMEMBERED).await;
    assert!(count(&ask(&server, Method::GET, PATH, &[]).await) > count(&known));
}

#[tokio::test]
async fn whatever_may_ask_for_something_else_is_answered_by_the_route() {
    let server = Server::start(settings()).await;
    let plain = (Method::GET, PATH);
    for ((method, path), headers) in [
        (plain.clone(), &[("authorization", "Bearer x")][..]),
        (plain.clone(), &[("range", "bytes=0-1")]),
        (plain.clone(), &[("if-match", "\"7\"")]),
        (plain.clone(), &[("catalog-consistency", "strong")]),
        (plain.clone(), &[("catalog-min-position", "1-1")]),
        (plain.clone(), &[("origin", "https://shop.example")]),
        (plain.clone(), &[("request-id", "mine")]),
        (
            plain.clone(),
            &[(
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )],
        ),
        (plain.clone(), &[("x-unheard-of", "1")]),
        (
            plain.clone(),
            &[("accept-encoding", "gzip"), ("accept-encoding", "br")],
        ),
        ((Method::GET, "/counted?other"), &[]),
        ((Method::HEAD, PATH), &[]),
        ((Method::POST, PATH), &[]),
    ] {
        let (_, known) = given_again(&server, &[]).await;
        let answer = ask(&server, method, path, headers).await;
        assert!(count(&answer) > count(&known), "{path} {headers:?}");
    }
}
