//! The listener and its limits.

pub(crate) mod settings;
