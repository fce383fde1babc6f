//! The clock port: the only way to learn the time, so that tests can set it.

use chrono::{DateTime, Utc};

/// Tells the time.
///
/// An implementation MUST return UTC with at most microsecond precision: that is what the databases keep, and a
/// timestamp has to compare equal before and after it was stored.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> DateTime<Utc>;
}
