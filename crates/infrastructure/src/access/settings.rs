//! Whom to trust: the section `auth`.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::jwks::Source;
use crate::settings::masked;

/// RFC 7518 asks for a key at least as long as the hash: 32 bytes for HS256.
const MIN_SECRET_BYTES: usize = 32;

/// With neither `jwks` nor `hs256_secret` a random key is made in the data folder.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Path or http(s) URL of a JSON Web Key Set with RS256, ES256 or `EdDSA` public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Shared secret for HS256, at least 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    pub hs256_secret: Option<SecretString>,
    /// The only `iss` to accept; absent accepts any, or `vitrine` when the service's own key is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What `aud` must contain; absent accepts any, or `vitrine` when the service's own key is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

impl AuthSettings {
    /// What is wrong, one line to a fault, each beginning with its key. Never quotes the secret.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(secret) = &self.hs256_secret {
            let length = secret.expose_secret().len();
            if length < MIN_SECRET_BYTES {
                problems.push(format!(
                    "hs256_secret must be at least {MIN_SECRET_BYTES} bytes, not {length}"
                ));
            }
        }
        if let Some(Err(problem)) = self.jwks.as_deref().map(Source::parse) {
            problems.push(problem);
        }
        for (key, value) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            if value.as_ref().is_some_and(String::is_empty) {
                problems.push(format!("{key} must not be empty; leave it out to accept any"));
            }
        }
        problems
    }
}
