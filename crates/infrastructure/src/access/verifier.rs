//! The token verifier.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use application::Clock;
use application::access::{AccessError, Principal, TokenVerifier};
use async_trait::async_trait;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use secrecy::ExposeSecret;

use super::claims::{Claims, Expected};
use super::jwks::{Jwks, RefreshPace};
use super::keys::VerifyingKey;
use super::{AuthError, AuthSettings, Setup};

/// Longer tokens are not looked at: real ones have some hundred bytes.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Checks JSON Web Tokens against the configured secret, JWKS or both.
pub struct JwtVerifier {
    secret: Option<VerifyingKey>,
    jwks: Option<Jwks>,
    expected: Expected,
    clock: Arc<dyn Clock>,
}

impl JwtVerifier {
    /// Reads the keys, or makes the key file in `data_dir`. Has to be called within a Tokio runtime: public keys are
    /// fetched again in the background until the verifier is dropped.
    pub async fn open(
        settings: &AuthSettings,
        data_dir: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthError> {
        Self::open_with_pace(settings, data_dir, clock, RefreshPace::default()).await
    }

    /// [`JwtVerifier::open`] at another pace than the default.
    pub async fn open_with_pace(
        settings: &AuthSettings,
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        pace: RefreshPace,
    ) -> Result<Self, AuthError> {
        let Setup {
            secret,
            jwks,
            issuer,
            audience,
        } = Setup::resolve(settings, data_dir)?;
        let jwks = match jwks {
            Some(source) => Some(Jwks::open(source, pace).await?),
            None => None,
        };
        Ok(Self {
            secret: secret.map(|secret| VerifyingKey::from_secret(secret.expose_secret())),
            jwks,
            expected: Expected { issuer, audience },
            clock,
        })
    }

    async fn signed_claims(&self, token: &str, header: &Header) -> Result<Claims, AccessError> {
        const NO_KEY: AccessError = AccessError::Invalid("no trusted key fits its algorithm and key id");
        if header.alg == Algorithm::HS256 {
            return claims_signed_with(self.secret.as_ref().ok_or(NO_KEY)?, token);
        }
        let keys = self.jwks.as_ref().ok_or(NO_KEY)?.keys_for(header).await?;
        claims_signed_with(keys.find(header.kid.as_deref(), header.alg).ok_or(NO_KEY)?, token)
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str) -> Result<Principal, AccessError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AccessError::Malformed);
        }
        let header = decode_header(token).map_err(|_| AccessError::Malformed)?;
        if header.crit.is_some() {
            return Err(AccessError::Invalid(
                "its header demands an extension that is not known here",
            ));
        }
        self.signed_claims(token, &header)
            .await?
            .check(&self.expected, self.clock.now())
    }
}

fn claims_signed_with(key: &VerifyingKey, token: &str) -> Result<Claims, AccessError> {
    let mut validation = Validation::new(key.algorithm);
    // The library reads the machine's clock and lets some claims be absent: `Claims::check` has the rules.
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    decode(token, &key.key, &validation)
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => AccessError::Invalid("its signature does not match"),
            ErrorKind::InvalidAlgorithm => AccessError::Invalid("its algorithm is not that of the key"),
            ErrorKind::Json(_) => AccessError::Invalid("a claim has the wrong type"),
            _ => AccessError::Malformed,
        })
}
