//! What the settings of several adapters share: secrets that never print.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

/// What stands in the place of a secret wherever settings are printed.
pub const MASK: &str = "***";

/// Serializes a secret as [`MASK`].
#[expect(clippy::ref_option, reason = "serde hands a field over as it is")]
pub(crate) fn masked<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(MASK)
}

/// A URL that may carry a password: it prints and serializes without it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL with its password, for the driver that connects and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part before the first colon.
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    pub fn masked(&self) -> String {
        mask_url(&self.0)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.masked())
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

/// The text with the password of a URL, if it is one, replaced by [`MASK`].
pub fn mask_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        // Where the password of a broken URL begins and ends is anyone's guess.
        let suspicious = text.contains('@') || text.to_ascii_lowercase().contains("password");
        return if suspicious {
            MASK.to_owned()
        } else {
            text.to_owned()
        };
    };
    let in_query = url.query_pairs().any(|(key, _)| is_password(&key));
    if url.password().is_none() && !in_query {
        return text.to_owned();
    }
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if in_query {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(key, value)| {
                (
                    key.to_string(),
                    if is_password(&key) {
                        MASK.to_owned()
                    } else {
                        value.to_string()
                    },
                )
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.into()
}

fn is_password(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("password") || key.contains("token") || key.contains("secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked_wherever_a_url_can_hold_one() {
        for (url, masked) in [
            (
                "postgres://ann:hunter2@db/catalog",
                "postgres://ann:***@db/catalog",
            ),
            (
                "postgres://db/catalog?user=ann&password=hunter2",
                "postgres://db/catalog?user=ann&password=***",
            ),
            ("rediss://:hunter2@cache:6380/1", "rediss://:***@cache:6380/1"),
            ("postgres://ann:hunter2@[broken/catalog", "***"),
            ("sqlite://./data/vitrine.db", "sqlite://./data/vitrine.db"),
            ("memory://", "memory://"),
            ("./keys.json", "./keys.json"),
        ] {
            let secret = SecretUrl::new(url);
            assert_eq!(secret.to_string(), masked);
            assert!(!format!("{secret:?}").contains("hunter2"));
            assert_eq!(secret.expose(), url);
        }
    }
}
