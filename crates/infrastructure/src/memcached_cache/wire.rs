//! Memcached's meta protocol, as much of it as the cache speaks: commands as bytes, and what is answered to them.

use std::io;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// Longer than any line that answers.
const MAX_LINE: u64 = 2048;
/// Larger than anything that is stored under our names.
const MAX_VALUE: usize = 64 << 20;

/// What the server answers to one command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value {
        data: Bytes,
        /// Another one after every change.
        cas: u64,
        /// Whole seconds to live; `None` without an end.
        left: Option<u64>,
    },
    Done,
    /// There was something already, or nothing.
    NotStored,
    /// It is not the one that was meant any more.
    Changed,
    Missing,
    /// It is too large, or there is no memory.
    Refused,
}

/// The end of an item's life as the server counts it: in whole seconds, of which the first may be over in no time.
fn seconds(life: Duration) -> u64 {
    life.as_secs() + u64::from(life.subsec_nanos() > 0) + 1
}

pub(super) fn get(to: &mut BytesMut, key: &str) {
    to.put_slice(b"mg ");
    to.put_slice(key.as_bytes());
    to.put_slice(b" v c t\r\n");
}

/// How an item is stored.
#[derive(Clone, Copy)]
pub(super) enum How {
    Always,
    IfAbsent,
    /// If it is still the one with this tag.
    IfUnchanged(u64),
}

/// Stores an item, without an end unless it has a `life`.
pub(super) fn set(to: &mut BytesMut, key: &str, value: &[u8], life: Option<Duration>, how: How) {
    let life = life.map_or(0, seconds);
    let how = match how {
        How::Always => String::new(),
        How::IfAbsent => " ME".to_owned(),
        How::IfUnchanged(cas) => format!(" C{cas}"),
    };
    to.put_slice(format!("ms {key} {} T{life}{how}\r\n", value.len()).as_bytes());
    to.put_slice(value);
    to.put_slice(b"\r\n");
}

/// Deletes the item if it is still the one with this tag.
pub(super) fn delete(to: &mut BytesMut, key: &str, cas: u64) {
    to.put_slice(format!("md {key} C{cas}\r\n").as_bytes());
}

/// The next answer.
pub(super) async fn reply(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Reply> {
    let mut line = Vec::new();
    (&mut *from).take(MAX_LINE).read_until(b'\n', &mut line).await?;
    let line = std::str::from_utf8(&line).map_err(|_| unknown("bytes"))?;
    let Some(line) = line.strip_suffix("\r\n") else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let mut words = line.split(' ');
    match words.next().unwrap_or_default() {
        "VA" => {
            let size: Option<usize> = words.next().and_then(|size| size.parse().ok());
            let size = size
                .filter(|size| *size <= MAX_VALUE)
                .ok_or_else(|| unknown(line))?;
            let (mut cas, mut left) = (None, None);
            for word in words {
                match word.split_at_checked(1) {
                    Some(("c", tag)) => cas = tag.parse().ok(),
                    Some(("t", seconds)) => left = seconds.parse().ok(),
                    _ => {}
                }
            }
            let mut data = BytesMut::zeroed(size + 2);
            from.read_exact(&mut data).await?;
            if !data.ends_with(b"\r\n") {
                return Err(unknown("a value without an end"));
            }
            data.truncate(size);
            let cas = cas.ok_or_else(|| unknown(line))?;
            Ok(Reply::Value {
                data: data.freeze(),
                cas,
                left,
            })
        }
        "HD" => Ok(Reply::Done),
        "NS" => Ok(Reply::NotStored),
        "EX" => Ok(Reply::Changed),
        "EN" | "NF" => Ok(Reply::Missing),
        "SERVER_ERROR" if line.contains("too large") || line.contains("out of memory") => Ok(Reply::Refused),
        _ => Err(unknown(line)),
    }
}

fn unknown(line: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("memcached 1.6.12 or later does not answer {line:?}"),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use super::*;

    async fn replies(mut text: &[u8]) -> Vec<Option<Reply>> {
        let mut found = Vec::new();
        while !text.is_empty() {
            let reply = reply(&mut text).await.ok();
            let is_end = reply.is_none();
            found.push(reply);
            if is_end {
                break;
            }
        }
        found
    }

    #[tokio::test]
    async fn answers_are_read_one_by_one() {
        let text = b"HD\r\nVA 4 c7 t-1\r\na\r\nb\r\nVA 0 c8 t12\r\n\r\nEN\r\nNF\r\nNS\r\nEX c9\r\n\
            SERVER_ERROR object too large for cache\r\nSERVER_ERROR out of memory storing object\r\n";
        let value = |data: &'static [u8], cas, left| Reply::Value {
            data: Bytes::from_static(data),
            cas,
            left,
        };
        let wanted = [
            Reply::Done,
            value(b"a\r\nb", 7, None),
            value(b"", 8, Some(12)),
            Reply::Missing,
            Reply::Missing,
            Reply::NotStored,
            Reply::Changed,
            Reply::Refused,
            Reply::Refused,
        ];
        assert_eq!(replies(text).await, wanted.map(Some));
    }

    #[tokio::test]
    async fn what_is_not_understood_ends_the_connection() {
        for text in [
            "ERROR\r\n",
            "CLIENT_ERROR bad command line format\r\n",
            "VA x c1\r\n",
            "VA 99999999999 c1\r\n",
            "VA 1 t1\r\na\r\n",
            "VA 1 c1\r\nabc",
            "VA 5 c1\r\nabc",
            "HD",
            "HD\n",
            "\r\n",
        ] {
            assert_eq!(replies(text.as_bytes()).await, [None], "{text:?}");
        }
        let endless = vec![b'x'; 10_000];
        assert_eq!(replies(&endless).await, [None]);
    }

    #[test]
    fn lives_are_never_shorter_than_asked_for() {
        for (millis, wanted) in [(0, 1), (1, 2), (1000, 2), (1001, 3)] {
            assert_eq!(seconds(Duration::from_millis(millis)), wanted);
        }
        let mut bytes = BytesMut::new();
        get(&mut bytes, "k");
        set(&mut bytes, "k", b"a\r\n", None, How::IfAbsent);
        set(
            &mut bytes,
            "k",
            b"",
            Some(Duration::from_secs(1)),
            How::IfUnchanged(7),
        );
        delete(&mut bytes, "k", 8);
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(
            text,
            "mg k v c t\r\nms k 3 T0 ME\r\na\r\n\r\nms k 0 T2 C7\r\n\r\nmd k C8\r\n"
        );
    }
}
