//! Which database, and how hard it may be used.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::SecretUrl;

/// The section `database`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `postgres://`, `postgresql://` or `sqlite://`; absent means SQLite in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretUrl>,
    /// 1 to 1,000.
    pub max_connections: u32,
    pub migrate_on_start: bool,
    /// How long a request waits for a free connection, at most 60 s.
    #[serde(with = "humantime_serde")]
    pub acquire_timeout: Duration,
    /// When the database is told to give a statement up, at most an hour; `0s` is never.
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Duration,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: None,
            max_connections: 20,
            migrate_on_start: true,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(3),
        }
    }
}

impl DatabaseSettings {
    /// The URL in force: the configured one, or `vitrine.db` in the data folder.
    pub fn effective_url(&self, data_dir: &Path) -> SecretUrl {
        self.url
            .clone()
            .unwrap_or_else(|| SecretUrl::new(format!("sqlite://{}", data_dir.join("vitrine.db").display())))
    }

    /// What is wrong, one line to a fault, each beginning with its key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(url) = &self.url {
            match url.scheme() {
                "postgres" | "postgresql" if url::Url::parse(url.expose()).is_ok() => {}
                "sqlite"
                    if url.expose().len() > "sqlite://".len() && url.expose().starts_with("sqlite://") => {}
                _ => problems.push(format!(
                    "url must be postgres://…, postgresql://… or sqlite://PATH, not \"{url}\""
                )),
            }
        }
        if !(1..=1_000).contains(&self.max_connections) {
            problems.push(format!(
                "max_connections must be 1 to 1000, not {}",
                self.max_connections
            ));
        }
        if self.acquire_timeout.is_zero() || self.acquire_timeout > Duration::from_mins(1) {
            problems.push("acquire_timeout must be more than 0 and at most 60s".to_owned());
        }
        if self.statement_timeout > Duration::from_hours(1) {
            problems.push("statement_timeout must be at most 1h".to_owned());
        }
        problems
    }
}
