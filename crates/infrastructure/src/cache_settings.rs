//! Which cache, what it may keep and what it does when it cannot be reached.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::SecretUrl;

/// What to do with writes while Redis cannot be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheMode {
    /// Go on from the database.
    #[default]
    Available,
    /// Refuse writes that could not be made known to every instance.
    Strict,
}

/// The section `cache`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    pub enabled: bool,
    /// `redis://`, `rediss://` or `memory://`; absent means memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretUrl>,
    /// How long an entry lives, 1 s to 24 h.
    #[serde(with = "humantime_serde")]
    pub ttl: Duration,
    pub mode: CacheMode,
    /// What the in-process store may hold, in bytes, 1 MiB to 64 GiB.
    pub memory_bytes: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            url: None,
            ttl: Duration::from_mins(5),
            mode: CacheMode::Available,
            memory_bytes: 64 << 20,
        }
    }
}

impl CacheSettings {
    /// The URL in force: the configured one, or memory.
    pub fn effective_url(&self) -> SecretUrl {
        self.url.clone().unwrap_or_else(|| SecretUrl::new("memory://"))
    }

    /// What is wrong, one line to a fault, each beginning with its key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(url) = &self.url {
            match url.scheme() {
                "redis" | "rediss" if url::Url::parse(url.expose()).is_ok_and(|url| url.has_host()) => {}
                "memory" if url.expose() == "memory://" => {}
                "redis+cluster" => problems.push(
                    "url: redis+cluster:// is not supported yet; use redis:// or rediss:// with a single server".to_owned(),
                ),
                _ => problems.push(format!("url must be redis://HOST…, rediss://HOST… or memory://, not \"{url}\"")),
            }
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(24)).contains(&self.ttl) {
            problems.push("ttl must be 1s to 24h".to_owned());
        }
        if !((1 << 20)..=(64 << 30)).contains(&self.memory_bytes) {
            problems.push(format!(
                "memory_bytes must be 1 MiB to 64 GiB, not {}",
                self.memory_bytes
            ));
        }
        problems
    }
}
