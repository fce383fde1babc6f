//! A service that lies in known ways: what it must be caught at, or nothing is shown by a run that finds no lie.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Duration, timeout};

use super::catalog::Catalog;
use super::client::Client;
use super::report::{Outcome, Report, TextbookTally};
use super::traffic::Traffic;

const PRODUCTS: usize = 3;
const CATEGORIES: usize = 2;
/// One read of so many shows something that is not so.
const SELDOM: u64 = 20;

#[derive(Clone, Copy, PartialEq)]
enum Lie {
    None,
    /// An old body.
    Old,
    /// A body that nobody has written.
    Invented,
    /// There is nothing.
    Missing,
    /// Nothing is written, and then acknowledged.
    LostWrite,
    /// What is not committed yet, before and after what is.
    Wavering,
    /// Writes are never answered, and take effect.
    NoAnswer,
}

struct Liar {
    lie: Lie,
    /// By resource, such as `p0`.
    values: RefCell<Vec<(String, u64)>>,
    requests: Cell<u64>,
}

impl Liar {
    fn value(&self, id: &str) -> u64 {
        let values = self.values.borrow();
        values
            .iter()
            .find(|(known, _)| known == id)
            .map_or(0, |(_, value)| *value)
    }

    fn set(&self, id: &str, value: u64) {
        let mut values = self.values.borrow_mut();
        values.retain(|(known, _)| known != id);
        values.push((id.to_owned(), value));
    }

    fn shown(&self, id: &str) -> Value {
        let value = self.value(id);
        let lies = self.requests.get().is_multiple_of(SELDOM);
        let shown = match self.lie {
            Lie::Old if lies => value.saturating_sub(1),
            Lie::Invented if lies => value + 1000,
            _ => value,
        };
        json!(shown.to_string())
    }

    fn product(&self, n: &str) -> Value {
        json!({"id": format!("p{n}"), "brand": self.shown(&format!("p{n}")),
            "variants": [{"mpn": self.shown(&format!("v{n}"))}]})
    }

    fn category(&self, id: &str) -> Value {
        json!({"id": id, "name": self.shown(id)})
    }

    fn read(&self, path: &str) -> Option<Value> {
        self.requests.set(self.requests.get() + 1);
        if self.lie == Lie::Missing && self.requests.get().is_multiple_of(SELDOM) {
            return None;
        }
        let path = path.split('?').next().unwrap();
        let last = path.rsplit('/').next().unwrap();
        Some(match last {
            "products" => {
                json!({"items": (0..PRODUCTS).map(|n| self.product(&n.to_string())).collect::<Vec<_>>()})
            }
            "categories" => {
                json!({"items": (0..CATEGORIES).map(|n| self.category(&format!("c{n}"))).collect::<Vec<_>>()})
            }
            category if category.starts_with('c') => self.category(category),
            product => self.product(product.trim_start_matches(|c: char| !c.is_ascii_digit())),
        })
    }

    /// Whether it is to be answered.
    async fn write(&self, path: &str, body: &Value) -> bool {
        let id = path.split('?').next().unwrap().rsplit('/').next().unwrap();
        let value = body.as_object().unwrap().values().next().unwrap();
        let value = value.as_str().unwrap().parse().unwrap();
        match self.lie {
            Lie::LostWrite if self.value(id) > 3 => true,
            Lie::Wavering => {
                let before = self.value(id);
                self.set(id, value);
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.set(id, before);
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.set(id, value);
                true
            }
            Lie::NoAnswer => {
                self.set(id, value);
                false
            }
            _ => {
                self.set(id, value);
                true
            }
        }
    }

