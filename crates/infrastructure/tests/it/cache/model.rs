//! Random operations on every store, each answer compared with that of a small reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheKey, CacheStore, Entry, Kind, Lease, Miss, Representation};
use domain::ProductId;
use infrastructure::memory_cache::MemoryCache;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use super::{fresh, redis_at, redis_url, value};

/// Longer than any test: the reference knows no time.
const LONG: Duration = Duration::from_mins(1);

/// Numbers stand for keys, products and tokens.
#[derive(Debug, Clone)]
enum Op {
    Get(u8),
    Miss {
        key: u8,
        token: u8,
    },
    Fill {
        key: u8,
        token: u8,
        version: i64,
        negative: bool,
    },
    Abandon {
        key: u8,
        token: u8,
    },
    Fence {
        product: u8,
        token: u8,
    },
    Release {
        product: u8,
        token: u8,
        version: i64,
    },
    Purge,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, token, product, version) = (0..6_u8, 0..3_u8, 0..2_u8, 0..5_i64);
    prop_oneof![
        3 => key.clone().prop_map(Op::Get),
        6 => (key.clone(), token.clone()).prop_map(|(key, token)| Op::Miss { key, token }),
        6 => (key.clone(), token.clone(), version.clone(), any::<bool>())
            .prop_map(|(key, token, version, negative)| Op::Fill { key, token, version, negative }),
        1 => (key, token.clone()).prop_map(|(key, token)| Op::Abandon { key, token }),
        2 => (product.clone(), token.clone()).prop_map(|(product, token)| Op::Fence { product, token }),
        3 => (product, token, version).prop_map(|(product, token, version)| Op::Release { product, token, version }),
        1 => Just(Op::Purge),
    ]
}

/// What an operation answers, free of what may differ.
#[derive(Debug, PartialEq)]
enum Answer {
    Entry(Option<(Kind, i64)>),
    Granted { floor: i64 },
    Fenced,
    Busy,
    Stored(bool),
    Done,
}

#[derive(Default)]
struct Reference {
    entries: BTreeMap<u8, (Kind, i64)>,
    leases: BTreeMap<u8, u8>,
    fences: BTreeSet<(u8, u8)>,
}

impl Reference {
    fn usable(&self, key: u8) -> Option<(Kind, i64)> {
        self.entries
            .get(&key)
            .copied()
            .filter(|(kind, _)| *kind != Kind::Floor)
    }

    fn floor(&self, key: u8) -> i64 {
        self.entries.get(&key).map_or(0, |(_, version)| *version)
    }

    fn is_fenced(&self, key: u8) -> bool {
        self.fences.iter().any(|(product, _)| *product == key / 2)
    }

    fn drop_product(&mut self, product: u8, version: i64) {
        for key in product * 2..product * 2 + 2 {
            self.leases.remove(&key);
            match self.floor(key).max(version) {
                0 => self.entries.remove(&key),
                floor => self.entries.insert(key, (Kind::Floor, floor)),
            };
        }
    }

    fn answer(&mut self, op: &Op) -> Answer {
        match *op {
            Op::Get(key) => Answer::Entry(self.usable(key)),
            Op::Miss { key, .. } if self.usable(key).is_some() => Answer::Entry(self.usable(key)),
            Op::Miss { key, .. } if self.is_fenced(key) => Answer::Fenced,
            Op::Miss { key, token } => match *self.leases.entry(key).or_insert(token) {
                holder if holder == token => Answer::Granted {
                    floor: self.floor(key),
                },
                _ => Answer::Busy,
            },
            Op::Fill {
                key,
                token,
                version,
                negative,
            } => {
                let held = self.leases.get(&key) == Some(&token);
                if held {
                    self.leases.remove(&key);
                }
                let won = held && !self.is_fenced(key) && version >= self.floor(key);
                if won {
                    self.entries.insert(
                        key,
                        (if negative { Kind::Negative } else { Kind::Value }, version),
                    );
                }
                Answer::Stored(won)
            }
            Op::Abandon { key, token } => {
                if self.leases.get(&key) == Some(&token) {
                    self.leases.remove(&key);
                }
                Answer::Done
            }
            Op::Fence { product, token } => {
                self.fences.insert((product, token));
                self.drop_product(product, 0);
                Answer::Done
            }
            Op::Release {
                product,
                token,
                version,
            } => {
                self.fences.remove(&(product, token));
                self.drop_product(product, version);
                Answer::Done
            }
            Op::Purge => {
                self.entries.clear();
                self.leases.clear();
                Answer::Done
            }
        }
    }
}

