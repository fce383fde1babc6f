//! Whatever is typed, and whatever texts it is looked for in: `cargo +nightly fuzz run search_text`.
#![no_main]

// The tests of every change do the same with inputs of their own.
#[path = "../../crates/infrastructure/tests/it/search/input.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| input::check(bytes));
