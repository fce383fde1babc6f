//! That a write takes effect at one instant for the readers of all instances.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{
    CacheError, CachePolicy, Entity, Instance, InvalidationBus, Listener, Mark, SharedTier, Source, WriteMode,
};
use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::register::Register;
use super::world::{Tiers, World, product};
use super::{fresh, redis_at, redis_url};

/// Brings no news until it is let to, and has two listeners.
struct SlowBus {
    news: watch::Sender<Option<Entity>>,
    heard: watch::Sender<usize>,
    is_waited_for: Notify,
}

#[async_trait]
impl InvalidationBus for SlowBus {
    async fn listen(&self, listener: &dyn Listener) -> CacheError {
        let mut news = self.news.subscribe();
        listener.started();
        listener.confirmed(Instant::now());
        while let Ok(entity) = news.wait_for(Option::is_some).await.map(|entity| *entity) {
            if let Some(entity) = entity {
                listener.changed(entity);
            }
            self.heard.send_modify(|heard| *heard += 1);
            if news.changed().await.is_err() {
                break;
            }
        }
        CacheError::new("the bus is gone")
    }

    async fn settle(&self, _: &[Mark], _: Instant) -> usize {
        self.is_waited_for.notify_one();
        let mut heard = self.heard.subscribe();
        usize::from(heard.wait_for(|heard| *heard == 2).await.is_err())
    }

    async fn fleet(&self) -> Result<Vec<Instance>, CacheError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn once_one_instance_shows_a_write_no_other_shows_what_was_before() {
    let bus = Arc::new(SlowBus {
        news: watch::Sender::new(None),
        heard: watch::Sender::new(0),
        is_waited_for: Notify::new(),
    });
    // So long that it is the confirmation that is waited for.
    let policy = CachePolicy {
        mode: WriteMode::Strict,
        trust: Duration::from_mins(10),
        ..CachePolicy::default()
    };
    let prefix = format!("test:{}:", fresh());
    let instance = async |register: &Arc<Register>| {
        let shared = SharedTier {
            store: redis_at(&redis_url(), &prefix).await,
            bus: Some(bus.clone()),
        };
        let tiers = Tiers {
            local: true,
            shared: Some(shared),
        };
        World::beside(register, tiers, policy.clone()).await
    };
    let (register, product) = (Arc::<Register>::default(), product());
    register.apply(&register.next(product)).unwrap();
    let writing = Arc::new(instance(&register).await);
    let other = instance(&register).await;
    other.until_trusted(product).await;

    let mut commit = register.hold_commit();
    let write = tokio::spawn({
        let writing = writing.clone();
        async move { writing.write(product).await.unwrap() }
    });
    let mut reached = Box::pin(commit.reached());
    tokio::select! {
        () = bus.is_waited_for.notified() => {}
        () = &mut reached => {}
    }
    // Nobody has told the other instance yet.
    let newest = writing.read(product).await.0;
    assert_eq!(other.glance(product).await, (newest, Source::Local));

    bus.news.send_replace(Some(product.into()));
    reached.await;
    assert_eq!(writing.read(product).await, (2, Source::Fenced));
    assert_eq!(other.glance(product).await, (2, Source::Fenced));
    commit.go_on();
    assert_eq!(write.await.unwrap(), 2);
}
