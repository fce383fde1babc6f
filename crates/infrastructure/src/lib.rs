//! Adapters: databases, caches, tokens, telemetry.

pub mod memory_cache;
pub mod redis_cache;
