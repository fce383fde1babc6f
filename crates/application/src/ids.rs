//! New identifiers, as a port.

use uuid::Uuid;

pub trait Ids: Send + Sync + 'static {
    /// An id never given before. MUST be a `UUIDv7`, so that ids sort by the time they were made.
    fn next(&self) -> Uuid;
}
