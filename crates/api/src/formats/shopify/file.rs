//! The rows of the file, with the lines on which they begin.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

use application::import::SourceError;
use csv::{ByteRecord, ReaderBuilder};

use super::MAX_BYTES;
use super::row::Row;
use crate::formats::source::unreadable;

pub(super) struct Rows<R> {
    csv: csv::Reader<Watched<R>>,
    watch: Rc<RefCell<Watch>>,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(file: R) -> Self {
        let watch = Rc::new(RefCell::new(Watch::default()));
        let watched = Watched {
            file,
            watch: Rc::clone(&watch),
        };
        let csv = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(watched);
        Self { csv, watch }
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, SourceError> {
        self.watch.borrow_mut().since_row = 0;
        let mut fields = ByteRecord::new();
        let found = self.csv.read_byte_record(&mut fields);
        let found = found.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => unreadable(&error),
            other => SourceError(format!("the file is not CSV: {other:?}")),
        })?;
        let end = self.csv.position().byte();
        let line = self.watch.borrow_mut().line(&fields, end);
        Ok(found.then_some(Row { line, fields }))
    }
}

/// What was seen of the file. The line numbers of the csv crate are behind where lines end in CRLF or are empty.
#[derive(Default)]
struct Watch {
    bytes: u64,
    /// Read since the last row was given out.
    since_row: usize,
    /// Offsets of line feeds after the last row.
    ahead: VecDeque<u64>,
    /// Line feeds before that.
    behind: u64,
}

impl Watch {
    fn see(&mut self, bytes: &[u8]) {
        let feeds = bytes.iter().zip(self.bytes..).filter(|(byte, _)| **byte == b'\n');
        self.ahead.extend(feeds.map(|(_, offset)| offset));
        self.bytes += bytes.len() as u64;
        self.since_row += bytes.len();
    }

    /// The line on which the row begins that ends before `end`.
    fn line(&mut self, fields: &ByteRecord, end: u64) -> u64 {
        let mut ends_in_feed = false;
        while let Some(offset) = self.ahead.pop_front_if(|offset| *offset < end) {
            self.behind += 1;
            ends_in_feed = offset + 1 == end;
        }
        let inside = fields.as_slice().split(|byte| *byte == b'\n').skip(1).count();
        (self.behind + 1).saturating_sub(inside as u64 + u64::from(ends_in_feed))
    }
}

/// A file that is watched, and that fails once a row takes more than [`MAX_BYTES`].
struct Watched<R> {
    file: R,
    watch: Rc<RefCell<Watch>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let mut watch = self.watch.borrow_mut();
        watch.see(buffer.get(..read).unwrap_or_default());
        if watch.since_row > MAX_BYTES {
            let detail = "a row is longer than 8 MiB; is a quotation mark left open?";
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        }
        Ok(read)
    }
}
