//! One load per key and instance, however many readers miss at once.
//!
//! Invariant: a reader joins only what began under the stamp that is in force now, and no load that has begun without a
//! lease. Under a fence that its instance has confirmed such a load may be older than the commit, and a reader that comes
//! after the acknowledgement has the same stamp. Under a lease it may not: the fence takes leases away, and what is asked
//! for after the fence was heard of gets none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared as SharedFuture};

use super::answers::Source;
use super::generations::Stamp;
use super::{CacheKey, Kept};
use crate::store::StoreError;

/// What a load came to.
#[derive(Debug, Clone)]
pub(super) struct Landed {
    pub(super) kept: Arc<Kept>,
    pub(super) source: Source,
    /// Later readers may be answered from it, by either tier.
    pub(super) stored: bool,
}

type Outcome = Result<Landed, Arc<StoreError>>;
type FlightKey = (CacheKey, Stamp);

/// A load in a task of its own, that many may wait for.
#[derive(Clone)]
pub(super) struct Shared(SharedFuture<BoxFuture<'static, Outcome>>);

impl Shared {
    pub(super) fn start<R, L>(run: R) -> Self
    where
        R: FnOnce() -> L,
        L: Future<Output = Outcome> + Send + 'static,
    {
        let task = tokio::spawn(run());
        let outcome = async move {
            task.await
                .unwrap_or_else(|died| Err(Arc::new(StoreError::Internal(died.into()))))
        };
        Self(outcome.boxed().shared())
    }

    pub(super) async fn landed(self) -> Outcome {
        self.0.await
    }
}

#[derive(Default)]
struct Board {
    board: HashMap<FlightKey, (u64, Shared)>,
    /// Tells a flight from a later one of the same key.
    last: u64,
}

#[derive(Default)]
pub(super) struct Flights(Arc<Mutex<Board>>);

impl Flights {
    /// What the load came to, and whether it was another one's.
    pub(super) async fn join_or_start<R, L>(&self, key: FlightKey, run: R) -> (Outcome, bool)
    where
        R: FnOnce(Boarding) -> L,
        L: Future<Output = Outcome> + Send + 'static,
    {
        let (flight, joined) = {
            let mut flights = lock(&self.0);
            if let Some((_, flight)) = flights.board.get(&key) {
                (flight.clone(), true)
            } else {
                flights.last += 1;
                let number = flights.last;
                let boarding = Boarding {
                    flights: Arc::clone(&self.0),
                    key: key.clone(),
                    number,
                };
                let flight = Shared::start(|| run(boarding));
                flights.board.insert(key, (number, flight.clone()));
                (flight, false)
            }
        };
        (flight.landed().await, joined)
    }
}

/// While it is there others may join the flight. It goes with the flight at the latest, by a panic too.
pub(super) struct Boarding {
    flights: Arc<Mutex<Board>>,
    key: FlightKey,
    number: u64,
}

impl Drop for Boarding {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights);
        if flights
            .board
            .get(&self.key)
            .is_some_and(|(number, _)| *number == self.number)
        {
            flights.board.remove(&self.key);
        }
    }
}

fn lock(flights: &Mutex<Board>) -> MutexGuard<'_, Board> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
