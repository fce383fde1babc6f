//! Stopping without losing what was asked.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::server::{HttpSettings, Lifecycle, Shutdown};
use futures::future::join_all;
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::toy::{PATIENCE, Server, Toy, answer, happened, settings};

const GET: &str = "GET /ok HTTP/1.1\r\nhost: toy\r\n\r\n";
const WRITE: &str = "POST /write HTTP/1.1\r\nhost: toy\r\ncontent-length: 0\r\n\r\n";
const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: toy\r\n\r\n";

#[tokio::test]
async fn readiness_is_withdrawn_while_connections_are_still_accepted() {
    let drain = Duration::from_millis(500);
    let server = Server::start(HttpSettings { drain, ..settings() }).await;
    let readiness = server.lifecycle.readiness();
    assert!(readiness.is_ready());

    let stopping = Instant::now();
    server.lifecycle.shut_down();
    assert!(!readiness.is_ready());
    let text = answer(&mut server.send(GET).await).await.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200 ") && text.contains("connection: close"),
        "{text}"
    );

    let address = server.address;
    assert_eq!(server.end().await, Shutdown::Clean);
    assert!(stopping.elapsed() >= drain);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_running_request_is_waited_for() {
    let server = Server::start(settings()).await;
    let mut reader = server.send(WAIT).await;
    happened(&server.toy.started).await;

    let (toy, ending) = assert_waits(server).await;
    toy.may_go_on.add_permits(1);
    assert!(answer(&mut reader).await.unwrap().ends_with("went on"));
    assert_eq!(ending.await.unwrap(), Shutdown::Clean);
}

#[tokio::test]
async fn a_write_without_a_client_is_waited_for() {
    let server = Server::start(settings()).await;
    let writer = server.send(WRITE).await;
    happened(&server.toy.started).await;
    drop(writer);
    happened(&server.toy.abandoned).await;

    let (toy, ending) = assert_waits(server).await;
    toy.may_go_on.add_permits(1);
    assert_eq!(ending.await.unwrap(), Shutdown::Clean);
    assert_eq!(toy.committed.available_permits(), 1);
}

async fn assert_waits(server: Server) -> (Toy, JoinHandle<Shutdown>) {
    let toy = server.toy.clone();
    let closing = server.lifecycle.closing().clone();
    server.lifecycle.shut_down();
    let mut ending = tokio::spawn(server.end());
    timeout(PATIENCE, closing.cancelled()).await.unwrap();
    assert!(
        timeout(Duration::from_millis(200), &mut ending).await.is_err(),
        "the server ended first"
    );
    (toy, ending)
}

/// The kernel has accepted it, the server has not heard of it when it stops accepting.
#[tokio::test]
async fn a_connection_in_the_queue_is_served() {
    let server = Server::start(settings()).await;
    answer(&mut server.send(GET).await).await.unwrap();

    // Nothing yields to the server between the connection and the end of its accepting.
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    stream.write_all(GET.as_bytes()).unwrap();
    stream.set_nonblocking(true).unwrap();
    server.lifecycle.closing().cancel();

    assert!(
        answer(&mut TcpStream::from_std(stream).unwrap())
            .await
            .unwrap()
            .ends_with("ok")
    );
}

#[tokio::test]
async fn a_connection_that_was_accepted_may_still_send_its_first_request() {
    let server = Server::start(settings()).await;
    let mut stream = server.connect().await;
    // Accepted in order, so the first one is accepted once a later one is answered.
    answer(&mut server.send(GET).await).await.unwrap();
    server.lifecycle.shut_down();
    timeout(PATIENCE, server.lifecycle.closing().cancelled())
        .await
        .unwrap();
    sleep(Duration::from_millis(100)).await;

    stream.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.unwrap().ends_with("ok"));
    assert_eq!(server.end().await, Shutdown::Clean);
}

#[tokio::test]
async fn what_does_not_end_is_cut_at_the_hard_limit() {
    let server = Server::start(HttpSettings {
        shutdown_timeout: Duration::from_millis(100),
        ..settings()
    })
    .await;
    let _reader = server.send(WAIT).await;
    let _writer = server.send(WRITE).await;
    happened(&server.toy.started).await;
    happened(&server.toy.started).await;
    server.lifecycle.shut_down();
    assert_eq!(
        server.end().await,
        Shutdown::Forced {
            connections: 2,
            writes: 1
        }
    );
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let server = Server::start(settings()).await;
    let mut idle = server.send(GET).await;
    answer(&mut idle).await.unwrap();
    server.lifecycle.shut_down();
    assert_eq!(server.end().await, Shutdown::Clean);
}

/// Clients that keep a connection, clients that open one per request, and clients that do so without looking at
/// readiness during most of the drain: none of them may lose a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_under_load_drops_no_request() {
    let drain = Duration::from_millis(400);
    let server = Server::start(HttpSettings { drain, ..settings() }).await;
    let load = Load {
        address: server.address,
        lifecycle: server.lifecycle.clone(),
        answered: Arc::default(),
    };

    let clients: Vec<_> = (0..12)
        .map(|number| {
            let load = load.clone();
            tokio::spawn(async move {
                match number % 3 {
                    0 => load.keep_connection().await,
                    1 => load.connect_each_time(Duration::ZERO).await,
                    _ => load.connect_each_time(drain / 2).await,
                }
            })
        })
        .collect();
    while load.answered.load(Ordering::SeqCst) < 500 {
        sleep(Duration::from_millis(5)).await;
    }
    server.lifecycle.shut_down();

    for client in timeout(PATIENCE, join_all(clients)).await.unwrap() {
        client.unwrap().unwrap();
    }
    assert_eq!(server.end().await, Shutdown::Clean);
}

#[derive(Clone)]
struct Load {
    address: SocketAddr,
    lifecycle: Lifecycle,
    answered: Arc<AtomicUsize>,
}

impl Load {
    async fn keep_connection(&self) -> io::Result<()> {
        while self.lifecycle.readiness().is_ready() {
            let mut stream = TcpStream::connect(self.address).await?;
            while !self.ask(&mut stream).await?.contains("connection: close") {}
        }
        Ok(())
    }

    /// Goes on for `blind` after readiness has been withdrawn, as a load balancer between two checks does.
    async fn connect_each_time(&self, blind: Duration) -> io::Result<()> {
        let mut last = None;
        while last.is_none_or(|last| Instant::now() < last) {
            self.ask(&mut TcpStream::connect(self.address).await?).await?;
            if last.is_none() && !self.lifecycle.readiness().is_ready() {
                last = Some(Instant::now() + blind);
            }
        }
        Ok(())
    }

    async fn ask(&self, stream: &mut TcpStream) -> io::Result<String> {
        stream.write_all(GET.as_bytes()).await?;
        let text = answer(stream).await?;
        assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(text)
    }
}
