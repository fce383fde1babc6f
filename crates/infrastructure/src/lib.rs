//! Adapters: databases, caches, tokens, telemetry.

pub mod access;
pub mod cache_settings;
pub mod database;
pub mod memory_cache;
pub mod redis_cache;
pub mod settings;
pub mod system;
pub mod telemetry;
