//! How often products are looked at, and which ones most.
//!
//! Views are counted in memory and written behind, every so often and when the process is asked to stop.
//!
//! Invariant: counting neither waits nor fails, whatever is behind it. A process that dies loses what it has counted since
//! the last time it wrote, and nothing else; what could not be written is kept and written later, in the slot of that
//! time, once or, where the answer to it was lost, twice.

mod ports;
mod window;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{ChannelId, ProductId};

use crate::Clock;

pub use ports::{ViewCount, ViewCounter, ViewsError};
pub use window::{Slot, Window};

/// Of so many products in a channel the views are told apart before they are written; those of further ones are not
/// counted until then.
const MOST_GATHERED: usize = 100_000;

/// Of how many products the order is asked for: more than are ever shown, as some may be hidden by now.
const MOST_RANKED: usize = 500;

pub struct Views {
    counter: Arc<dyn ViewCounter>,
    clock: Arc<dyn Clock>,
    /// Whether answers count as views.
    count_answers: bool,
    gathered: Mutex<Gathered>,
}

type Gathered = HashMap<(ChannelId, ProductId), u64>;

impl Views {
    pub fn new(counter: Arc<dyn ViewCounter>, clock: Arc<dyn Clock>, count_answers: bool) -> Self {
        Self {
            counter,
            clock,
            count_answers,
            gathered: Mutex::default(),
        }
    }

    /// One more view of the product in the channel.
    pub fn count(&self, channel: ChannelId, product: ProductId) {
        add(&mut self.lock(), (channel, product), 1);
    }

    /// The product was answered, which is a view where answers are counted.
    pub fn count_answer(&self, channel: ChannelId, product: ProductId) {
        if self.count_answers {
            self.count(channel, product);
        }
    }

    /// The products that were viewed in the channel over the window, the most viewed first, at most 500. Some of them may
    /// not be on sale any more.
    pub async fn most_viewed(
        &self,
        channel: ChannelId,
        window: Window,
    ) -> Result<Vec<ProductId>, ViewsError> {
        let now = self.clock.now();
        let top = self.counter.top(channel, window, now, MOST_RANKED).await?;
        Ok(top.into_iter().map(|(product, _)| product).collect())
    }

    /// Writes what was counted, every `interval` and once more when `stopped` comes, with which it ends. Not to be
    /// cancelled otherwise: what is being written at that time would be lost.
    pub async fn run(&self, interval: Duration, stopped: impl Future<Output = ()>) {
        let mut stopped = std::pin::pin!(stopped);
        let mut failing = false;
        loop {
            let is_last = tokio::select! {
                () = &mut stopped => true,
                () = tokio::time::sleep(interval) => false,
            };
            match self.flush().await {
                Ok(()) if failing => {
                    failing = false;
                    tracing::info!("views are written again");
                }
                Ok(()) => {}
                Err(error) if is_last => {
                    let lost: u64 = self.lock().values().sum();
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        lost,
                        "the last views could not be written"
                    );
                }
                Err(error) if failing => {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "views still cannot be written"
                    );
                }
                Err(error) => {
                    failing = true;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "views cannot be written; they are kept in memory"
                    );
                }
            }
            if is_last {
                return;
            }
        }
    }

    async fn flush(&self) -> Result<(), ViewsError> {
        let gathered = std::mem::take(&mut *self.lock());
        if gathered.is_empty() {
            return Ok(());
        }
        let counts: Vec<_> = gathered
            .into_iter()
            .map(|((channel, product), views)| ViewCount {
                channel,
                product,
                views,
            })
            .collect();
        let added = self.counter.add(self.clock.now(), &counts).await;
        if added.is_err() {
            let mut gathered = self.lock();
            for count in counts {
                add(&mut gathered, (count.channel, count.product), count.views);
            }
        }
        added
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(gathered: &mut Gathered, of: (ChannelId, ProductId), views: u64) {
    let is_full = gathered.len() >= MOST_GATHERED;
    match gathered.entry(of) {
        Entry::Occupied(mut known) => *known.get_mut() += views,
        Entry::Vacant(_) if is_full => {}
        Entry::Vacant(new) => drop(new.insert(views)),
    }
}
