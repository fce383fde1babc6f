//! The HTTP interface.

pub(crate) mod auth;
pub(crate) mod problem;
