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
use super::keys::{KeySet, VerifyingKey};
use super::remembered::Remembered;
use super::{AuthError, AuthSettings, Setup};

/// Longer tokens are not looked at: real ones have some hundred bytes.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Checks JSON Web Tokens against the configured secret, JWKS or both.
pub struct JwtVerifier {
    secret: Option<VerifyingKey>,
    jwks: Option<Jwks>,
    expected: Expected,
    clock: Arc<dyn Clock>,
    remembered: Remembered,
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
            remembered: Remembered::default(),
        })
    }

    /// The claims and, where these were used, the public keys that they were checked with.
    async fn signed_claims(
        &self,
        token: &str,
        header: &Header,
    ) -> Result<(Claims, Option<Arc<KeySet>>), AccessError> {
        const NO_KEY: AccessError = AccessError::Invalid("no trusted key fits its algorithm and key id");
        if header.alg == Algorithm::HS256 {
            let claims = claims_signed_with(self.secret.as_ref().ok_or(NO_KEY)?, token)?;
            // The secret is the same for as long as the service runs.
            return Ok((claims, self.jwks.as_ref().and_then(Jwks::current)));
        }
        let keys = self.jwks.as_ref().ok_or(NO_KEY)?.keys_for(header).await?;
        let key = keys.find(header.kid.as_deref(), header.alg).ok_or(NO_KEY)?;
        Ok((claims_signed_with(key, token)?, Some(keys)))
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str) -> Result<Principal, AccessError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AccessError::Malformed);
        }
        let keys = self.jwks.as_ref().and_then(Jwks::current);
        if let Some(known) = self.remembered.find(token, &keys, self.clock.now()) {
            return known;
        }
        let header = decode_header(token).map_err(|_| AccessError::Malformed)?;
        if header.crit.is_some() {
            return Err(AccessError::Invalid(
                "its header demands an extension that is not known here",
            ));
        }
        let (claims, keys) = self.signed_claims(token, &header).await?;
        let (principal, validity) = claims.check(&self.expected, self.clock.now())?;
        self.remembered.add(token, keys, principal.clone(), validity);
        Ok(principal)
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
