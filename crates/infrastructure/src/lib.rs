//! Adapters: databases, caches, tokens, telemetry.

pub mod access;
pub mod cache_settings;
pub mod cdn;
pub mod database;
pub mod files;
pub mod json_schema;
pub mod local_cache;
pub mod memcached_cache;
pub mod memory_views;
pub mod postgres;
pub mod redis_cache;
pub mod redis_views;
pub mod rows;
pub mod search_index;
pub mod settings;
pub mod sql;
pub mod sqlite;
pub mod system;
pub mod telemetry;
