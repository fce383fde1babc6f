//! One connection: HTTP/1.1 by hand, with as little work to a request as possible.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// More headers than any server here sends.
const MAX_HEADERS: usize = 64;

/// The requests to send, as bytes.
pub(crate) struct Requests {
    address: SocketAddr,
    all: Vec<Vec<u8>>,
}

impl Requests {
    pub(crate) fn new(address: SocketAddr, lines: &str, token: Option<&str>) -> Self {
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let token = token.unwrap_or_default();
        let request = |line: &str| {
            let (path, tag) = line.split_once(' ').unwrap_or((line, ""));
            let condition = match tag {
                "" => String::new(),
                tag => format!("If-None-Match: {tag}\r\n"),
            };
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n{token}{condition}\r\n")
                .into_bytes()
        };
        Self {
            address,
            all: lines.lines().map(request).collect(),
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Stop {
    At(Instant),
    /// When every request was sent once.
    AtTheEnd,
}

/// What came of requests.
#[derive(Default)]
pub(crate) struct Tally {
    /// In nanoseconds.
    pub(crate) times: Vec<u64>,
    pub(crate) body_bytes: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.body_bytes += other.body_bytes;
    }
}

/// Sends the requests `first`, `first + step`… one after the other. An answer that is neither 200 nor 304 is an error.
pub(crate) async fn drive(
    requests: Arc<Requests>,
    first: usize,
    step: usize,
    stop: Stop,
) -> io::Result<Tally> {
    let mut stream = TcpStream::connect(requests.address).await?;
    stream.set_nodelay(true)?;
    let mut tally = Tally::default();
    let mut answer = Vec::with_capacity(64 * 1024);
    let mut turn = first;
    loop {
        let started = Instant::now();
        let at = match stop {
            Stop::At(end) if started >= end => return Ok(tally),
            Stop::At(_) => turn % requests.all.len().max(1),
            Stop::AtTheEnd => turn,
        };
        let Some(request) = requests.all.get(at) else {
            return Ok(tally);
        };
        turn += step;
        stream.write_all(request).await?;
        tally.body_bytes += read_answer(&mut stream, &mut answer).await? as u64;
        let nanoseconds = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        tally.times.push(nanoseconds);
    }
}

/// Reads one answer to its end; gives the length of its body.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> io::Result<usize> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(head) = Head::parse(answer)? {
            while answer.len() < head.length + head.body {
                if stream.read_buf(answer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            return Ok(head.body);
        }
    }
}

struct Head {
    length: usize,
    /// How long the body is.
    body: usize,
}

impl Head {
    /// Nothing while the head is not complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(io::Error::other)?;
        let httparse::Status::Complete(length) = parsed else {
            return Ok(None);
        };
        let code = response.code.unwrap_or_default();
        if code != 200 && code != 304 {
            let text = String::from_utf8_lossy(bytes);
            return Err(io::Error::other(format!("an unexpected answer: {text}")));
        }
        let body = response
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .and_then(|header| std::str::from_utf8(header.value).ok()?.parse().ok());
        Ok(Some(Self {
            length,
            // Without one there is no body, or no way to tell where it ends.
            body: if code == 304 { 0 } else { body.unwrap_or_default() },
        }))
    }
}
