//! The token issuer, for installations without an identity provider.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use application::Clock;
use application::Ids;
use application::access::{AccessError, Principal, Scopes, TokenIssuer};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret;

use super::claims::IssuedClaims;
use super::{AuthError, AuthSettings, SELF, Setup};

/// Signs tokens with the configured secret or the service's own key.
pub struct JwtIssuer {
    key: EncodingKey,
    issuer: String,
    audience: String,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl JwtIssuer {
    /// Reads the secret, or makes the key file in `data_dir`; fails where only public keys are configured.
    pub fn open(
        settings: &AuthSettings,
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, AuthError> {
        let setup = Setup::resolve(settings, data_dir)?;
        let secret = setup.secret.ok_or(AuthError::NoSigningKey)?;
        Ok(Self {
            key: EncodingKey::from_secret(secret.expose_secret()),
            issuer: setup.issuer.unwrap_or_else(|| SELF.to_owned()),
            audience: setup.audience.unwrap_or_else(|| SELF.to_owned()),
            clock,
            ids,
        })
    }
}

impl TokenIssuer for JwtIssuer {
    fn issue(&self, subject: &str, scopes: Scopes, ttl: Duration) -> Result<String, AccessError> {
        // The verifier's rules for a subject, so that no token is made that would be refused.
        let principal = Principal::new(subject, scopes)?;
        let now = self.clock.now();
        let exp = TimeDelta::from_std(ttl)
            .ok()
            .and_then(|ttl| now.checked_add_signed(ttl))
            .ok_or(AccessError::Invalid("its lifetime is out of range"))?;
        let claims = IssuedClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: principal.subject(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: exp.timestamp(),
            jti: self.ids.next().to_string(),
            scope: scopes.to_string(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.key)
            .map_err(|error| AccessError::KeysUnavailable(error.to_string()))
    }
}
