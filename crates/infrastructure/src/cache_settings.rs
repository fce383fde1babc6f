//! Which cache, what it may keep and what it does when it cannot be reached.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::redis_cache::{TlsFiles, check_url};
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

/// When a write is acknowledged, where instances share a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheAcknowledge {
    /// When no instance answers anything older; nor does any go back meanwhile.
    #[default]
    Linearizable,
    /// When it is stored and the shared cache knows: others may answer what they have for `trust` more.
    Immediate,
}

/// The section `cache`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    pub enabled: bool,
    /// `redis://`, `redis+sentinel://`, `redis+cluster://`, the same with `rediss` for TLS, `memcached://` or `memory://`;
    /// absent means memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretUrl>,
    /// PEM file of the authorities that sign the server's certificate; absent means the machine's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ca: Option<PathBuf>,
    /// PEM file of the certificate that this client shows, and that of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// How long an entry lives, 1 s to 24 h.
    #[serde(with = "humantime_serde")]
    pub ttl: Duration,
    pub mode: CacheMode,
    /// What an instance may keep itself, in bytes, 1 MiB to 64 GiB; 0 for nothing.
    pub l1_bytes: u64,
    pub acknowledge: CacheAcknowledge,
    /// How often an instance tells the others that it is there, 5 ms to 1 s.
    #[serde(with = "humantime_serde")]
    pub canary: Duration,
    /// How long an instance answers from what it keeps since it last heard of the others, 2 `canary` to 10 s. The
    /// same for all that share a cache.
    #[serde(with = "humantime_serde")]
    pub trust: Duration,
    /// What the names of keys in Redis begin with: up to 64 letters, digits and `: - _ . /`.
    pub prefix: String,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            url: None,
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            ttl: Duration::from_mins(5),
            mode: CacheMode::Available,
            l1_bytes: 64 << 20,
            acknowledge: CacheAcknowledge::Linearizable,
            canary: Duration::from_millis(25),
            trust: Duration::from_millis(75),
            prefix: "vitrine:".to_owned(),
        }
    }
}

impl CacheSettings {
    /// The URL in force: the configured one, or memory.
    pub fn effective_url(&self) -> SecretUrl {
        self.url.clone().unwrap_or_else(|| SecretUrl::new("memory://"))
    }

    pub fn tls_files(&self) -> TlsFiles {
        TlsFiles {
            ca: self.tls_ca.clone(),
            identity: self.tls_cert.clone().zip(self.tls_key.clone()),
        }
    }

    /// What is wrong, one line to a fault, each beginning with its key.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(url) = &self.url {
            problems.extend(url_problem(url));
        }
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            problems.push("tls_cert and tls_key go together".to_owned());
        }
        let has_tls = self.tls_ca.is_some() || self.tls_cert.is_some() || self.tls_key.is_some();
        if has_tls && !self.effective_url().scheme().starts_with("rediss") {
            problems.push("tls_ca, tls_cert and tls_key need a rediss:// URL".to_owned());
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(24)).contains(&self.ttl) {
            problems.push("ttl must be 1s to 24h".to_owned());
        }
        if self.l1_bytes != 0 && !((1 << 20)..=(64 << 30)).contains(&self.l1_bytes) {
            problems.push(format!(
                "l1_bytes must be 0, or 1 MiB to 64 GiB, not {}",
                self.l1_bytes
            ));
        }
        if self.l1_bytes == 0 && self.effective_url().scheme() == "memory" {
            problems.push("l1_bytes must not be 0 with memory://; use enabled = false".to_owned());
        }
        if !(Duration::from_millis(5)..=Duration::from_secs(1)).contains(&self.canary) {
            problems.push("canary must be 5ms to 1s".to_owned());
        }
        if !(self.canary * 2..=Duration::from_secs(10)).contains(&self.trust) {
            problems.push("trust must be at least twice canary, and at most 10s".to_owned());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '/');
        if self.prefix.len() > 64 || !self.prefix.chars().all(plain) {
            problems.push("prefix must be up to 64 letters, digits and : - _ . /".to_owned());
        }
        problems
    }
}

fn url_problem(url: &SecretUrl) -> Option<String> {
    match url.scheme() {
        "redis" | "rediss" if url::Url::parse(url.expose()).is_ok_and(|url| url.has_host()) => None,
        "memcached" if is_plain(url.expose()) => None,
        "memcached" => Some(
            "url must be memcached://HOST or memcached://HOST:PORT: neither users nor TLS are supported"
                .to_owned(),
        ),
        "memory" if url.expose() == "memory://" => None,
        "redis+sentinel" | "rediss+sentinel" | "redis+cluster" | "rediss+cluster" => check_url(url.expose())
            .err()
            .map(|error| format!("url \"{url}\" cannot be used: {error}")),
        _ => Some(format!(
            "url must be redis://HOST…, redis+sentinel://HOST,HOST…/MASTER, redis+cluster://HOST,HOST…, the same with \
             rediss, memcached://HOST…, or memory://, not \"{url}\""
        )),
    }
}

/// Whether the URL names a host, a port at most, and nothing else.
fn is_plain(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| {
        url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
    })
}
