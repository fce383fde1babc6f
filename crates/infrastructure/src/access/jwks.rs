//! Public keys from a JWKS file or URL, kept in memory and fetched again as they change.
//!
//! Invariant: once keys were had they are never given up, only replaced; and however many tokens ask for keys nobody
//! has, the source is asked at most once per [`RefreshPace::at_most_every`].

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use application::access::AccessError;
use jsonwebtoken::Header;
use reqwest::{Client, Url};
use tokio::sync::{Mutex, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::AuthError;
use super::keys::KeySet;
use crate::settings::mask_url;

/// A token waits for a fetch when it names an unknown key, so this must stay well under a request's own time-out.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// A JWKS has a handful of keys; this keeps a wrong URL from filling the memory.
const MAX_BYTES: usize = 1 << 20;

/// How often keys are fetched.
#[derive(Clone, Copy, Debug)]
pub struct RefreshPace {
    /// In the background, while all is well.
    pub every: Duration,
    /// For tokens that name an unknown key, and in the background while there are no keys at all.
    pub at_most_every: Duration,
}

impl Default for RefreshPace {
    fn default() -> Self {
        Self {
            every: Duration::from_mins(5),
            at_most_every: Duration::from_secs(10),
        }
    }
}

/// Where the keys come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf),
    Url(Url),
}

impl Source {
    /// Anything with `://` is a URL and has to be http or https; the rest is a path.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("jwks must not be empty; leave it out".to_owned());
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Self::Url(url)),
            _ => Err(format!(
                "jwks must be a path or an http(s) URL, not {:?}",
                mask_url(text)
            )),
        }
    }

    async fn fetch(&self, client: &Client) -> Result<KeySet, String> {
        match self {
            Self::File(path) => {
                let json = tokio::fs::read(path).await.map_err(|error| error.to_string())?;
                KeySet::from_json(&json)
            }
            Self::Url(url) => {
                let json = download(client, url.clone()).await?;
                KeySet::from_json(&json)
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => f.write_str(&mask_url(url.as_str())),
        }
    }
}

async fn download(client: &Client, url: Url) -> Result<Vec<u8>, String> {
    // The URL may hold a password, and the caller names the source anyway.
    let text = |error: reqwest::Error| chain(&error.without_url());
    let mut response = client.get(url).send().await.map_err(text)?;
    if !response.status().is_success() {
        return Err(format!("answered {}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(text)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(format!("is larger than {MAX_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with its causes: reqwest's own text does not say why a request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The keys of one source. Dropping it ends the refreshing.
pub(super) struct Jwks {
    shared: Arc<Shared>,
    refresher: AbortHandle,
}

struct Shared {
    source: Source,
    client: Client,
    pace: RefreshPace,
    keys: watch::Sender<Option<Arc<KeySet>>>,
    /// Held while fetching, so that tokens which wait for the same key share one fetch.
    last_attempt: Mutex<Option<Instant>>,
}

impl Jwks {
    /// A file has to be there and good. A URL may be away: the service starts, and refuses tokens until it is back.
    pub(super) async fn open(source: Source, pace: RefreshPace) -> Result<Self, AuthError> {
        let client = Client::builder().timeout(FETCH_TIMEOUT).build()?;
        let keys = watch::Sender::new(None);
        let shared = Arc::new(Shared {
            source,
            client,
            pace,
            keys,
            last_attempt: Mutex::default(),
        });
        if let Err(reason) = shared.refresh().await
            && matches!(shared.source, Source::File(_))
        {
            return Err(AuthError::Jwks {
                origin: shared.source.to_string(),
                reason,
            });
        }
        let refresher = tokio::spawn(Arc::clone(&shared).keep_fresh()).abort_handle();
        Ok(Self { shared, refresher })
    }

    /// The keys that were fetched last.
    pub(super) fn current(&self) -> Option<Arc<KeySet>> {
        self.shared.current()
    }

    /// The keys to check a token with this header with: fetched anew where they lack the one that it names.
    pub(super) async fn keys_for(&self, header: &Header) -> Result<Arc<KeySet>, AccessError> {
        let known = |keys: &KeySet| header.kid.as_deref().is_none_or(|kid| keys.has(kid));
        if let Some(keys) = self.shared.current().filter(|keys| known(keys)) {
            return Ok(keys);
        }
        let outcome = self.shared.refresh().await;
        self.shared.current().ok_or_else(|| {
            AccessError::KeysUnavailable(
                outcome
                    .err()
                    .unwrap_or_else(|| "none were fetched yet".to_owned()),
            )
        })
    }
}

impl Drop for Jwks {
    fn drop(&mut self) {
        self.refresher.abort();
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.keys.borrow().clone()
    }

    /// Fetches, unless that was tried a moment ago.
    async fn refresh(&self) -> Result<(), String> {
        let mut last = self.last_attempt.lock().await;
        if last.is_some_and(|at| at.elapsed() < self.pace.at_most_every) {
            return Ok(());
        }
        let fetched = self.source.fetch(&self.client).await;
        *last = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                tracing::debug!(source = %self.source, keys = keys.len(), "JWKS fetched");
                self.keys.send_replace(Some(Arc::new(keys)));
                Ok(())
            }
            Err(reason) => {
                let kept = self.current().map_or(0, |keys| keys.len());
                tracing::warn!(source = %self.source, %reason, kept, "JWKS cannot be fetched");
                Err(reason)
            }
        }
    }

    async fn keep_fresh(self: Arc<Self>) {
        loop {
            let pause = if self.current().is_some() {
                self.pace.every
            } else {
                self.pace.at_most_every
            };
            tokio::time::sleep(pause).await;
            // The failure was logged where it happened, and the next round tries again.
            let _: Result<(), String> = self.refresh().await;
        }
    }
}
