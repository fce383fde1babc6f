//! What is accepted and what is refused, claim by claim and key by key.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use application::Clock;
use application::access::{AccessError, Principal, Scope, Scopes, TokenVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use infrastructure::access::{AuthSettings, JwtVerifier};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::support::{EAGER, NOW, SECRET, Stopped, TestKey, claims, hs256, jwks, settings, verifier};

async fn with_secret() -> JwtVerifier {
    verifier(&settings(None, Some(SECRET)), EAGER).await
}

fn code(outcome: &Result<Principal, AccessError>) -> &'static str {
    outcome.as_ref().map_or_else(AccessError::code, |_| "accepted")
}

#[tokio::test]
async fn each_claim_is_checked() {
    let verifier = with_secret().await;
    for (change, expected) in [
        (json!({}), "accepted"),
        (json!({ "exp": NOW - 59 }), "accepted"),
        (json!({ "exp": NOW - 60 }), "token_expired"),
        (json!({ "exp": 0 }), "token_expired"),
        (json!({ "exp": -1 }), "token_expired"),
        (json!({ "exp": NOW + 1, "nbf": null }), "accepted"),
        (json!({ "exp": 1_767_225_700.5 }), "accepted"),
        (json!({ "exp": null }), "unauthenticated"),
        (json!({ "exp": "1767226200" }), "unauthenticated"),
        (json!({ "nbf": NOW + 60 }), "accepted"),
        (json!({ "nbf": NOW + 61 }), "unauthenticated"),
        (json!({ "nbf": "soon" }), "unauthenticated"),
        (json!({ "iss": "https://other.example" }), "unauthenticated"),
        (json!({ "iss": ["https://id.example"] }), "unauthenticated"),
        (json!({ "iss": null }), "unauthenticated"),
        (json!({ "aud": "shop" }), "unauthenticated"),
        (json!({ "aud": ["shop", "catalog"] }), "accepted"),
        (json!({ "aud": [] }), "unauthenticated"),
        (json!({ "aud": null }), "unauthenticated"),
        (json!({ "sub": null }), "unauthenticated"),
        (json!({ "sub": "" }), "unauthenticated"),
        (json!({ "sub": "a\u{0}b" }), "unauthenticated"),
        (json!({ "sub": "x".repeat(256) }), "unauthenticated"),
        (json!({ "sub": 7 }), "unauthenticated"),
        // Something else being wrong, a fresh token would not help.
        (
            json!({ "exp": 0, "iss": "https://other.example" }),
            "unauthenticated",
        ),
        (json!({ "exp": 0, "aud": "shop" }), "unauthenticated"),
        (json!({ "exp": 0, "sub": null }), "unauthenticated"),
    ] {
        let outcome = verifier.verify(&hs256(SECRET, &claims(&change))).await;
        assert_eq!(code(&outcome), expected, "{change} {outcome:?}");
    }
}

#[tokio::test]
async fn a_token_that_was_good_is_good_within_its_time_only() {
    struct Moving(AtomicI64);
    impl Clock for Moving {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0.load(Ordering::Relaxed), 0).unwrap()
        }
    }
    let clock = Arc::new(Moving(AtomicI64::new(NOW)));
    let settings = settings(None, Some(SECRET));
    let verifier = JwtVerifier::open(&settings, Path::new("/nonexistent"), clock.clone()).await;
    let verifier = verifier.unwrap();
    let token = hs256(SECRET, &claims(&json!({ "nbf": NOW, "exp": NOW + 600 })));
    for (time, expected) in [
        (NOW, "accepted"),
        (NOW + 659, "accepted"),
        (NOW + 660, "token_expired"),
        (NOW - 60, "accepted"),
        (NOW - 61, "unauthenticated"),
        (NOW, "accepted"),
    ] {
        clock.0.store(time, Ordering::Relaxed);
        let outcome = verifier.verify(&token).await;
        assert_eq!(code(&outcome), expected, "{time} {outcome:?}");
        let (signed, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 32]));
        assert_eq!(code(&verifier.verify(&forged).await), "unauthenticated");
    }
}

#[tokio::test]
async fn scopes_come_from_scope_or_scp_and_unknown_ones_are_ignored() {
    let verifier = with_secret().await;
    for (change, expected) in [
        (json!({}), "catalog:read"),
        (
            json!({ "scope": "openid catalog:write  email prices:write" }),
            "catalog:write prices:write",
        ),
        (
            json!({ "scope": null, "scp": ["catalog:publish", "other"] }),
            "catalog:publish",
        ),
        (
            json!({ "scope": null, "scp": "catalog:import catalog:read" }),
            "catalog:read catalog:import",
        ),
        (json!({ "scope": null }), ""),
        (json!({ "scope": "" }), ""),
    ] {
        let principal = verifier.verify(&hs256(SECRET, &claims(&change))).await.unwrap();
        assert_eq!(principal.scopes().to_string(), expected, "{change}");
        assert_eq!(principal.subject(), "ann");
    }
}

