//! Tokens that the service makes for itself.

use std::sync::Arc;
use std::time::Duration;

use application::access::{AccessError, Scope, Scopes, TokenIssuer, TokenVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use infrastructure::access::{AuthError, AuthSettings, JwtIssuer};
use infrastructure::system::UuidV7;
use serde_json::Value;

use super::support::{EAGER, NOW, SECRET, Stopped, settings, verifier};

fn issuer(settings: &AuthSettings) -> Result<JwtIssuer, AuthError> {
    let nowhere = std::path::Path::new("/nonexistent");
    JwtIssuer::open(settings, nowhere, Arc::new(Stopped(NOW)), Arc::new(UuidV7))
}

fn claims_of(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn its_tokens_say_everything_and_are_accepted() {
    let settings = settings(None, Some(SECRET));
    let issuer = issuer(&settings).unwrap();
    let scopes: Scopes = [Scope::CatalogRead, Scope::CatalogImport].into_iter().collect();
    let token = issuer.issue("ann", scopes, Duration::from_secs(90)).unwrap();
    let claims = claims_of(&token);
    for (name, value) in [
        ("iss", Value::from("https://id.example")),
        ("aud", "catalog".into()),
        ("sub", "ann".into()),
        ("iat", NOW.into()),
        ("nbf", NOW.into()),
        ("exp", (NOW + 90).into()),
        ("scope", "catalog:read catalog:import".into()),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_ne!(
        claims["jti"],
        claims_of(&issuer.issue("ann", scopes, Duration::from_secs(90)).unwrap())["jti"]
    );

    let principal = verifier(&settings, EAGER).await.verify(&token).await.unwrap();
    assert_eq!((principal.subject(), principal.scopes()), ("ann", scopes));
}

#[test]
fn no_token_is_made_that_would_be_refused() {
    let issuer = issuer(&settings(None, Some(SECRET))).unwrap();
    for subject in ["", "a\nb", &"x".repeat(256)] {
        let outcome = issuer.issue(subject, Scopes::NONE, Duration::from_mins(1));
        assert!(matches!(outcome, Err(AccessError::Invalid(_))), "{subject:?}");
    }
    assert!(issuer.issue("ann", Scopes::NONE, Duration::MAX).is_err());
}

#[test]
fn with_public_keys_only_tokens_come_from_elsewhere() {
    let error = issuer(&settings(Some("https://id.example/jwks"), None))
        .err()
        .unwrap();
    assert!(matches!(error, AuthError::NoSigningKey));
    assert!(error.to_string().contains("identity provider"));
}

#[test]
fn a_short_secret_is_refused_and_never_shown() {
    for secret in ["", "hunter2", &"x".repeat(31)] {
        let settings = settings(None, Some(secret));
        let error = issuer(&settings).err().unwrap().to_string();
        assert!(
            error.contains("hs256_secret must be at least 32 bytes"),
            "{error}"
        );
        assert!(!error.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    }
    assert!(issuer(&settings(None, Some(&"x".repeat(32)))).is_ok());
}

#[test]
fn a_jwks_that_is_neither_path_nor_web_address_is_refused() {
    for jwks in ["", "ftp://id.example/jwks", "http://"] {
        let problems = settings(Some(jwks), None).problems();
        assert!(
            problems.iter().any(|problem| problem.starts_with("jwks must")),
            "{jwks:?} {problems:?}"
        );
    }
}
