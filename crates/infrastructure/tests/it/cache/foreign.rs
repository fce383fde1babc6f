//! A Redis that holds what is not ours, is full, may not be written, or does not let us: never a wrong answer, and
//! never more than an error.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{CacheKey, CacheStore, Entity, Lease, Miss, Schema};
use infrastructure::redis_cache::{RedisCache, RedisOptions};

use super::server::RedisServer;
use super::world::product;
use super::{eventually, fresh, redis_at, value};

const LONG: Duration = Duration::from_secs(30);
const SCHEMA: Schema = Schema::new("t1");

struct Place {
    server: RedisServer,
    store: Arc<RedisCache>,
    key: CacheKey,
}

impl Place {
    async fn new() -> Self {
        let server = RedisServer::start().await;
        Self {
            store: redis_at(&server.url(), "test:").await,
            server,
            key: CacheKey::of(product(), SCHEMA),
        }
    }

    fn name(&self, kind: char) -> String {
        format!("test:{kind}:{{{}}}", self.key.entity)
    }

    async fn lease(&self) -> Lease {
        match self.store.miss(&self.key, fresh(), LONG, false).await.unwrap() {
            Miss::Granted(lease) => lease,
            other => panic!("no lease but {other:?}"),
        }
    }

    async fn fill(&self) -> bool {
        let lease = self.lease().await;
        let entry = value(1, lease.epoch, "body");
        self.store.fill(&self.key, &lease, &entry, LONG).await.unwrap()
    }

    async fn is_there(&self) -> bool {
        self.store.get(&self.key).await.unwrap().is_some()
    }

    /// That everything can be done as if nothing had been there.
    async fn works(&self) {
        assert!(!self.is_there().await);
        let many = self
            .store
            .get_many(&[self.key.clone(), CacheKey::of(product(), SCHEMA)])
            .await;
        assert_eq!(many.unwrap(), [None, None]);
        assert!(self.fill().await);
        assert!(self.is_there().await);
        let entities: [Entity; 1] = [self.key.entity];
        let token = fresh();
        self.store.fence(&entities, token, LONG).await.unwrap();
        assert!(!self.is_there().await);
        self.store.release(&entities, token, None).await.unwrap();
        assert!(self.fill().await);
    }
}

#[tokio::test]
async fn values_that_are_no_entries_are_absent() {
    let place = Place::new().await;
    let epoch = place.lease().await.epoch;
    let good = value(1, epoch, "body").encode(SCHEMA);
    let later = [b"VTN3", &good[4..]].concat();
    let of_another_life = value(1, epoch + 1, "body").encode(SCHEMA).to_vec();
    let of_another_shape = value(1, epoch, "body").encode(Schema::new("t9")).to_vec();
    let longer = [&good[..], b"x"].concat();
    for bad in [
        vec![],
        b"garbage".to_vec(),
        good[..good.len() - 1].to_vec(),
        longer,
        later,
        of_another_life,
        of_another_shape,
    ] {
        place
            .store
            .release(&[place.key.entity], fresh(), None)
            .await
            .unwrap();
        place
            .server
            .set_field(&place.name('v'), &place.key.field(), &bad)
            .await;
        place.works().await;
    }
}

#[tokio::test]
async fn values_of_other_types_under_our_names_stand_in_nobodys_way() {
    let place = Place::new().await;
    for kind in ['v', 'l', 'f', 'r'] {
        for command in ["SET", "SADD"] {
            place
                .store
                .release(&[place.key.entity], fresh(), None)
                .await
                .unwrap();
            place.server.command(&["DEL", &place.name(kind)]).await;
            place.server.command(&[command, &place.name(kind), "mine"]).await;
            place.works().await;
            place.server.command(&["DEL", &place.name(kind)]).await;
            place.server.command(&[command, &place.name(kind), "mine"]).await;
            let position = Some(application::changelog::LogPosition::default());
            place
                .store
                .release(&[place.key.entity], fresh(), position)
                .await
                .unwrap();
        }
    }
    for name in ["test:f:all", "test:z:fleet", "test:z:probe"] {
        place.server.command(&["DEL", name]).await;
        place.server.command(&["SADD", name, "mine"]).await;
    }
    place.store.probe().await.unwrap();
    place.store.purge().await.unwrap();
    place.works().await;
}

