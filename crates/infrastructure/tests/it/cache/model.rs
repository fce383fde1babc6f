//! Random operations on the store, each answer compared with that of a small reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheKey, CacheStore, Entity, Entry, Kind, Lease, Miss, Schema, Scope};
use application::changelog::LogPosition;
use infrastructure::memcached_cache::MemcachedCache;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use super::memcached_server::MemcachedServer;
use super::{fresh, redis_at, redis_url, value};

/// Longer than any test: the reference knows no time.
const LONG: Duration = Duration::from_mins(1);

const KEYS: u8 = 8;

/// Numbers stand for keys, entities and tokens. Four keys are of one entity.
#[derive(Debug, Clone)]
enum Op {
    Get(u8),
    GetMany(Vec<u8>),
    Miss {
        key: u8,
        token: u8,
        refresh: bool,
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
        entity: u8,
        token: u8,
    },
    Release {
        entity: u8,
        token: u8,
        at: Option<(i64, i64)>,
    },
    ReleaseMissed {
        entity: u8,
        at: (i64, i64),
    },
    Purge,
}

fn op() -> impl Strategy<Value = Op> {
    let (key, token, entity, version) = (0..KEYS, 0..3_u8, 0..KEYS / 4, 0..5_i64);
    let at = (0..3_i64, 0..4_i64);
    prop_oneof![
        3 => key.clone().prop_map(Op::Get),
        1 => proptest::collection::vec(key.clone(), 0..5).prop_map(Op::GetMany),
        6 => (key.clone(), token.clone(), any::<bool>())
            .prop_map(|(key, token, refresh)| Op::Miss { key, token, refresh }),
        6 => (key.clone(), token.clone(), version, any::<bool>())
            .prop_map(|(key, token, version, negative)| Op::Fill { key, token, version, negative }),
        1 => (key, token.clone()).prop_map(|(key, token)| Op::Abandon { key, token }),
        2 => (entity.clone(), token.clone()).prop_map(|(entity, token)| Op::Fence { entity, token }),
        3 => (entity.clone(), token, proptest::option::of(at.clone()))
            .prop_map(|(entity, token, at)| Op::Release { entity, token, at }),
        2 => (entity, at).prop_map(|(entity, at)| Op::ReleaseMissed { entity, at }),
        1 => Just(Op::Purge),
    ]
}

/// What an operation answers, free of what may differ.
#[derive(Debug, PartialEq)]
enum Answer {
    Entry(Option<(Kind, i64)>),
    Entries(Vec<Option<(Kind, i64)>>),
    Granted,
    Fenced,
    Busy,
    Stored(bool),
    Released { intact: bool },
    Done,
}

#[derive(Default)]
struct Reference {
    entries: BTreeMap<u8, (Kind, i64)>,
    leases: BTreeMap<u8, u8>,
    fences: BTreeSet<(u8, u8)>,
    released: BTreeSet<(u8, (i64, i64))>,
}

impl Reference {
    fn entry(&self, key: u8) -> Option<(Kind, i64)> {
        self.entries.get(&key).copied()
    }

    fn is_fenced(&self, key: u8) -> bool {
        self.fences.iter().any(|(entity, _)| *entity == key / 4)
    }

    fn forget(&mut self, of: u8) {
        self.leases.retain(|key, _| key / 4 != of);
        self.entries.retain(|key, _| key / 4 != of);
    }

