//! The claims of a token and the rules they have to keep.

use application::access::{AccessError, Principal, Scope, Scopes};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How far clocks of issuer and service may be apart, in seconds.
const LEEWAY: f64 = 60.0;

/// What this service reads of a token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: Option<String>,
    iss: Option<String>,
    aud: Option<OneOrMany>,
    /// RFC 7519 allows fractions of a second.
    exp: Option<f64>,
    nbf: Option<f64>,
    /// RFC 8693: space-separated.
    scope: Option<OneOrMany>,
    /// What several identity providers send in place of `scope`.
    scp: Option<OneOrMany>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(value) => value == wanted,
            Self::Many(values) => values.iter().any(|value| value == wanted),
        }
    }

    fn scopes(&self) -> Scopes {
        let values = match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        };
        values
            .iter()
            .flat_map(|value| value.split_whitespace())
            .filter_map(|name| name.parse::<Scope>().ok())
            .collect()
    }
}

/// What the issuer and audience have to be; `None` accepts any.
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
}

/// When a token is valid, in Unix seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    nbf: Option<f64>,
    exp: f64,
}

impl Validity {
    pub(super) fn check(self, now: DateTime<Utc>) -> Result<(), AccessError> {
        let now = seconds(now);
        if self.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err(NOT_YET);
        }
        if now >= self.exp + LEEWAY {
            return Err(AccessError::Expired);
        }
        Ok(())
    }
}

const NOT_YET: AccessError = AccessError::Invalid("it is not valid yet");

#[expect(
    clippy::cast_precision_loss,
    reason = "whole seconds are exact for the next 285 million years"
)]
const fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp() as f64
}

impl Claims {
    /// The principal these claims speak for at the time `now`, if they speak for anyone, and when they do.
    pub(super) fn check(
        self,
        expected: &Expected,
        now: DateTime<Utc>,
    ) -> Result<(Principal, Validity), AccessError> {
        if expected.issuer.is_some() && expected.issuer != self.iss {
            return Err(AccessError::Invalid("it comes from another issuer"));
        }
        if let Some(audience) = &expected.audience
            && !self.aud.is_some_and(|aud| aud.contains(audience))
        {
            return Err(AccessError::Invalid("it is meant for another audience"));
        }
        if self.nbf.is_some_and(|nbf| nbf > seconds(now) + LEEWAY) {
            return Err(NOT_YET);
        }
        let exp = self.exp.ok_or(AccessError::Invalid("it has no expiry"))?;
        let subject = self.sub.ok_or(AccessError::Invalid("it names no subject"))?;
        let scopes = self
            .scope
            .or(self.scp)
            .map_or(Scopes::NONE, |names| names.scopes());
        let principal = Principal::new(subject, scopes)?;
        // Last, because `Expired` tells the client that a fresh token would do.
        let validity = Validity { nbf: self.nbf, exp };
        validity.check(now)?;
        Ok((principal, validity))
    }
}

/// What this service writes into a token.
#[derive(Debug, Serialize)]
pub(super) struct IssuedClaims<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: &'a str,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) jti: String,
    pub(super) scope: String,
}
