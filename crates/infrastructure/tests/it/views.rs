//! What every counter of views must do, on both adapters; and what is counted while Redis is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use application::views::{ViewCount, ViewCounter, Views, ViewsError, Window};
use application::{Clock, Ids};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use domain::{ChannelId, ProductId, Timestamp};
use infrastructure::memory_views::MemoryViews;
use infrastructure::redis_views::RedisViews;
use infrastructure::system::{SystemClock, UuidV7};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::cache::eventually;

fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`")
}

fn redis(url: &str) -> RedisViews {
    RedisViews::new(url, "test-views:").unwrap()
}

fn counters() -> [(&'static str, Arc<dyn ViewCounter>); 2] {
    [
        ("memory", Arc::new(MemoryViews::default())),
        ("redis", Arc::new(redis(&redis_url()))),
    ]
}

fn channel() -> ChannelId {
    ChannelId::new(UuidV7.next())
}

fn product(n: u32) -> ProductId {
    ProductId::new(Uuid::from_u128(n.into()))
}

/// The beginning of a slot of every window.
fn midnight() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn views(channel: ChannelId, of: &[(u32, u64)]) -> Vec<ViewCount> {
    let count = |(n, views): &(u32, u64)| ViewCount {
        channel,
        product: product(*n),
        views: *views,
    };
    of.iter().map(count).collect()
}

fn ranked(of: &[(u32, u64)]) -> Vec<(ProductId, u64)> {
    of.iter().map(|(n, views)| (product(*n), *views)).collect()
}

#[tokio::test]
async fn the_most_viewed_come_first_and_channels_are_apart() {
    for (name, counter) in counters() {
        let (here, there, at) = (channel(), channel(), midnight());
        let both = [
            views(here, &[(1, 5), (2, 7)]),
            views(there, &[(3, 100)]),
            views(here, &[(1, 4), (4, 7)]),
        ];
        counter.add(at, &both.concat()).await.unwrap();
        counter.add(at, &[]).await.unwrap();
        for window in Window::ALL {
            let top = counter.top(here, window, at, 10).await.unwrap();
            assert_eq!(top, ranked(&[(1, 9), (4, 7), (2, 7)]), "{name}");
            assert_eq!(
                counter.top(here, window, at, 1).await.unwrap(),
                ranked(&[(1, 9)]),
                "{name}"
            );
            assert_eq!(
                counter.top(channel(), window, at, 10).await.unwrap(),
                [],
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn views_leave_the_window_by_and_by() {
    for (name, counter) in counters() {
        for (window, slot, count) in [
            (Window::Hour, TimeDelta::minutes(5), 12),
            (Window::Day, TimeDelta::hours(1), 24),
            (Window::Week, TimeDelta::days(1), 7),
        ] {
            let (here, at) = (channel(), midnight());
            counter.add(at, &views(here, &[(1, 100)])).await.unwrap();
            let last_whole = at + slot * (count - 1);
            counter.add(last_whole, &views(here, &[(2, 10)])).await.unwrap();
            let top = async |at| counter.top(here, window, at, 10).await.unwrap();
            assert_eq!(
                top(last_whole + slot / 2).await,
                ranked(&[(1, 100), (2, 10)]),
                "{name}"
            );
            let half_over = at + slot * count + slot / 2;
            assert_eq!(top(half_over).await, ranked(&[(1, 50), (2, 10)]), "{name}");
            assert_eq!(top(at + slot * (count + 1)).await, ranked(&[(2, 10)]), "{name}");
        }
    }
}

#[tokio::test]
async fn the_rarest_of_very_many_products_are_forgotten() {
    for (name, counter) in counters() {
        let (here, at) = (channel(), midnight());
        let many: Vec<_> = (0..5000).map(|n| (n, u64::from(n) + 1)).collect();
        counter.add(at, &views(here, &many)).await.unwrap();
        let top = counter.top(here, Window::Hour, at, 10_000).await.unwrap();
        assert!((2000..4000).contains(&top.len()), "{name}: {}", top.len());
        assert_eq!(top[..2], ranked(&[(4999, 5000), (4998, 4999)]), "{name}");
    }
}

/// `run` ends by itself when it is told to.
#[tokio::test]
async fn what_is_counted_is_written_when_the_process_ends() {
    let counter = Arc::new(redis(&redis_url()));
    let here = channel();
    let counting = Arc::new(Views::new(counter.clone(), Arc::new(SystemClock), false));
    for n in [1, 2, 2] {
        counting.count(here, product(n));
    }
    counting.count_answer(here, product(3));
    let (stop, stopped) = oneshot::channel::<()>();
    stop.send(()).unwrap();
    let stopped = async move { stopped.await.unwrap() };
    counting.run(Duration::from_hours(1), stopped).await;
    let top = counting.most_viewed(here, Window::Hour).await.unwrap();
    assert_eq!(top, [product(2), product(1)]);
}

/// Counts how often nothing could be written.
struct Watched {
    redis: RedisViews,
    failed: AtomicUsize,
}

#[async_trait]
impl ViewCounter for Watched {
    async fn add(&self, at: Timestamp, counts: &[ViewCount]) -> Result<(), ViewsError> {
        let added = self.redis.add(at, counts).await;
        let failed = usize::from(added.is_err());
        self.failed.fetch_add(failed, Ordering::SeqCst);
        added
    }

    async fn top(
        &self,
        channel: ChannelId,
        window: Window,
        at: Timestamp,
        most: usize,
    ) -> Result<Vec<(ProductId, u64)>, ViewsError> {
        self.redis.top(channel, window, at, most).await
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_kept_until_it_can() {
    let mut server = crate::cache::server::RedisServer::start().await;
    server.kill();
    let here = channel();
    let counter = Arc::new(Watched {
        redis: redis(&server.url()),
        failed: AtomicUsize::new(0),
    });
    let counting = Arc::new(Views::new(counter.clone(), Arc::new(SystemClock), true));
    let (_stop, stopped) = oneshot::channel::<()>();
    let running = counting.clone();
    let running = tokio::spawn(async move {
        let stopped = async move { drop(stopped.await) };
        running.run(Duration::from_millis(5), stopped).await;
    });
    for n in 1..4 {
        counting.count_answer(here, product(1));
        eventually("nothing can be written", || async {
            (counter.failed.load(Ordering::SeqCst) >= n).then_some(())
        })
        .await;
    }
    assert!(counting.most_viewed(here, Window::Hour).await.is_err());
    server.restart().await;
    counting.count(here, product(2));
    eventually("the views are there", || async {
        let top = counter.top(here, Window::Hour, SystemClock.now(), 10).await;
        (top.ok()? == ranked(&[(1, 3), (2, 1)])).then_some(())
    })
    .await;
    running.abort();
}
