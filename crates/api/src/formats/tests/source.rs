use std::io::{self, Read};

use futures::StreamExt;

use super::super::batches;
use super::{Format, reading};

#[tokio::test]
async fn a_file_comes_in_batches() {
    let lines: Vec<_> = (0..1201)
        .map(|n| format!("{{\"key\":\"p-{n}\",\"name\":\"P\"}}"))
        .collect();
    let file = lines.join("\n");
    let batches: Vec<_> = batches(io::Cursor::new(file), reading(Format::Ndjson, "EUR"))
        .collect()
        .await;
    let sizes: Vec<_> = batches
        .iter()
        .map(|batch| batch.as_ref().unwrap().len())
        .collect();
    assert_eq!(sizes, [500, 500, 201]);
}

#[tokio::test]
async fn big_records_come_in_small_batches() {
    let text = "x".repeat(60_000);
    let lines: Vec<_> = (0..300)
        .map(|n| format!("{{\"key\":\"p-{n}\",\"name\":\"P\",\"description\":\"{text}\"}}"))
        .collect();
    let file = lines.join("\n");
    let mut batches = batches(io::Cursor::new(file), reading(Format::Ndjson, "EUR"));
    let first = batches.next().await.unwrap().unwrap();
    assert_eq!(first.len(), 70);
}

/// Fails, or panics, after its text.
struct Broken {
    text: &'static [u8],
    panics: bool,
}

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.text.read(buffer)? {
            0 if self.panics => panic!("on purpose"),
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_is_no_shorter_file() {
    for panics in [false, true] {
        let text = b"{\"key\":\"a\",\"name\":\"A\"}\n";
        let mut batches = batches(Broken { text, panics }, reading(Format::Ndjson, "EUR"));
        let mut last = None;
        while let Some(batch) = batches.next().await {
            last = Some(batch);
        }
        last.unwrap().unwrap_err();
    }
}
