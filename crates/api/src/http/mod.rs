//! The HTTP interface.

pub(crate) mod auth;
