//! One load per key and instance, however many readers miss at once.
//!
//! Invariant: a reader joins only a load that began under the stamp that is in force now, so after the last write that
//! it has to see.

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
pub(super) struct Flights(Arc<Mutex<HashMap<FlightKey, Shared>>>);

impl Flights {
    /// What the load came to, and whether it was another one's.
    pub(super) async fn join_or_start<R, L>(&self, key: FlightKey, run: R) -> (Outcome, bool)
    where
        R: FnOnce() -> L,
        L: Future<Output = Outcome> + Send + 'static,
    {
        let (flight, joined) = {
            let mut flights = lock(&self.0);
            match flights.get(&key) {
                Some(flight) => (flight.clone(), true),
                None => {
                    let landing = Landing {
                        flights: Arc::clone(&self.0),
                        key: key.clone(),
                    };
                    let load = run();
                    let flight = Shared::start(|| async move {
                        let _landing = landing;
                        load.await
                    });
                    flights.insert(key, flight.clone());
                    (flight, false)
                }
            }
        };
        (flight.landed().await, joined)
    }
}

/// Takes the flight off the board when it ends, by a panic too.
struct Landing {
    flights: Arc<Mutex<HashMap<FlightKey, Shared>>>,
    key: FlightKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        lock(&self.flights).remove(&self.key);
    }
}

fn lock(flights: &Mutex<HashMap<FlightKey, Shared>>) -> MutexGuard<'_, HashMap<FlightKey, Shared>> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}
