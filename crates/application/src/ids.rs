//! The id port: the only way to make a new id, so that tests can choose it.

use uuid::Uuid;

/// Makes ids.
///
/// An implementation MUST never return the same id twice, from however many threads and processes it is called, and
/// SHOULD return ids that sort by the time they were made, because they are primary keys.
pub trait Ids: Send + Sync + 'static {
    fn next(&self) -> Uuid;
}
