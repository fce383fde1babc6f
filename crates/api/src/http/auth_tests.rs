#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use application::access::Scopes;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::*;

/// Reads the scopes off the token; the real verifier has tests of its own.
struct Scripted;

#[async_trait]
impl TokenVerifier for Scripted {
    async fn verify(&self, token: &str) -> Result<Principal, AccessError> {
        match token {
            "expired" => Err(AccessError::Expired),
            "away" => Err(AccessError::KeysUnavailable(
                "secret-host.internal refused".to_owned(),
            )),
            "" | "garbage" => Err(AccessError::Malformed),
            "forged" => Err(AccessError::Invalid("its signature does not match")),
            scopes => Principal::new(
                "ann",
                scopes
                    .split('+')
                    .map(|name| name.parse::<Scope>().unwrap())
                    .collect(),
            ),
        }
    }
}

fn router() -> Router {
    async fn subject<S: RequiredScope>(authorized: Authorized<S>) -> String {
        authorized.principal.subject().to_owned()
    }
    Router::new()
        .route("/catalog:read", get(subject::<CatalogRead>))
        .route("/catalog:write", get(subject::<CatalogWrite>))
        .route("/catalog:publish", get(subject::<CatalogPublish>))
        .route("/catalog:import", get(subject::<CatalogImport>))
        .with_state(Arc::new(Scripted) as Arc<dyn TokenVerifier>)
}

struct Answer {
    status: u16,
    challenge: Option<String>,
    body: Value,
    retry_after: Option<String>,
}

async fn ask(path: &str, authorization: &[&str]) -> Answer {
    let mut request = Request::get(path);
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    let response = router()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let header = |name| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let (status, challenge, retry_after) = (
        response.status().as_u16(),
        header(WWW_AUTHENTICATE),
        header(RETRY_AFTER),
    );
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        challenge,
        body,
        retry_after,
    }
}

#[tokio::test]
async fn each_scope_opens_its_own_door_and_admin_opens_all() {
    let asked_for = [
        Scope::CatalogRead,
        Scope::CatalogWrite,
        Scope::CatalogPublish,
        Scope::CatalogImport,
    ];
    for asked in asked_for {
        for held in Scope::ALL {
            let answer = ask(&format!("/{asked}"), &[&format!("Bearer {held}")]).await;
            if held == asked || held == Scope::CatalogAdmin {
                assert_eq!(
                    (answer.status, answer.body),
                    (200, "ann".into()),
                    "{held} {asked}"
                );
                continue;
            }
            assert_eq!(answer.status, 403, "{held} {asked}");
            assert_eq!(answer.body["code"], "scope_missing");
            assert_eq!(answer.body["requiredScope"], asked.as_str());
            let challenge =
                format!("Bearer realm=\"vitrine\", error=\"insufficient_scope\", scope=\"{asked}\"");
            assert_eq!(answer.challenge, Some(challenge));
        }
    }
    assert_eq!(
        Scopes::from(Scope::CatalogRead).to_string(),
        CatalogRead::SCOPE.unwrap().as_str()
    );
}

#[tokio::test]
async fn without_a_token_the_answer_says_how_to_ask() {
    for authorization in [
        [].as_slice(),
        &["Basic YTpi"],
        &["Bearer"],
        &["catalog:read"],
        &[""],
        &["Bearer catalog:read", "Bearer catalog:admin"],
    ] {
        let answer = ask("/catalog:read", authorization).await;
        assert_eq!(answer.status, 401, "{authorization:?}");
        assert_eq!(answer.body["code"], "unauthenticated", "{authorization:?}");
        assert_eq!(
            answer.challenge.as_deref(),
            Some("Bearer realm=\"vitrine\""),
            "{authorization:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_token_is_told_apart_from_an_expired_one() {
    for (token, code) in [
        ("garbage", "unauthenticated"),
        ("", "unauthenticated"),
        ("forged", "unauthenticated"),
        ("expired", "token_expired"),
    ] {
        let answer = ask("/catalog:read", &[&format!("Bearer {token}")]).await;
        assert_eq!(answer.status, 401, "{token}");
        assert_eq!(answer.body["code"], code, "{token}");
        let challenge = answer.challenge.unwrap();
        assert!(
            challenge.starts_with("Bearer realm=\"vitrine\", error=\"invalid_token\""),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn keys_that_are_away_are_not_the_fault_of_the_client() {
    let answer = ask("/catalog:read", &["Bearer away"]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["code"], "unavailable");
    assert!(answer.retry_after.is_some());
    assert!(answer.challenge.is_none());
    assert!(
        !answer.body.to_string().contains("secret-host"),
        "internal text left the service"
    );
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(
            ask("/catalog:read", &[&format!("{scheme} catalog:read")])
                .await
                .status,
            200
        );
    }
}
