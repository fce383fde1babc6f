//! Search, against a reference that cannot be wrong for being clever.

mod differential;
mod generate;
mod history;
mod reference;
mod shrink;
