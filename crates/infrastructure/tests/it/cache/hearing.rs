//! Instances that hear of each other over a real Redis: by tracking, and by messages where that is not to be had.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use application::cache::{CacheStore, Entity, InvalidationBus, Listener, Mark};
use infrastructure::redis_cache::{RedisCache, RedisOptions};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::server::RedisServer;
use super::world::product;
use super::{eventually, fresh, redis_at};

const PREFIX: &str = "test:";
const LONG: Duration = Duration::from_secs(30);
const TRUST: Duration = Duration::from_millis(75);
/// For tests that do something before it is spent, on a busy machine too.
const LONG_TRUST: Duration = Duration::from_millis(600);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heard {
    Started,
    Changed(Entity),
    All,
    Confirmed(Instant),
}

/// Writes down what it is told.
#[derive(Default)]
struct Notes {
    heard: Mutex<Vec<Heard>>,
    /// Takes its time with what has changed.
    is_slow: AtomicBool,
}

impl Notes {
    fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    fn count(&self, what: Heard) -> usize {
        self.all().iter().filter(|heard| **heard == what).count()
    }

    async fn more(&self, what: Heard, than: usize) {
        eventually(&format!("{what:?}"), || async {
            (self.count(what) > than).then_some(())
        })
        .await;
    }

    /// Waits until a question was answered that is asked from now on.
    async fn confirmed(&self) {
        let now = Instant::now();
        eventually("confirmed", || async {
            let is_later = |heard: &Heard| matches!(heard, Heard::Confirmed(sent) if *sent >= now);
            self.all().iter().any(is_later).then_some(())
        })
        .await;
    }
}

impl Listener for Notes {
    fn started(&self) {
        self.heard.lock().unwrap().push(Heard::Started);
    }

    fn changed(&self, entity: Entity) {
        if self.is_slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.heard.lock().unwrap().push(Heard::Changed(entity));
    }

    fn all_changed(&self) {
        self.heard.lock().unwrap().push(Heard::All);
    }

    fn confirmed(&self, sent: Instant) {
        self.heard.lock().unwrap().push(Heard::Confirmed(sent));
    }
}

