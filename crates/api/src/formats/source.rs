//! A file as a stream of batches: parsed on a thread of its own, never more than a few batches ahead.

use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use application::import::{ImportRecord, SourceError};
use futures::Stream;
use tokio::sync::mpsc;

use super::{Format, Reading, ndjson, shopify};

/// The most records of one batch.
const MAX_RECORDS: usize = 500;
/// A batch ends once its records take this many bytes of the file.
const MAX_BYTES: usize = 4 << 20;
/// How many batches are parsed ahead.
const AHEAD: usize = 1;
const BUFFER: usize = 256 << 10;

/// Where a parser puts its records; `Break` when nobody wants more.
pub(super) trait Sink {
    /// `bytes` is about what the record takes of the file.
    fn put(&mut self, record: ImportRecord, bytes: usize) -> ControlFlow<()>;
}

enum Message {
    Batch(Vec<ImportRecord>),
    Failed(SourceError),
    End,
}

/// The batches of a file. A parser that dies without a word is an error, never the end of the file.
pub(crate) struct Batches {
    messages: mpsc::Receiver<Message>,
    ended: bool,
}

impl Stream for Batches {
    type Item = Result<Vec<ImportRecord>, SourceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.messages.poll_recv(cx).map(|message| match message {
            Some(Message::Batch(batch)) => Some(Ok(batch)),
            Some(Message::End) => {
                self.ended = true;
                None
            }
            Some(Message::Failed(error)) => {
                self.ended = true;
                Some(Err(error))
            }
            None => {
                self.ended = true;
                Some(Err(SourceError(
                    "the file could not be read to its end".to_owned(),
                )))
            }
        })
    }
}

/// Parses `file`, which may block, while the batches are taken.
pub(crate) fn batches(file: impl Read + Send + 'static, reading: Reading) -> Batches {
    let (sender, messages) = mpsc::channel(AHEAD);
    // A thread and not the runtime's pool: standard input may block for good, and must not hold up the exit.
    std::thread::spawn(move || {
        let mut batcher = Batcher {
            sender,
            records: Vec::new(),
            bytes: 0,
        };
        let file = BufReader::with_capacity(BUFFER, file);
        let result = match reading.format {
            Format::Ndjson => ndjson::parse(file, &reading.locale, &mut batcher),
            Format::ShopifyCsv => shopify::parse(file, &reading, &mut batcher),
        };
        batcher.finish(result);
    });
    Batches {
        messages,
        ended: false,
    }
}

struct Batcher {
    sender: mpsc::Sender<Message>,
    records: Vec<ImportRecord>,
    bytes: usize,
}

impl Batcher {
    fn flush(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.records);
        match self.sender.blocking_send(Message::Batch(batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn finish(mut self, result: Result<(), SourceError>) {
        if !self.records.is_empty() && self.flush().is_break() {
            return;
        }
        let last = match result {
            Ok(()) => Message::End,
            Err(error) => Message::Failed(error),
        };
        // A receiver that is gone wanted no more.
        drop(self.sender.blocking_send(last));
    }
}

impl Sink for Batcher {
    fn put(&mut self, record: ImportRecord, bytes: usize) -> ControlFlow<()> {
        self.records.push(record);
        self.bytes += bytes;
        if self.records.len() >= MAX_RECORDS || self.bytes >= MAX_BYTES {
            self.flush()
        } else {
            ControlFlow::Continue(())
        }
    }
}

pub(super) fn unreadable(error: &std::io::Error) -> SourceError {
    SourceError(format!("the file cannot be read: {error}"))
}
