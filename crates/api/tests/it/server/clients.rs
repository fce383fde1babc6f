//! Clients that are slow, silent or too many.

use std::{convert::Infallible, time::Duration};

use api::server::HttpSettings;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::toy::{PATIENCE, Server, answer, happened, rest, settings};

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(400);
const GET: &str = "GET /ok HTTP/1.1\r\nhost: toy\r\n\r\n";

/// All time-outs long but those that a test names.
fn patient() -> HttpSettings {
    HttpSettings {
        header_read_timeout: LONG,
        body_idle_timeout: LONG,
        idle_timeout: LONG,
        request_timeout: LONG,
        ..settings()
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = Server::start(HttpSettings {
        header_read_timeout: SHORT,
        ..patient()
    })
    .await;
    assert_eq!(rest(server.connect().await).await, "");
}

#[tokio::test]
async fn headers_that_drip_are_cut() {
    let server = Server::start(HttpSettings {
        header_read_timeout: SHORT,
        ..patient()
    })
    .await;
    let mut stream = server.send("GET /ok HTTP/1.1\r\nhost: toy\r\nx-slow: ").await;
    let dripping = async {
        while stream.write_all(b"x").await.is_ok() {
            sleep(SHORT / 10).await;
        }
    };
    timeout(PATIENCE, dripping).await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_own_time() {
    let settings = HttpSettings {
        header_read_timeout: SHORT / 4,
        idle_timeout: SHORT * 2,
        ..patient()
    };
    let server = Server::start(settings).await;
    let mut stream = server.send(GET).await;
    answer(&mut stream).await.unwrap();
    let since = Instant::now();
    assert_eq!(rest(stream).await, "");
    assert!(since.elapsed() >= SHORT * 2, "closed after {:?}", since.elapsed());
}

#[tokio::test]
async fn a_handler_that_takes_its_time_is_not_a_client_that_does() {
    let settings = HttpSettings {
        header_read_timeout: SHORT / 4,
        body_idle_timeout: SHORT / 4,
        idle_timeout: SHORT / 4,
        ..patient()
    };
    let server = Server::start(settings).await;
    let mut stream = server.send("GET /wait HTTP/1.1\r\nhost: toy\r\n\r\n").await;
    happened(&server.toy.started).await;
    assert!(
        timeout(SHORT, server.toy.abandoned.acquire()).await.is_err(),
        "the request was cut"
    );
    server.toy.may_go_on.add_permits(1);
    assert!(answer(&mut stream).await.unwrap().ends_with("went on"));
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_a_408() {
    for path in ["/length", "/imports"] {
        let server = Server::start(HttpSettings {
            body_idle_timeout: SHORT,
            ..patient()
        })
        .await;
        let head = format!("POST {path} HTTP/1.1\r\nhost: toy\r\ncontent-length: 10\r\n\r\nhalf");
        let text = rest(server.send(&head).await).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert!(text.contains("\"code\":\"request_timeout\""), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut() {
    let server = Server::start(HttpSettings {
        body_idle_timeout: SHORT,
        ..patient()
    })
    .await;
    let _stream = server.send("GET /endless HTTP/1.1\r\nhost: toy\r\n\r\n").await;
    happened(&server.toy.abandoned).await;
}

#[tokio::test]
async fn a_client_that_stops_reading_over_http2_is_cut() {
    let server = Server::start(HttpSettings {
        body_idle_timeout: SHORT,
        ..patient()
    })
    .await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get(server.url("/endless"))
        .body(Empty::<Bytes>::new())
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    happened(&server.toy.abandoned).await;
    drop(response);
    let _: Result<_, _> = timeout(PATIENCE, connection).await.unwrap();
}

#[tokio::test]
async fn a_client_that_reads_and_writes_slowly_is_served() {
    let settings = HttpSettings {
        body_idle_timeout: SHORT,
        idle_timeout: SHORT,
        ..patient()
    };
    let server = Server::start(settings).await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);

    let chunks = futures::stream::unfold(0, async |sent| {
        sleep(SHORT / 4).await;
        let chunk = http_body::Frame::data(Bytes::from_static(b"chunk"));
        (sent < 8).then_some((Ok::<_, Infallible>(chunk), sent + 1))
    });
    let body = StreamBody::new(chunks).boxed_unsync();
    let request = http::Request::post("/imports")
        .header("host", "toy")
        .body(body)
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "40");

    let body = Empty::new().boxed_unsync();
    let request = http::Request::get("/endless")
        .header("host", "toy")
        .body(body)
        .unwrap();
    let mut endless = client.send_request(request).await.unwrap().into_body();
    let since = Instant::now();
    while since.elapsed() < SHORT * 3 {
        endless.frame().await.unwrap().unwrap();
        sleep(SHORT / 20).await;
    }
}

/// More than the kernel buffers, in one chunk: what tells the client's progress is the socket alone.
#[tokio::test]
async fn a_large_answer_may_take_longer_than_any_pause() {
    const LENGTH: usize = 64 * 1024 * 1024;
    let settings = HttpSettings {
        body_idle_timeout: SHORT,
        idle_timeout: SHORT,
        ..patient()
    };
    let server = Server::start(settings).await;
    let mut stream = server
        .send(&format!("GET /zeros/{LENGTH} HTTP/1.1\r\nhost: toy\r\n\r\n"))
        .await;
    let mut buffer = vec![0; LENGTH / 64];
    let mut received = 0;
    let since = Instant::now();
    while received < LENGTH {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "closed after {received} bytes");
        received += read;
        let percent = u32::try_from(received * 100 / LENGTH).unwrap();
        sleep_until(since + SHORT * 4 * percent / 100).await;
    }
}

#[tokio::test]
async fn connections_over_the_cap_wait_for_their_turn() {
    let server = Server::start(HttpSettings {
        max_connections: 1,
        ..patient()
    })
    .await;
    let mut first = server.send(GET).await;
    answer(&mut first).await.unwrap();
    let mut second = server.send(GET).await;
    assert!(
        timeout(SHORT, second.readable()).await.is_err(),
        "the second connection was served beside the first"
    );
    drop(first);
    assert!(answer(&mut second).await.unwrap().ends_with("ok"));
}
