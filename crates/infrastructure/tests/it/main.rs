//! The adapters against the real thing: sockets, files, servers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod access;
mod cache;
mod catalog;
mod files;
mod search;
mod telemetry;
mod views;