/// An instance that listens, and listens again whenever it has lost the connection.
struct Ears {
    redis: Arc<RedisCache>,
    notes: Arc<Notes>,
    errors: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Ears {
    async fn open(url: &str) -> Self {
        Self::open_trusting(url, TRUST).await
    }

    async fn open_trusting(url: &str, trust: Duration) -> Self {
        let options = RedisOptions {
            prefix: PREFIX.into(),
            trust,
            ..RedisOptions::default()
        };
        let redis = Arc::new(RedisCache::new(url, &options).unwrap());
        redis.probe().await.unwrap();
        let (notes, errors) = (Arc::<Notes>::default(), Arc::<Mutex<Vec<_>>>::default());
        let task = tokio::spawn({
            let (redis, notes, errors) = (redis.clone(), notes.clone(), errors.clone());
            async move {
                loop {
                    let error = redis.listen(&*notes).await;
                    errors.lock().unwrap().push(error.0.to_string());
                    drop(redis.probe().await);
                }
            }
        });
        let ears = Self {
            redis,
            notes,
            errors,
            task,
        };
        ears.notes.confirmed().await;
        ears
    }

    fn losses(&self) -> usize {
        self.errors.lock().unwrap().len()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Until whoever listens is known to the others and the list of them is old enough to be believed.
async fn assembled(ears: &[&Ears], trust: Duration) {
    eventually("all know each other", || async {
        let fleet = ears[0].redis.fleet().await.unwrap();
        (fleet.len() == ears.len() && fleet.iter().all(|one| one.behind.is_some())).then_some(())
    })
    .await;
    tokio::time::sleep(trust * 2).await;
    // What is known of an instance that has only just looked is as old as the look.
    for ears in ears {
        ears.redis.fleet().await.unwrap();
    }
}

async fn written(redis: &RedisCache, entities: &[Entity]) -> Vec<Mark> {
    let token = fresh();
    let fenced = redis.fence(entities, token, LONG).await.unwrap();
    assert!(redis.release(entities, token, None).await.unwrap().intact);
    fenced
}

/// Far beyond what any wait may take.
fn late() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test]
async fn everyone_hears_of_fences_and_releases_before_what_is_confirmed_after_them() {
    let server = RedisServer::start().await;
    let (writer, reader) = (Ears::open(&server.url()).await, Ears::open(&server.url()).await);
    for _ in 0..200 {
        let [one, two] = [product().into(), product().into()];
        let marks = writer.redis.fence(&[one, two], fresh(), LONG).await.unwrap();
        let fenced = Instant::now();
        assert_eq!(marks.len(), 1);
        for notes in [&writer.notes, &reader.notes] {
            eventually("confirmed", || async {
                let all = notes.all();
                let is_later = |heard: &Heard| matches!(heard, Heard::Confirmed(sent) if *sent >= fenced);
                let confirmed = all.iter().position(is_later)?;
                let before = &all[..confirmed];
                assert!(before.contains(&Heard::Changed(one)) && before.contains(&Heard::Changed(two)));
                Some(())
            })
            .await;
        }
    }
    let entity = product().into();
    writer.redis.release(&[entity], fresh(), None).await.unwrap();
    reader.notes.more(Heard::Changed(entity), 0).await;
    assert_eq!(reader.notes.count(Heard::Started), 1);
    assert_eq!(reader.notes.count(Heard::All), 0);
    assert_eq!(reader.losses(), 0);
}

#[tokio::test]
async fn a_release_is_heard_though_its_fence_is_gone_and_a_purge_by_all() {
    let server = RedisServer::start().await;
    let ears = Ears::open(&server.url()).await;
    let entity: Entity = product().into();
    for times in 0..3 {
        ears.redis.release(&[entity], fresh(), None).await.unwrap();
        ears.notes.more(Heard::Changed(entity), times).await;
    }
    let missed = application::changelog::LogPosition::default();
    ears.redis.release_missed(&[(entity, missed)]).await.unwrap();
    ears.notes.more(Heard::Changed(entity), 3).await;
    ears.redis.purge().await.unwrap();
    ears.notes.more(Heard::All, 0).await;
    server.flush().await;
    ears.notes.more(Heard::All, 1).await;
    assert_eq!(ears.losses(), 0);
}

#[tokio::test]
async fn writers_wait_for_nobody_when_alone_and_for_all_who_listen() {
    let server = RedisServer::start().await;
    let writer = Ears::open(&server.url()).await;
    assembled(&[&writer], TRUST).await;
    let marks = written(&writer.redis, &[product().into()]).await;
    assert_eq!(writer.redis.settle(&marks, Instant::now()).await, 0, "alone");
    let others = [Ears::open(&server.url()).await, Ears::open(&server.url()).await];
    assembled(&[&writer, &others[0], &others[1]], TRUST).await;
    for _ in 0..50 {
        let entity = product().into();
        let marks = writer.redis.fence(&[entity], fresh(), LONG).await.unwrap();
        assert_eq!(writer.redis.settle(&marks, late()).await, 0);
        for other in &others {
            assert!(
                other.notes.count(Heard::Changed(entity)) > 0,
                "before it is settled"
            );
        }
    }
    let fleet = writer.redis.fleet().await.unwrap();
    assert_eq!(fleet.iter().filter(|one| one.is_this).count(), 1);
    assert!(fleet.iter().all(|one| one.silent_for < Duration::from_secs(5)));
    assert_eq!(writer.redis.settle(&[], Instant::now()).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_is_slow_to_hear_is_waited_for() {
    let server = RedisServer::start().await;
    let (writer, reader) = (
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
    );
    assembled(&[&writer, &reader], LONG_TRUST).await;
    reader.notes.is_slow.store(true, Ordering::SeqCst);
    for _ in 0..10 {
        let entity = product().into();
        let marks = writer.redis.fence(&[entity], fresh(), LONG).await.unwrap();
        assert_eq!(writer.redis.settle(&marks, late()).await, 0);
        assert!(reader.notes.count(Heard::Changed(entity)) > 0);
    }
}

#[tokio::test]
async fn one_that_only_writes_waits_for_those_who_listen() {
    let server = RedisServer::start().await;
    let writer = redis_at(&server.url(), PREFIX).await;
    let marks = written(&writer, &[product().into()]).await;
    // It cannot know yet that nobody is there.
    assert_eq!(writer.settle(&marks, Instant::now() + TRUST).await, 1);
    tokio::time::sleep(TRUST).await;
    let marks = written(&writer, &[product().into()]).await;
    assert_eq!(writer.settle(&marks, Instant::now()).await, 0);
    let reader = Ears::open(&server.url()).await;
    for _ in 0..20 {
        let entity = product().into();
        let marks = written(&writer, &[entity]).await;
        assert_eq!(writer.settle(&marks, late()).await, 0);
        assert!(reader.notes.count(Heard::Changed(entity)) > 0);
    }
}

#[tokio::test]
async fn one_that_stops_listening_is_waited_for_until_its_trust_is_spent() {
    let server = RedisServer::start().await;
    let (writer, reader) = (
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
    );
    assembled(&[&writer, &reader], LONG_TRUST).await;
    // Stopped without a word, as a process is.
    reader.task.abort();
    let marks = written(&writer.redis, &[product().into()]).await;
    assert_eq!(writer.redis.settle(&marks, Instant::now()).await, 1);
    assert_eq!(writer.redis.settle(&marks, late()).await, 0);
    let marks = written(&writer.redis, &[product().into()]).await;
    assert_eq!(
        writer.redis.settle(&marks, Instant::now()).await,
        0,
        "known to be silent"
    );
    eventually("it signs off", || async {
        (writer.redis.fleet().await.unwrap().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_list_that_was_lost_is_not_believed_until_trust_is_spent() {
    let server = RedisServer::start().await;
    let (writer, reader) = (
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
        Ears::open_trusting(&server.url(), LONG_TRUST).await,
    );
    assembled(&[&writer, &reader], LONG_TRUST).await;
    reader.task.abort();
    server.flush().await;
    // The reader, who may not have heard yet, is on no list.
    let marks = written(&writer.redis, &[product().into()]).await;
    assert_eq!(writer.redis.settle(&marks, Instant::now()).await, 1);
    assert_eq!(writer.redis.settle(&marks, late()).await, 0);
}

#[tokio::test]
async fn a_connection_that_is_killed_is_made_anew_and_that_is_said() {
    let server = RedisServer::start().await;
    let ears = Ears::open(&server.url()).await;
    for round in 1..4 {
        server.kill_clients().await;
        ears.notes.more(Heard::Started, round).await;
        ears.notes.confirmed().await;
        let entity = product().into();
        ears.redis.release(&[entity], fresh(), None).await.unwrap();
        ears.notes.more(Heard::Changed(entity), 0).await;
    }
    assert!(ears.losses() >= 3);
}

#[tokio::test]
async fn a_server_that_hangs_is_not_trusted_for_long() {
    let server = RedisServer::start().await;
    let ears = Ears::open(&server.url()).await;
    server.freeze();
    eventually("it gives up", || async { (ears.losses() > 0).then_some(()) }).await;
    server.thaw();
    ears.notes.more(Heard::Started, 1).await;
    ears.notes.confirmed().await;
}

#[tokio::test]
async fn who_may_not_track_hears_by_messages() {
    let server = RedisServer::start().await;
    let url = server
        .user("reader", &["~*", "&*", "+@all", "-client|tracking"])
        .await;
    let (writer, reader) = (Ears::open(&server.url()).await, Ears::open(&url).await);
    assembled(&[&writer, &reader], TRUST).await;
    for _ in 0..50 {
        let entity = product().into();
        let marks = written(&writer.redis, &[entity]).await;
        assert_eq!(writer.redis.settle(&marks, late()).await, 0);
        assert!(reader.notes.count(Heard::Changed(entity)) > 0);
        let marks = written(&reader.redis, &[entity]).await;
        assert_eq!(reader.redis.settle(&marks, late()).await, 0);
        assert!(writer.notes.count(Heard::Changed(entity)) > 1);
    }
    writer.redis.purge().await.unwrap();
    reader.notes.more(Heard::All, 0).await;
    server.kill_clients().await;
    reader.notes.more(Heard::Started, 1).await;
    reader.notes.confirmed().await;
}

#[tokio::test]
async fn who_may_not_publish_is_heard_by_those_who_track() {
    let server = RedisServer::start().await;
    let url = server.user("quiet", &["~*", "resetchannels", "+@all"]).await;
    let (writer, reader) = (Ears::open(&url).await, Ears::open(&server.url()).await);
    assembled(&[&writer, &reader], TRUST).await;
    let entity = product().into();
    let marks = written(&writer.redis, &[entity]).await;
    assert_eq!(writer.redis.settle(&marks, late()).await, 0);
    assert!(reader.notes.count(Heard::Changed(entity)) > 0);
    writer.redis.purge().await.unwrap();
    reader.notes.more(Heard::All, 0).await;
}