#[tokio::test]
async fn without_issuer_and_audience_any_are_accepted() {
    let any = AuthSettings {
        hs256_secret: Some(SECRET.into()),
        ..AuthSettings::default()
    };
    let verifier = verifier(&any, EAGER).await;
    for change in [
        json!({}),
        json!({ "iss": null, "aud": null }),
        json!({ "aud": ["x", "y"] }),
    ] {
        let outcome = verifier.verify(&hs256(SECRET, &claims(&change))).await;
        assert_eq!(code(&outcome), "accepted", "{change} {outcome:?}");
    }
}

#[tokio::test]
async fn what_is_no_good_token_is_refused() {
    let verifier = with_secret().await;
    let good = hs256(SECRET, &claims(&json!({})));
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged = encode(&claims(&json!({ "scope": "catalog:admin" })));
    let none = encode(&json!({ "alg": "none", "typ": "JWT" }));
    let critical = Header {
        crit: Some(vec!["b64".to_owned()]),
        ..Header::new(Algorithm::HS256)
    };
    let critical = jsonwebtoken::encode(
        &critical,
        &claims(&json!({})),
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap();
    let hs512 = Header::new(Algorithm::HS512);
    let hs512 = jsonwebtoken::encode(
        &hs512,
        &claims(&json!({})),
        &EncodingKey::from_secret(SECRET.as_bytes()),
    )
    .unwrap();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "not a token".to_owned(),
        "🦀.🦀.🦀".to_owned(),
        parts[..2].join("."),
        format!("{}.{}.", parts[0], parts[1]),
        good[..good.len() - 4].to_owned(),
        format!("{good}."),
        format!("{good}.x"),
        format!("{}.{forged}.{}", parts[0], parts[2]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{forged}.{}", parts[2]),
        hs256(
            "another secret of more than thirty-two bytes",
            &claims(&json!({})),
        ),
        hs256(SECRET, &claims(&json!({ "padding": "x".repeat(9 << 10) }))),
        hs256(SECRET, &json!([1, 2, 3])),
        critical,
        hs512,
    ] {
        let outcome = verifier.verify(&token).await;
        assert_eq!(code(&outcome), "unauthenticated", "{token} {outcome:?}");
    }
    assert_eq!(code(&verifier.verify(&good).await), "accepted");
}

#[tokio::test]
async fn a_token_of_8_kib_is_the_longest_looked_at() {
    let verifier = with_secret().await;
    let sized = |padding: usize| hs256(SECRET, &claims(&json!({ "padding": "x".repeat(padding) })));
    let padding = (5_000..7_000)
        .rev()
        .find(|padding| sized(*padding).len() <= 8 << 10)
        .unwrap();
    assert_eq!(code(&verifier.verify(&sized(padding)).await), "accepted");
    assert_eq!(
        verifier.verify(&sized(padding + 3)).await,
        Err(AccessError::Malformed)
    );
}

#[tokio::test]
async fn every_kind_of_public_key_verifies_its_own_tokens_only() {
    let keys = [
        TestKey::new("rsa", Algorithm::RS256),
        TestKey::new("ec", Algorithm::ES256),
        TestKey::new("ed", Algorithm::EdDSA),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks(&keys.each_ref().map(TestKey::jwk))).unwrap();
    let verifier = verifier(&settings(file.to_str(), None), EAGER).await;
    let good = claims(&json!({}));
    for key in &keys {
        let algorithm = key.algorithm;
        assert_eq!(
            code(&verifier.verify(&key.token(&good)).await),
            "accepted",
            "{algorithm:?}"
        );
        // Only one key has this algorithm, so it is certain which key is meant.
        assert_eq!(
            code(&verifier.verify(&key.token_as(None, &good)).await),
            "accepted",
            "{algorithm:?}"
        );
        for kid in ["gone", "rsa", "ec", "ed"]
            .into_iter()
            .filter(|kid| *kid != key.kid)
        {
            assert_eq!(
                code(&verifier.verify(&key.token_as(Some(kid), &good)).await),
                "unauthenticated",
                "{algorithm:?} {kid}"
            );
        }
        let impostor = TestKey::new(key.kid, algorithm);
        assert_eq!(
            code(&verifier.verify(&impostor.token(&good)).await),
            "unauthenticated",
            "{algorithm:?}"
        );
        assert_eq!(
            code(&verifier.verify(&impostor.token_as(None, &good)).await),
            "unauthenticated",
            "{algorithm:?}"
        );
    }
}

#[tokio::test]
async fn without_a_key_id_two_keys_of_one_kind_leave_it_open() {
    let keys = [
        TestKey::new("a", Algorithm::EdDSA),
        TestKey::new("b", Algorithm::EdDSA),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks(&keys.each_ref().map(TestKey::jwk))).unwrap();
    let verifier = verifier(&settings(file.to_str(), None), EAGER).await;
    for key in &keys {
        assert_eq!(
            code(&verifier.verify(&key.token(&claims(&json!({})))).await),
            "accepted"
        );
        let anonymous = key.token_as(None, &claims(&json!({})));
        assert_eq!(code(&verifier.verify(&anonymous).await), "unauthenticated");
    }
}

/// The classic: the public key, known to all, used as an HMAC secret.
#[tokio::test]
async fn a_public_key_is_never_a_shared_secret() {
    let rsa = TestKey::new("rsa", Algorithm::RS256);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks(&[rsa.jwk()])).unwrap();
    let modulus = rsa.jwk()["n"].as_str().unwrap().to_owned();
    let known = [
        modulus.as_bytes().to_vec(),
        URL_SAFE_NO_PAD.decode(&modulus).unwrap(),
        rsa.jwk().to_string().into_bytes(),
    ];
    for secret in [None, Some(SECRET)] {
        let verifier = verifier(&settings(file.to_str(), secret), EAGER).await;
        for known in &known {
            for kid in [None, Some("rsa".to_owned())] {
                let header = Header {
                    kid,
                    ..Header::new(Algorithm::HS256)
                };
                let token =
                    jsonwebtoken::encode(&header, &claims(&json!({})), &EncodingKey::from_secret(known))
                        .unwrap();
                assert_eq!(code(&verifier.verify(&token).await), "unauthenticated");
            }
        }
        assert_eq!(
            code(&verifier.verify(&rsa.token(&claims(&json!({})))).await),
            "accepted"
        );
        let shared = code(&verifier.verify(&hs256(SECRET, &claims(&json!({})))).await);
        assert_eq!(
            shared,
            if secret.is_some() {
                "accepted"
            } else {
                "unauthenticated"
            }
        );
    }
}

