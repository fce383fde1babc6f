//! JSON Web Tokens: checking them, making them, and the keys for both.
//!
//! Invariant: the algorithm a token is checked with is that of the key, never that of the token. A shared secret comes
//! only from the settings or the key file and serves HS256; what a JWKS holds serves RS256, ES256 and `EdDSA`.

mod claims;
mod issuer;
mod jwks;
mod key_file;
mod keys;
mod remembered;
mod settings;
mod verifier;

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretSlice};

pub use issuer::JwtIssuer;
pub use jwks::RefreshPace;
pub use settings::AuthSettings;
pub use verifier::JwtVerifier;

use jwks::Source;

/// The issuer and audience of tokens that the service makes for itself.
const SELF: &str = "vitrine";

/// Why tokens can be neither checked nor made with these settings.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("auth settings: {0}")]
    Settings(String),
    #[error("key file {}: {source}", path.display())]
    KeyFile { path: PathBuf, source: std::io::Error },
    #[error(
        "key file {} can be read by others (mode {mode:03o}): run `chmod 600 {}`, or delete it to have a new key made if \
         someone may have read it",
        path.display(),
        path.display()
    )]
    KeyFileExposed { path: PathBuf, mode: u32 },
    #[error("key file {} does not hold a key of this service: delete it to have a new one made", path.display())]
    KeyFileForeign { path: PathBuf },
    #[error("JWKS {origin}: {reason}")]
    Jwks { origin: String, reason: String },
    #[error("only public keys (auth.jwks) are configured: tokens come from your identity provider")]
    NoSigningKey,
    #[error("http client: {0}")]
    Http(#[from] reqwest::Error),
}

/// The settings with every default decided.
struct Setup {
    secret: Option<SecretSlice<u8>>,
    jwks: Option<Source>,
    issuer: Option<String>,
    audience: Option<String>,
}

impl Setup {
    /// Makes the key file when neither a secret nor a JWKS is configured.
    fn resolve(settings: &AuthSettings, data_dir: &Path) -> Result<Self, AuthError> {
        let problems = settings.problems();
        if !problems.is_empty() {
            return Err(AuthError::Settings(problems.join("; ")));
        }
        let jwks = settings
            .jwks
            .as_deref()
            .map(Source::parse)
            .transpose()
            .map_err(AuthError::Settings)?;
        let configured = settings
            .hs256_secret
            .as_ref()
            .map(|secret| secret.expose_secret().as_bytes().to_vec().into());
        let (issuer, audience) = (settings.issuer.clone(), settings.audience.clone());
        if configured.is_some() || jwks.is_some() {
            return Ok(Self {
                secret: configured,
                jwks,
                issuer,
                audience,
            });
        }
        Ok(Self {
            secret: Some(key_file::load_or_create(&data_dir.join(key_file::NAME))?),
            jwks,
            issuer: issuer.or_else(|| Some(SELF.to_owned())),
            audience: audience.or_else(|| Some(SELF.to_owned())),
        })
    }
}
