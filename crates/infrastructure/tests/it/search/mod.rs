//! Search: the engine by itself, and against a reference that cannot be wrong for being clever.

mod composed;
mod differential;
mod engine;
mod generate;
mod history;
mod input;
mod inputs;
mod reference;
mod shrink;