#[tokio::test]
async fn unusable_keys_of_a_set_are_left_out() {
    let (good, encryption, other) = (
        TestKey::new("good", Algorithm::ES256),
        TestKey::new("enc", Algorithm::RS256),
        TestKey::new("rs512", Algorithm::RS256),
    );
    let with = |mut jwk: Value, name: &str, value: Value| {
        jwk[name] = value;
        jwk
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let symmetric =
        json!({ "kty": "oct", "kid": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(SECRET) });
    let unusable = [
        symmetric,
        with(encryption.jwk(), "use", json!("enc")),
        with(other.jwk(), "alg", json!("RS512")),
        json!({ "kty": "AKP", "kid": "future", "alg": "ML-DSA-44", "pub": "AAAA" }),
        json!("not even an object"),
    ];
    std::fs::write(&file, jwks(&[unusable.as_slice(), &[good.jwk()]].concat())).unwrap();
    let strict = verifier(&settings(file.to_str(), None), EAGER).await;
    assert_eq!(
        code(&strict.verify(&good.token(&claims(&json!({})))).await),
        "accepted"
    );
    for token in [
        hs256(SECRET, &claims(&json!({}))),
        encryption.token(&claims(&json!({}))),
        other.token(&claims(&json!({}))),
    ] {
        assert_eq!(code(&strict.verify(&token).await), "unauthenticated");
    }

    std::fs::write(&file, jwks(&unusable)).unwrap();
    let refused = JwtVerifier::open(
        &settings(file.to_str(), None),
        folder.path(),
        Arc::new(Stopped(NOW)),
    )
    .await;
    assert!(refused.err().unwrap().to_string().contains("none of its 5 keys"));
}

#[tokio::test]
async fn admin_scope_of_a_token_allows_everything() {
    let token = hs256(SECRET, &claims(&json!({ "scope": "catalog:admin" })));
    let principal = with_secret().await.verify(&token).await.unwrap();
    assert!(Scope::ALL.into_iter().all(|scope| principal.allows(scope)));
    assert_eq!(principal.scopes(), Scopes::from(Scope::CatalogAdmin));
}
