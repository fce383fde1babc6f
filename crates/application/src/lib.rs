//! Use cases, ports and cache policy of the catalog.

pub mod access;
pub mod clock;
pub mod ids;
