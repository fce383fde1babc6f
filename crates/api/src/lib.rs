//! The vitrine service: HTTP and command line around the catalog's use cases, and the root that composes it all.

pub mod demo;
pub mod server;
mod wire;
