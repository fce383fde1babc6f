//! Public keys by URL: rotation, and an endpoint that is away.

use std::time::Duration;

use application::access::{AccessError, TokenVerifier};
use infrastructure::access::{AuthError, JwtVerifier, RefreshPace};
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::support::{
    EAGER, JwksServer, NOW, Stopped, TestKey, claims, eventually, jwks, settings, verifier,
};

#[tokio::test]
async fn keys_come_from_a_url() {
    let keys =
        [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA].map(|algorithm| TestKey::new("k", algorithm));
    for key in &keys {
        let server = JwksServer::start(jwks(&[key.jwk()])).await;
        let verifier = verifier(&settings(Some(&server.url()), None), EAGER).await;
        assert!(verifier.verify(&key.token(&claims(&json!({})))).await.is_ok());
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn a_rotated_key_is_fetched_when_a_token_names_it() {
    let (old, new) = (
        TestKey::new("old", Algorithm::EdDSA),
        TestKey::new("new", Algorithm::EdDSA),
    );
    let server = JwksServer::start(jwks(&[old.jwk()])).await;
    let verifier = verifier(&settings(Some(&server.url()), None), EAGER).await;
    let (by_old, by_new) = (old.token(&claims(&json!({}))), new.token(&claims(&json!({}))));
    assert!(verifier.verify(&by_old).await.is_ok());
    assert!(matches!(
        verifier.verify(&by_new).await,
        Err(AccessError::Invalid(_))
    ));

    server.serve(jwks(&[old.jwk(), new.jwk()]));
    eventually(|| async { verifier.verify(&by_new).await.is_ok() }).await;
    assert!(verifier.verify(&by_old).await.is_ok());

    // Withdrawn keys stop counting with the next fetch.
    server.serve(jwks(&[new.jwk()]));
    let unknown = TestKey::new("unknown", Algorithm::EdDSA).token(&claims(&json!({})));
    eventually(|| async {
        verifier.verify(&unknown).await.is_err() && verifier.verify(&by_old).await.is_err()
    })
    .await;
    assert!(verifier.verify(&by_new).await.is_ok());
}

#[tokio::test]
async fn a_rotated_key_is_fetched_in_the_background() {
    let (old, new) = (
        TestKey::new("old", Algorithm::EdDSA),
        TestKey::new("new", Algorithm::EdDSA),
    );
    let server = JwksServer::start(jwks(&[old.jwk()])).await;
    let pace = RefreshPace {
        every: Duration::from_millis(20),
        at_most_every: Duration::from_millis(1),
    };
    let verifier = verifier(&settings(Some(&server.url()), None), pace).await;
    server.serve(jwks(&[new.jwk()]));
    // A token of the old key never asks for a fetch, so that only the background can withdraw it.
    eventually(|| async { verifier.verify(&old.token(&claims(&json!({})))).await.is_err() }).await;

    drop(verifier);
    let asked = server.requests();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(
        server.requests() <= asked + 1,
        "a dropped verifier went on fetching"
    );
}

#[tokio::test]
async fn unknown_key_ids_cannot_make_it_hammer_the_endpoint() {
    let key = TestKey::new("known", Algorithm::EdDSA);
    let server = JwksServer::start(jwks(&[key.jwk()])).await;
    let pace = RefreshPace {
        every: Duration::from_hours(1),
        at_most_every: Duration::from_hours(1),
    };
    let verifier = verifier(&settings(Some(&server.url()), None), pace).await;
    let strangers = (0..50).map(|n| key.token_as(Some(&format!("stranger-{n}")), &claims(&json!({}))));
    let outcomes = futures::future::join_all(strangers.map(|token| {
        let verifier = &verifier;
        async move { verifier.verify(&token).await }
    }))
    .await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(AccessError::Invalid(_))))
    );
    assert_eq!(server.requests(), 1);
    assert!(verifier.verify(&key.token(&claims(&json!({})))).await.is_ok());
}

#[tokio::test]
async fn old_keys_stay_while_the_endpoint_is_away_or_talks_nonsense() {
    let (key, next) = (
        TestKey::new("key", Algorithm::ES256),
        TestKey::new("next", Algorithm::ES256),
    );
    let server = JwksServer::start(jwks(&[key.jwk()])).await;
    let verifier = verifier(&settings(Some(&server.url()), None), EAGER).await;
    let (by_key, by_next) = (key.token(&claims(&json!({}))), next.token(&claims(&json!({}))));
    for nonsense in ["", "<html>", "{}", r#"{"keys":[]}"#, &" ".repeat((1 << 20) + 1)] {
        let before = server.requests();
        server.serve(nonsense.to_owned());
        eventually(|| async { verifier.verify(&by_next).await.is_err() && server.requests() > before }).await;
        assert!(verifier.verify(&by_key).await.is_ok());
    }
    // An error page is not believed, whatever it holds.
    let before = server.requests();
    server.fail(jwks(&[next.jwk()]));
    eventually(|| async { verifier.verify(&by_next).await.is_err() && server.requests() > before + 1 }).await;
    let address = server.address;
    server.stop().await;
    assert!(matches!(
        verifier.verify(&by_next).await,
        Err(AccessError::Invalid(_))
    ));
    assert!(verifier.verify(&by_key).await.is_ok());

    let _server = JwksServer::start_at(address, jwks(&[next.jwk()])).await;
    eventually(|| async { verifier.verify(&by_next).await.is_ok() }).await;
}

#[tokio::test]
async fn a_start_without_the_endpoint_answers_unavailable_until_it_is_there() {
    let key = TestKey::new("key", Algorithm::EdDSA);
    let server = JwksServer::start(String::new()).await;
    let (address, url) = (server.address, server.url());
    server.stop().await;
    let verifier = verifier(&settings(Some(&url), None), EAGER).await;
    let outcome = verifier.verify(&key.token(&claims(&json!({})))).await;
    assert_eq!(outcome.unwrap_err().code(), "unavailable");

    let _server = JwksServer::start_at(address, jwks(&[key.jwk()])).await;
    eventually(|| async { verifier.verify(&key.token(&claims(&json!({})))).await.is_ok() }).await;
}

#[tokio::test]
async fn a_file_has_to_be_there_and_good() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    for content in [None, Some("{"), Some(r#"{"keys":[]}"#)] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let settings = settings(file.to_str(), None);
        let opened = JwtVerifier::open(&settings, folder.path(), std::sync::Arc::new(Stopped(NOW))).await;
        let error = opened.err().unwrap();
        assert!(matches!(error, AuthError::Jwks { .. }), "{error}");
        assert!(error.to_string().contains("jwks.json"), "{error}");
    }
}
