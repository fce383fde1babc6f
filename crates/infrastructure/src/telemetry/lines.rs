//! Log lines on their way to standard error.
//!
//! Invariant: whoever logs never waits for whoever reads the log. Lines gather in a buffer of limited size that a thread
//! of its own empties; what finds no room is dropped, and how much that was is a line of its own.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many bytes may wait.
const ROOM: usize = 4 << 20;

/// What comes within this time is written at once: a call of the system for each line would take longer than the line.
const GATHER: Duration = Duration::from_millis(5);

/// Where lines are put.
#[derive(Clone, Debug)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write.
    filled: Condvar,
    /// All is written.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    /// Whether the thread has taken lines that it has not written yet.
    is_writing: bool,
}

impl Lines {
    /// Starts the thread that writes to `out` for as long as the process runs.
    pub(super) fn to(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let lines = Self(Arc::clone(&shared));
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_to(out))?;
        Ok(lines)
    }

    /// Waits until all that was logged is written, and no longer than `limit`.
    pub(super) fn flush(&self, limit: Duration) {
        let unwritten = |waiting: &mut Waiting| !waiting.bytes.is_empty() || waiting.is_writing;
        let waiting = self.0.lock();
        drop(self.0.emptied.wait_timeout_while(waiting, limit, unwritten));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let mut bytes = Vec::new();
        loop {
            let empty = |waiting: &mut Waiting| waiting.bytes.is_empty();
            drop(self.filled.wait_while(self.lock(), empty));
            thread::sleep(GATHER);
            let mut waiting = self.lock();
            mem::swap(&mut bytes, &mut waiting.bytes);
            let dropped = mem::take(&mut waiting.dropped);
            waiting.is_writing = true;
            drop(waiting);

            if dropped > 0 {
                bytes.extend_from_slice(format!("{dropped} log lines were dropped\n").as_bytes());
            }
            // There is nowhere to tell of a failure.
            let _ = out.write_all(&bytes).and_then(|()| out.flush());
            bytes.clear();
            self.lock().is_writing = false;
            self.emptied.notify_all();
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Lines {
    /// Takes a line, which comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock();
        if waiting.bytes.len() + line.len() > ROOM {
            waiting.dropped += 1;
            return Ok(line.len());
        }
        let was_empty = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            self.0.filled.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Hands on what is written, and waits until that is wanted.
    struct Reader {
        may_write: mpsc::Receiver<()>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // A sender that is gone lets everything through.
            let _ = self.may_write.recv();
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines() -> (Lines, mpsc::Sender<()>, mpsc::Receiver<Vec<u8>>) {
        let (let_write, may_write) = mpsc::channel();
        let (written, read) = mpsc::channel();
        (Lines::to(Reader { may_write, written }).unwrap(), let_write, read)
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let (lines, let_write, read) = lines();
        drop(let_write);
        for n in 0..1000 {
            writeln!(&lines, "{n}").unwrap();
        }
        lines.flush(PATIENCE);
        let all: Vec<u8> = read.try_iter().flatten().collect();
        let mut expected: Vec<_> = (0..1000).map(|n| n.to_string()).collect();
        expected.push(String::new());
        let expected = expected.join("\n");
        assert_eq!(String::from_utf8(all).unwrap(), expected);
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read() {
        let (lines, let_write, read) = lines();
        let line = [b'x'; 1024];
        // Twice what there is room for, beside what the thread has taken already.
        for _ in 0..3 * ROOM / line.len() {
            (&lines).write_all(&line).unwrap();
        }
        lines.flush(Duration::from_millis(1));
        assert!(read.try_recv().is_err(), "nothing may have been written");
        drop(let_write);
        lines.flush(PATIENCE);
        let all: Vec<u8> = read.try_iter().flatten().collect();
        assert!(all.len() <= 2 * ROOM + 1024);
        assert!(
            String::from_utf8(all)
                .unwrap()
                .contains(" log lines were dropped\n")
        );
    }
}
