//! The vitrine service: HTTP and command line around the catalog's use cases, and the root that composes it all.

mod cli;
mod composition;
pub mod demo;
mod formats;
mod http;
mod problem;
pub mod server;
mod wire;

pub use cli::main;