    async fn serve(self: Rc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = Vec::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
                head.push(line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            let mut words = head.first().unwrap().split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let answer = if method == "PATCH" {
                if !self.write(path, &serde_json::from_slice(&body).unwrap()).await {
                    return;
                }
                Some(json!({}))
            } else {
                self.read(path)
            };
            let status = if answer.is_some() {
                "200 OK"
            } else {
                "404 Not Found"
            };
            let body = answer.unwrap_or_default().to_string();
            let answer = format!(
                "HTTP/1.1 {status}\r\netag: \"1\"\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

/// What a run against such a service ends with.
async fn outcome_of(lie: Lie) -> Report {
    LocalSet::new()
        .run_until(async move {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let origin = format!("http://{}", listener.local_addr().unwrap());
            let liar = Rc::new(Liar {
                lie,
                values: RefCell::default(),
                requests: Cell::default(),
            });
            spawn_local(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    spawn_local(Rc::clone(&liar).serve(stream));
                }
            });
            let catalog = Catalog::imagined(PRODUCTS, CATEGORIES);
            let traffic = Traffic::new(catalog, vec![Client::new(&origin, "token")]);
            let enough = async {
                while traffic.tally.borrow().reads < 800
                    || traffic.tally.borrow().unknown + traffic.tally.borrow().writes < 40
                {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                traffic.stop(true);
            };
            let go = |seed| traffic.go(Rng::with_seed(seed));
            let all = async { tokio::join!(go(1), go(2), go(3), go(4), enough) };
            timeout(Duration::from_mins(1), all).await.unwrap();
            let outcome = Outcome {
                mode: "strict",
                seconds: 1,
                tally: traffic.tally.take(),
                unanswered_at_the_end: 0,
                cache: BTreeMap::new(),
                stampede: None,
                faults: Vec::new(),
            };
            let mut report = Report {
                seed: 1,
                operations: 0,
                outcomes: vec![outcome],
                textbook: TextbookTally {
                    reads: 9,
                    writes: 9,
                    stale: 1,
                },
                problems: Vec::new(),
            };
            report.conclude(true);
            report
        })
        .await
}

#[tokio::test]
async fn a_service_that_does_not_lie_is_not_accused() {
    let report = outcome_of(Lie::None).await;
    assert!(report.problems.is_empty(), "{}", report.to_table());
}

#[tokio::test]
async fn writes_of_unknown_outcome_may_take_effect() {
    let report = outcome_of(Lie::NoAnswer).await;
    // No lie is found; that no write was ever acknowledged is.
    let problems: Vec<_> = report.problems.iter().map(String::as_str).collect();
    assert_eq!(
        problems,
        ["strict: nothing was read, or nothing written"],
        "{}",
        report.to_table()
    );
    assert!(
        report.to_table().contains("| write: connection lost |"),
        "{}",
        report.to_table()
    );
}

#[tokio::test]
async fn every_lie_is_caught_and_told() {
    for (lie, problem, verdict) in [
        (Lie::Old, "stale reads", "WRONG: Stale"),
        (Lie::Missing, "stale reads", "but None was shown"),
        (Lie::LostWrite, "stale reads", "WRONG: Stale"),
        (
            Lie::Invented,
            "reads of values that nobody wrote",
            "WRONG: Future",
        ),
        (Lie::Wavering, "reads went backwards", "WRONG: Backwards"),
    ] {
        let is_caught = |report: &Report| report.problems.iter().any(|found| found.contains(problem));
        // Whether readers meet a lie in a run this short is left to chance.
        let mut report = outcome_of(lie).await;
        for _ in 0..10 {
            if is_caught(&report) {
                break;
            }
            report = outcome_of(lie).await;
        }
        let table = report.to_table();
        assert!(is_caught(&report), "{problem}: {table}");
        assert!(table.contains(verdict), "{verdict}: {table}");
        assert!(table.contains("instance 0: read"), "{table}");
    }
}

#[test]
fn a_run_in_which_the_textbook_does_not_lie_fails() {
    let mut report = Report {
        seed: 1,
        operations: 0,
        outcomes: Vec::new(),
        textbook: TextbookTally::default(),
        problems: Vec::new(),
    };
    report.conclude(true);
    assert_eq!(report.problems.len(), 1);
}
