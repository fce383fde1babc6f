//! The vitrine binary: HTTP, command line, composition root.

mod cli;
mod composition;
mod http;
mod server;
