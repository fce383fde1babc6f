//! The command line: one module to a command.

pub(crate) mod token;
