//! Placeholder.

pub mod telemetry;
