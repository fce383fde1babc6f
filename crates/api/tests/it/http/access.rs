//! Who may do what: every protected operation of the document refuses those who may not, and no token gets by with a
//! claim that is wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, Backend, Instance, Operation, Trial, on_both, operations, run, text};

on_both!(
    every_protected_operation_refuses_strangers_and_the_under_scoped,
    publishing_along_the_way_takes_the_scope_of_publishing,
    the_caller_is_told_who_they_are,
    authorization_is_one_bearer_token,
);

const SCOPES: [&str; 5] = [
    "catalog:read",
    "catalog:write",
    "prices:write",
    "catalog:publish",
    "catalog:import",
];

/// The path with the examples of its parameters in place.
fn example_path(operation: &Operation) -> String {
    let parameters = operation.description["parameters"].as_array();
    let in_path = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "path");
    in_path.fold(operation.path.clone(), |path, parameter| {
        let example = parameter["example"].to_string();
        path.replace(
            &format!("{{{}}}", text(parameter, "/name")),
            example.trim_matches('"'),
        )
    })
}

async fn every_protected_operation_refuses_strangers_and_the_under_scoped(api: Api) {
    let open = [
        "GET /health/live",
        "GET /media/{sha256}",
        "GET /health/ready",
        "GET /metrics",
        "GET /problems/{code}",
        "GET /version",
        "GET /v1/store/{channel}/categories",
        "GET /v1/store/{channel}/categories/{ref}",
        "GET /v1/store/{channel}/products",
        "GET /v1/store/{channel}/products/{ref}",
        "GET /v1/store/{channel}/prices",
        "GET /v1/store/{channel}/products/{ref}/related",
        "POST /v1/store/{channel}/products/{ref}/views",
        "GET /v1/store/{channel}/trending",
        "GET /v1/store/{channel}/search",
        "POST /v1/store/{channel}/search",
        "GET /v1/store/{channel}/suggest",
    ];
    let mut trial = Trial::default();
    let mut exercised = 0;
    for operation in operations() {
        let Some(needed) = operation.scopes() else {
            trial.check(open.contains(&operation.name().as_str()), || {
                format!("{} needs no token", operation.name())
            });
            continue;
        };
        exercised += 1;
        let method: Method = operation.method.parse().unwrap();
        let path = example_path(operation);
        let call = || api.call(method.clone(), &path);

        let answer = call().anonymous().send().await;
        let challenged = answer
            .find("www-authenticate")
            .is_some_and(|c| c.starts_with("Bearer realm="));
        let refused = answer.status == 401 && answer.value()["code"] == "unauthenticated" && challenged;
        trial.check(refused, || format!("anonymous: {answer:?}"));

        for scope in &needed {
            let others: Vec<_> = SCOPES.into_iter().filter(|other| other != scope).collect();
            let token = api.instance.token(&others.join(","), "under-scoped").await;
            let answer = call().token(&token).send().await;
            let challenge = answer.find("www-authenticate").unwrap_or_default();
            let refused = answer.status == 403
                && answer.value()["code"] == "scope_missing"
                && answer.value()["requiredScope"] == *scope
                && challenge.contains("insufficient_scope")
                && challenge.contains(scope);
            trial.check(refused, || format!("with {others:?}: {answer:?}"));
        }
        let scopes = if needed.is_empty() {
            "prices:write".to_owned()
        } else {
            needed.join(",")
        };
        let token = api.instance.token(&scopes, "scoped").await;
        let answer = call().token(&token).send().await;
        trial.check(![401, 403].contains(&answer.status), || {
            format!("with {needed:?}: {answer:?}")
        });
    }
    trial.end();
    assert!(exercised > 20, "only {exercised} operations were found");
}

async fn publishing_along_the_way_takes_the_scope_of_publishing(api: Api) {
    let writer = api.instance.token("catalog:write", "writer").await;
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let body = json!({"name": "x"});
    let published = format!("{path}?publish=true");
    for call in [
        api.post("/v1/products?publish=true").json(&body),
        api.put(&published).json(&body),
        api.patch(&published).merge(&body),
    ] {
        let problem = call.token(&writer).send().await.problem(403, "scope_missing");
        assert_eq!(problem["requiredScope"], "catalog:publish");
    }
    assert_eq!(api.get(&path).send().await.value(), {
        let mut plain = product.clone();
        plain.as_object_mut().unwrap().remove("variants");
        plain
    });
    let both = api
        .instance
        .token("catalog:write,catalog:publish", "editor")
        .await;
    let patched = api
        .patch(&published)
        .merge(&body)
        .token(&both)
        .send()
        .await
        .is(200);
    assert_eq!(patched.value()["status"], "published");
    api.patch(&format!("{path}?publish=false"))
        .merge(&body)
        .token(&writer)
        .send()
        .await
        .is(200);
}

async fn the_caller_is_told_who_they_are(api: Api) {
    let token = api.instance.token("catalog:read,prices:write", "ann").await;
    let me = api.get("/v1/me").token(&token).send().await.is(200).value();
    assert_eq!(
        me,
        json!({"subject": "ann", "scopes": ["catalog:read", "prices:write"]})
    );
}

