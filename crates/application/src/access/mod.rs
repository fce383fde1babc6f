//! Who may do what: scopes, the principal who holds them, and the ports that read and make tokens.
//!
//! Invariant: a [`Principal`] comes from a [`TokenVerifier`] or is the program itself; holding one is proof of who asks.

mod error;
mod principal;
mod scope;

use std::time::Duration;

use async_trait::async_trait;

pub use error::AccessError;
pub use principal::Principal;
pub use scope::{Scope, Scopes, UnknownScope};

/// Turns a bearer token into the principal it speaks for.
///
/// - `verify` MUST return a principal only for a token whose signature was made with a key the operator trusts, with
///   the algorithm of that key; the token's own header MUST NOT choose the algorithm.
/// - It MUST refuse a token without an expiry, one that has expired ([`AccessError::Expired`]), one that is not yet
///   valid, and one for another issuer or audience when these are configured. `Expired` MUST mean that nothing else
///   is wrong with the token: a client answers it by fetching a new one.
/// - It MUST answer [`AccessError::KeysUnavailable`], never `Invalid`, when it cannot tell because it has no keys.
/// - Scopes it does not know MUST be ignored: identity providers issue tokens for several services.
/// - It MUST be safe to drop the future at any point.
#[async_trait]
pub trait TokenVerifier: Send + Sync + 'static {
    async fn verify(&self, token: &str) -> Result<Principal, AccessError>;
}

/// Makes bearer tokens that the service's own [`TokenVerifier`] accepts.
///
/// `issue` MUST return a token that is valid from now for `ttl` and grants `scopes` and nothing more.
pub trait TokenIssuer: Send + Sync + 'static {
    fn issue(&self, subject: &str, scopes: Scopes, ttl: Duration) -> Result<String, AccessError>;
}
