//! A connection that many requests share.
//!
//! Invariant: answers come in the order of the commands, so that each is given to whoever asked; whatever does not fit
//! ends the connection, with everything that waits on it. It never reconnects by itself.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::MemcachedError;
use super::wire::{self, Reply};

/// Requests that may wait to be written.
const BUFFER: usize = 1024;
/// Written at once at most, give or take a request.
const CHUNK: usize = 256 * 1024;
/// Both are well below what a request may take, so that a hung server costs a request little.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(250);

/// Commands of one request, with room for their answers.
struct Request {
    commands: Bytes,
    answer: Answer,
}

struct Answer {
    replies: usize,
    to: oneshot::Sender<Vec<Reply>>,
}

pub(super) struct Connection {
    requests: mpsc::Sender<Request>,
    /// Ends with this.
    _carrying: JoinSet<()>,
}

impl Connection {
    pub(super) async fn open(address: &str) -> Result<Self, MemcachedError> {
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| MemcachedError::TimedOut)??;
        stream.set_nodelay(true)?;
        let (from, to) = stream.into_split();
        let (requests, asked) = mpsc::channel(BUFFER);
        // Bounded by the senders, each of which waits for its answer.
        let (expect, expected) = mpsc::unbounded_channel();
        let mut carrying = JoinSet::new();
        carrying.spawn(async move {
            let ended = tokio::select! {
                ended = write(asked, expect, to) => ended,
                ended = read(expected, BufReader::new(from)) => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection to memcached ended"
                );
            }
        });
        Ok(Self {
            requests,
            _carrying: carrying,
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }

    /// The answers to `commands`, one to each.
    pub(super) async fn ask(&self, commands: Bytes, replies: usize) -> Result<Vec<Reply>, MemcachedError> {
        let asking = async {
            let (to, answered) = oneshot::channel();
            let answer = Answer { replies, to };
            let request = Request { commands, answer };
            self.requests
                .send(request)
                .await
                .map_err(|_| MemcachedError::Closed)?;
            answered.await.map_err(|_| MemcachedError::Closed)
        };
        let asked = timeout(RESPONSE_TIMEOUT, asking).await;
        asked.map_err(|_| MemcachedError::TimedOut)?
    }
}

async fn write(
    mut asked: mpsc::Receiver<Request>,
    expect: mpsc::UnboundedSender<Answer>,
    mut to: OwnedWriteHalf,
) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    while let Some(first) = asked.recv().await {
        let mut next = Some(first);
        while let Some(Request { commands, answer }) = next {
            buffer.extend_from_slice(&commands);
            if expect.send(answer).is_err() {
                return Ok(());
            }
            next = (buffer.len() < CHUNK).then(|| asked.try_recv().ok()).flatten();
        }
        to.write_all(&buffer).await?;
        buffer.clear();
    }
    Ok(())
}

async fn read(
    mut expected: mpsc::UnboundedReceiver<Answer>,
    mut from: BufReader<OwnedReadHalf>,
) -> io::Result<()> {
    loop {
        let answer = tokio::select! {
            biased;
            answer = expected.recv() => answer,
            // Nothing is to come: either the other end has closed, or it is not what we take it for.
            unasked = from.fill_buf() => {
                unasked?;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let Some(Answer { replies, to }) = answer else {
            return Ok(());
        };
        let mut found = Vec::with_capacity(replies);
        for _ in 0..replies {
            found.push(wire::reply(&mut from).await?);
        }
        // Who asked may have given up.
        let _: Result<(), _> = to.send(found);
    }
}