    fn answer(&mut self, op: &Op) -> Answer {
        match op.clone() {
            Op::Get(key) => Answer::Entry(self.entry(key)),
            Op::GetMany(keys) => Answer::Entries(keys.iter().map(|key| self.entry(*key)).collect()),
            Op::Miss {
                key, refresh: false, ..
            } if self.entry(key).is_some() => Answer::Entry(self.entry(key)),
            Op::Miss { key, .. } if self.is_fenced(key) => Answer::Fenced,
            Op::Miss { key, token, .. } => match *self.leases.entry(key).or_insert(token) {
                holder if holder == token => Answer::Granted,
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
                let won = held && !self.is_fenced(key);
                if won {
                    let kind = if negative { Kind::Negative } else { Kind::Value };
                    self.entries.insert(key, (kind, version));
                }
                Answer::Stored(won)
            }
            Op::Abandon { key, token } => {
                if self.leases.get(&key) == Some(&token) {
                    self.leases.remove(&key);
                }
                Answer::Done
            }
            Op::Fence { entity, token } => {
                self.fences.insert((entity, token));
                self.forget(entity);
                Answer::Done
            }
            Op::Release { entity, token, at } => {
                self.released.extend(at.map(|at| (entity, at)));
                self.forget(entity);
                Answer::Released {
                    intact: self.fences.remove(&(entity, token)),
                }
            }
            Op::ReleaseMissed { entity, at } => {
                let is_known =
                    |(of, known): &(u8, (i64, i64))| *of == entity && known.0 == at.0 && *known >= at;
                if !self.released.iter().any(is_known) {
                    self.released.insert((entity, at));
                    self.forget(entity);
                }
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

fn entity_of(n: u8) -> Entity {
    [Entity::Scope(Scope::Shelf), Entity::Query(7)][usize::from(n)]
}

fn key_of(n: u8) -> CacheKey {
    const SCHEMAS: [Schema; 2] = [Schema::new("t1"), Schema::new("t2")];
    let variation = ["", "de|\u{e9}|\n\"'"][usize::from(n / 2 % 2)];
    CacheKey::varied(entity_of(n / 4), SCHEMAS[usize::from(n % 2)], variation)
}

/// `epoch` is that of the last lease.
async fn ask(store: &dyn CacheStore, epoch: &mut u64, op: &Op) -> Answer {
    let token_of = |n: u8| Uuid::from_u128(u128::from(n) + 1);
    let present = *epoch;
    let lease_of = |n: u8| Lease {
        token: token_of(n),
        epoch: present,
    };
    let position = |(transaction, position)| LogPosition {
        transaction,
        position,
    };
    let seen = |entry: &Entry| (entry.kind, entry.version);
    match op.clone() {
        Op::Get(key) => Answer::Entry(store.get(&key_of(key)).await.unwrap().as_deref().map(seen)),
        Op::GetMany(keys) => {
            let keys: Vec<_> = keys.into_iter().map(key_of).collect();
            let all = store.get_many(&keys).await.unwrap();
            Answer::Entries(all.iter().map(|entry| entry.as_deref().map(seen)).collect())
        }
        Op::Miss { key, token, refresh } => {
            match store
                .miss(&key_of(key), token_of(token), LONG, refresh)
                .await
                .unwrap()
            {
                Miss::Usable(entry) => Answer::Entry(Some(seen(&entry))),
                Miss::Granted(lease) => {
                    *epoch = lease.epoch;
                    Answer::Granted
                }
                Miss::Fenced => Answer::Fenced,
                Miss::Busy(_) => Answer::Busy,
            }
        }
        Op::Fill {
            key,
            token,
            version,
            negative,
        } => {
            let kind = if negative { Kind::Negative } else { Kind::Value };
            let entry = Entry {
                kind,
                ..value(version, present, "body")
            };
            let filled = store.fill(&key_of(key), &lease_of(token), &entry, LONG).await;
            Answer::Stored(filled.unwrap())
        }
        Op::Abandon { key, token } => {
            store.abandon(&key_of(key), &lease_of(token)).await.unwrap();
            Answer::Done
        }
        Op::Fence { entity, token } => {
            let fenced = store.fence(&[entity_of(entity)], token_of(token), LONG).await;
            assert!(fenced.unwrap().len() <= 1);
            Answer::Done
        }
        Op::Release { entity, token, at } => {
            let released = store
                .release(&[entity_of(entity)], token_of(token), at.map(position))
                .await;
            Answer::Released {
                intact: released.unwrap().intact,
            }
        }
        Op::ReleaseMissed { entity, at } => {
            store
                .release_missed(&[(entity_of(entity), position(at))])
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

#[test]
fn redis_does_what_the_reference_does() {
    let url = redis_url();
    does_what_the_reference_does(async || {
        let store: Arc<dyn CacheStore> = redis_at(&url, &format!("test:{}:", fresh())).await;
        store
    });
}

#[test]
fn memcached_does_what_the_reference_does() {
    let runtime = runtime();
    let server = runtime.block_on(MemcachedServer::start());
    does_what_the_reference_does(async || {
        let store = MemcachedCache::new(&server.url(), &format!("test:{}:", fresh())).unwrap();
        store.probe().await.unwrap();
        let store: Arc<dyn CacheStore> = Arc::new(store);
        store
    });
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

/// `store` gives one with nothing in it.
fn does_what_the_reference_does(store: impl AsyncFn() -> Arc<dyn CacheStore>) {
    let runtime = runtime();
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let ops = proptest::collection::vec(op(), 1..60);
    let outcome = runner.run(&ops, |ops| {
        runtime.block_on(async {
            let store = store().await;
            let any = CacheKey::of(Entity::Query(0), Schema::new("t1"));
            let Miss::Granted(Lease { mut epoch, .. }) =
                store.miss(&any, fresh(), LONG, false).await.unwrap()
            else {
                panic!("no lease on a fresh key");
            };
            let mut reference = Reference::default();
            for (at, op) in ops.iter().enumerate() {
                prop_assert_eq!(
                    ask(&*store, &mut epoch, op).await,
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
