//! The present, as a port.

use domain::Timestamp;

pub trait Clock: Send + Sync + 'static {
    /// The present in UTC. MUST be cut to microseconds, the precision that databases keep.
    fn now(&self) -> Timestamp;
}
