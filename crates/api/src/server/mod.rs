//! Serving a router over sockets that nobody can be trusted to close.
//!
//! Invariants: no client can hold a connection without progress, no acknowledged write depends on the client that asked
//! for it, and a shutdown ends every request that began before it.

mod activity;
mod body;
mod compression;
mod connection;
mod detach;
mod etag;
pub mod layers;
pub mod lifecycle;
pub mod listener;
pub mod metrics;
mod origin;
mod problem;
mod remembered;
pub mod request_id;
pub mod settings;
mod stack;
mod timeout;

pub use layers::{Allowance, Layers, StreamPredicate, answering, wrap};
pub use lifecycle::{Lifecycle, Readiness, Shutdown};
pub use listener::{Served, serve};
pub use metrics::HttpMetrics;
pub use origin::Origin;
pub use remembered::{REMEMBERED, Remembered, Repeatable};
pub use request_id::{NewRequestId, RequestId};
pub use settings::HttpSettings;