async fn authorization_is_one_bearer_token(api: Api) {
    let token = api.instance.token("catalog:read", "reader").await;
    let me = || api.get("/v1/me").anonymous();
    for good in [
        format!("Bearer {token}"),
        format!("bearer {token}"),
        format!("BEARER  {token}"),
    ] {
        me().header("authorization", &good).send().await.is(200);
    }
    for bad in [
        token.clone(),
        format!("Basic {token}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token} x"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {}", "x".repeat(7000)),
        "Bearer a.b.c".to_owned(),
    ] {
        let answer = me().header("authorization", &bad).send().await;
        answer.problem(401, "unauthenticated");
        assert!(answer.header("www-authenticate").starts_with("Bearer "));
    }
    let bearer = format!("Bearer {token}");
    let twice = me()
        .header("authorization", &bearer)
        .header("authorization", &bearer);
    twice.send().await.problem(401, "unauthenticated");
    // A token does not count where it does not belong.
    api.get(&format!("/v1/me?access_token={token}"))
        .anonymous()
        .send()
        .await
        .is(401);
}

const SECRET: &str = "a secret of this test, of more than thirty-two bytes";

#[expect(
    clippy::disallowed_methods,
    reason = "tokens are checked against the machine's clock"
)]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    encode(
        &Header::new(algorithm),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "catalog", "sub": "ann", "scope": "catalog:read",
        "nbf": now(), "exp": now() + 600,
    })
}

fn with(name: &str, value: &Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value.clone(),
    }
    claims
}

#[test]
fn a_token_with_any_claim_wrong_is_refused() {
    run(async {
        let settings = [
            ("VITRINE__AUTH__HS256_SECRET", SECRET),
            ("VITRINE__AUTH__ISSUER", "https://id.example"),
            ("VITRINE__AUTH__AUDIENCE", "catalog"),
        ];
        let api = Api::of(Instance::start(Backend::Embedded, &settings).await).await;
        let try_out = async |token: String| api.get("/v1/products").token(&token).send().await;
        let sign = |claims: &Value| signed(Algorithm::HS256, SECRET, claims);

        let good = [
            claims(),
            with("aud", &json!(["other", "catalog"])),
            with("nbf", &Value::Null),
            with("nbf", &json!(now() + 30)),
            with("exp", &json!(now() - 30)),
            with(
                "exp",
                &serde_json::from_str(&format!("{}.5", now() + 600)).unwrap(),
            ),
            with("scope", &json!("openid catalog:read email")),
            with("scope", &json!("catalog:admin")),
            with("unknown", &json!({"deep": [1]})),
        ];
        for claims in good {
            let answer = try_out(sign(&claims)).await;
            assert_eq!(answer.status, 200, "{claims}: {answer:?}");
        }

        let wrong = [
            ("iss", json!("https://evil.example")),
            ("iss", json!("https://id.example/")),
            ("iss", Value::Null),
            ("iss", json!(["https://id.example"])),
            ("aud", json!("other")),
            ("aud", json!([])),
            ("aud", Value::Null),
            ("sub", Value::Null),
            ("sub", json!("")),
            ("sub", json!(7)),
            ("exp", Value::Null),
            ("exp", json!("tomorrow")),
            ("nbf", json!(now() + 120)),
            ("nbf", json!("now")),
        ];
        for (name, value) in wrong {
            let answer = try_out(sign(&with(name, &value))).await;
            assert_eq!(
                answer.value()["code"],
                "unauthenticated",
                "{name} {value}: {answer:?}"
            );
            assert!(
                answer.header("www-authenticate").contains("invalid_token"),
                "{answer:?}"
            );
        }
        for expired in [now() - 120, 0] {
            let answer = try_out(sign(&with("exp", &json!(expired)))).await;
            answer.problem(401, "token_expired");
        }
        for none in [json!(""), json!("openid"), json!("CATALOG:READ"), Value::Null] {
            let answer = try_out(sign(&with("scope", &none))).await;
            answer.problem(403, "scope_missing");
        }

        let unsigned = |header: Value| {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.", part(&header), part(&claims()))
        };
        let good = sign(&claims());
        let (content, signature) = good.rsplit_once('.').unwrap();
        let (head, _) = content.split_once('.').unwrap();
        let admin = URL_SAFE_NO_PAD.encode(with("scope", &json!("catalog:admin")).to_string());
        for forged in [
            signed(
                Algorithm::HS256,
                "another secret of more than thirty-two bytes",
                &claims(),
            ),
            signed(Algorithm::HS512, SECRET, &claims()),
            unsigned(json!({"alg": "none", "typ": "JWT"})),
            unsigned(json!({"alg": "None"})),
            unsigned(json!({"alg": "HS256"})),
            format!("{content}."),
            content.to_owned(),
            format!("{head}.{admin}.{signature}"),
            format!("{good}x"),
            format!("{content}.{}", "A".repeat(signature.len())),
        ] {
            let answer = try_out(forged.clone()).await;
            assert_eq!(answer.value()["code"], "unauthenticated", "{forged}: {answer:?}");
        }
    });
}