#[tokio::test]
async fn fields_of_fences_and_leases_that_others_wrote_end_at_once() {
    let place = Place::new().await;
    place
        .server
        .set_field(&place.name('f'), "mine", b"for ever")
        .await;
    place
        .server
        .set_field(&place.name('l'), &place.key.field(), b"mine")
        .await;
    place.works().await;
}

#[tokio::test]
async fn what_is_too_great_to_be_read_costs_one_error() {
    let place = Place::new().await;
    let great = vec![b'x'; 200 << 20];
    place
        .server
        .set_field(&place.name('v'), &place.key.field(), &great)
        .await;
    drop(great);
    // On a fast machine it may be read in time.
    if place.store.get(&place.key).await.is_err() {
        eventually("it is back", || async { place.store.probe().await.ok() }).await;
    } else {
        place.server.command(&["DEL", &place.name('v')]).await;
    }
    place.works().await;
}

#[tokio::test]
async fn a_full_server_is_an_error_and_keeps_its_word() {
    let place = Place::new().await;
    let (lease, entity) = (place.lease().await, place.key.entity);
    let other = CacheKey::of(product(), SCHEMA);
    let Miss::Granted(others) = place.store.miss(&other, fresh(), LONG, false).await.unwrap() else {
        panic!("no lease");
    };
    let old = value(1, others.epoch, "old");
    assert!(place.store.fill(&other, &others, &old, LONG).await.unwrap());
    place
        .server
        .command(&["CONFIG", "SET", "maxmemory-policy", "noeviction"])
        .await;
    place.server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    place.store.probe().await.unwrap_err();
    place
        .store
        .miss(&CacheKey::of(product(), SCHEMA), fresh(), LONG, false)
        .await
        .unwrap_err();
    let entry = value(1, lease.epoch, "body");
    place
        .store
        .fill(&place.key, &lease, &entry, LONG)
        .await
        .unwrap_err();
    // What is there is answered, and dropped by who writes.
    assert!(place.store.get(&other).await.unwrap().is_some());
    place
        .store
        .release(&[entity, other.entity], fresh(), None)
        .await
        .unwrap();
    assert!(place.store.get(&other).await.unwrap().is_none());
    place.server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    place.store.probe().await.unwrap();
    assert!(!place.store.fill(&place.key, &lease, &entry, LONG).await.unwrap());
    place.works().await;
}

#[tokio::test]
async fn a_server_that_may_not_be_written_is_an_error_until_it_may() {
    let place = Place::new().await;
    let lease = place.lease().await;
    place.server.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let entity = [place.key.entity];
    place.store.fence(&entity, fresh(), LONG).await.unwrap_err();
    eventually("the other lane fails too", || async {
        place
            .store
            .release(&entity, fresh(), None)
            .await
            .is_err()
            .then_some(())
    })
    .await;
    place.store.probe().await.unwrap_err();
    place.server.command(&["REPLICAOF", "NO", "ONE"]).await;
    place.store.probe().await.unwrap();
    let entry = value(1, lease.epoch, "body");
    place.store.fill(&place.key, &lease, &entry, LONG).await.unwrap();
    place.store.release(&entity, fresh(), None).await.unwrap();
    place.works().await;
}

#[tokio::test]
async fn a_user_that_may_not_is_an_error_from_the_start() {
    let server = RedisServer::start().await;
    for rules in [
        ["~*", "&*", "+@all", "-evalsha"],
        ["~*", "&*", "+@all", "-set"],
        ["~*", "&*", "+@all", "-hset"],
        ["~other:*", "&*", "+@all", "+@all"],
    ] {
        let url = server.user("limited", &[&["reset"], &rules[..]].concat()).await;
        let options = RedisOptions {
            prefix: "test:".into(),
            ..RedisOptions::default()
        };
        let store = RedisCache::new(&url, &options).unwrap();
        store.probe().await.unwrap_err();
    }
}
