//! View counts of one process, gone with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use application::views::{ViewCount, ViewCounter, ViewsError, Window};
use async_trait::async_trait;
use domain::{ChannelId, ProductId, Timestamp};

/// Products of a slot that are kept; the rarest of more are forgotten when there are twice as many.
const MOST_KEPT: usize = 2000;

type Slots = HashMap<(ChannelId, Window, i64), HashMap<ProductId, u64>>;

#[derive(Default)]
pub struct MemoryViews(Mutex<Slots>);

impl MemoryViews {
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ViewCounter for MemoryViews {
    async fn add(&self, at: Timestamp, counts: &[ViewCount]) -> Result<(), ViewsError> {
        let mut slots = self.lock();
        slots.retain(|(_, window, number), _| {
            window
                .slots(at)
                .last()
                .is_some_and(|oldest| oldest.number <= *number)
        });
        for window in Window::ALL {
            for count in counts {
                let key = (count.channel, window, window.slot_of(at));
                let slot = slots.entry(key).or_default();
                *slot.entry(count.product).or_default() += count.views;
                if slot.len() >= 2 * MOST_KEPT {
                    let kept = ranked(std::mem::take(slot), MOST_KEPT);
                    slot.extend(kept);
                }
            }
        }
        Ok(())
    }

    async fn top(
        &self,
        channel: ChannelId,
        window: Window,
        at: Timestamp,
        most: usize,
    ) -> Result<Vec<(ProductId, u64)>, ViewsError> {
        let mut sums: HashMap<ProductId, f64> = HashMap::new();
        {
            let slots = self.lock();
            for slot in window.slots(at) {
                for (product, views) in slots.get(&(channel, window, slot.number)).into_iter().flatten() {
                    #[expect(clippy::cast_precision_loss, reason = "views are far below 2^52")]
                    let views = *views as f64 * slot.weight;
                    *sums.entry(*product).or_default() += views;
                }
            }
        }
        let mut all: Vec<_> = sums.into_iter().collect();
        all.sort_unstable_by(|(a, x), (b, y)| y.total_cmp(x).then(b.cmp(a)));
        all.truncate(most);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of views is neither negative nor near 2^64"
        )]
        Ok(all
            .into_iter()
            .map(|(product, views)| (product, views.round() as u64))
            .collect())
    }
}

fn ranked(slot: HashMap<ProductId, u64>, most: usize) -> Vec<(ProductId, u64)> {
    let mut all: Vec<_> = slot.into_iter().collect();
    all.sort_unstable_by_key(|(product, views)| std::cmp::Reverse((*views, *product)));
    all.truncate(most);
    all
}