async fn ask(store: &dyn CacheStore, epoch: u64, op: &Op) -> Answer {
    let product = |n: u8| ProductId::new(Uuid::from_u128(n.into()));
    let key_of = |n: u8| CacheKey {
        product: product(n / 2),
        representation: Representation::ALL[usize::from(n % 2)],
    };
    let token_of = |n: u8| Uuid::from_u128(n.into());
    let lease_of = |n: u8| Lease {
        token: token_of(n),
        floor: 0,
        epoch,
    };
    let seen = |entry: Option<Entry>| Answer::Entry(entry.map(|entry| (entry.kind, entry.version)));
    match *op {
        Op::Get(key) => seen(store.get(key_of(key)).await.unwrap()),
        Op::Miss { key, token } => match store.miss(key_of(key), token_of(token), LONG).await.unwrap() {
            Miss::Usable(entry) => seen(Some(entry)),
            Miss::Granted(lease) => Answer::Granted { floor: lease.floor },
            Miss::Fenced => Answer::Fenced,
            Miss::Busy(_) => Answer::Busy,
        },
        Op::Fill {
            key,
            token,
            version,
            negative,
        } => {
            let entry = if negative {
                Entry {
                    kind: Kind::Negative,
                    ..Entry::floor(version, epoch)
                }
            } else {
                value(version, epoch, "body")
            };
            Answer::Stored(
                store
                    .fill(key_of(key), &lease_of(token), &entry, LONG)
                    .await
                    .unwrap(),
            )
        }
        Op::Abandon { key, token } => {
            store.abandon(key_of(key), &lease_of(token)).await.unwrap();
            Answer::Done
        }
        Op::Fence { product: of, token } => {
            store.fence(&[product(of)], token_of(token), LONG).await.unwrap();
            Answer::Done
        }
        Op::Release {
            product: of,
            token,
            version,
        } => {
            store
                .release(&[product(of)], token_of(token), version)
                .await
                .unwrap();
            Answer::Done
        }
        Op::Purge => {
            store.purge().await.unwrap();
            Answer::Done
        }
    }
}

fn compare(make: impl Fn(&tokio::runtime::Runtime) -> Arc<dyn CacheStore>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let ops = proptest::collection::vec(op(), 1..60);
    let outcome = runner.run(&ops, |ops| {
        let store = make(&runtime);
        runtime.block_on(async {
            let any = CacheKey {
                product: ProductId::new(fresh()),
                representation: Representation::Expanded,
            };
            let Miss::Granted(Lease { epoch, .. }) = store.miss(any, fresh(), LONG).await.unwrap() else {
                panic!("no lease on a fresh key");
            };
            let mut reference = Reference::default();
            for (at, op) in ops.iter().enumerate() {
                prop_assert_eq!(
                    ask(&*store, epoch, op).await,
                    reference.answer(op),
                    "operation {} of {:?}",
                    at,
                    ops
                );
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

#[test]
fn memory_does_what_the_reference_does() {
    compare(|_| Arc::new(MemoryCache::new(1 << 20)));
}

#[test]
fn redis_does_what_the_reference_does() {
    let url = redis_url();
    compare(|runtime| runtime.block_on(redis_at(&url, &format!("test:{}:", fresh()))));
}
