//! The OpenAPI document itself: complete, consistent, and what the service serves.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Api, DOCUMENT, Trial, on_both, operations, text, unique, validator};

on_both!(the_document_is_served, every_operation_succeeds);

#[test]
fn the_committed_document_is_that_of_the_program() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/openapi.json");
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    assert!(
        committed == *DOCUMENT,
        "openapi/openapi.json has drifted: run `cargo xtask openapi`"
    );
}

#[test]
fn every_operation_is_described() {
    let mut trial = Trial::default();
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let (name, description) = (operation.name(), &operation.description);
        let has = |pointer: &str| {
            description
                .pointer(pointer)
                .and_then(Value::as_str)
                .is_some_and(|t| !t.is_empty())
        };
        trial.check(has("/summary"), || format!("{name} has no summary"));
        trial.check(has("/tags/0"), || format!("{name} has no tag"));
        trial.check(has("/operationId"), || format!("{name} has no operationId"));
        let id = description["operationId"].to_string();
        trial.check(ids.insert(id.clone()), || format!("{name}: {id} is not unique"));
        for parameter in description["parameters"].as_array().into_iter().flatten() {
            let documented = !parameter["description"].as_str().unwrap_or_default().is_empty();
            trial.check(documented, || format!("{name}: {parameter} has no description"));
            let needed = parameter["in"] != "path" || parameter.get("example").is_some();
            trial.check(needed, || format!("{name}: {parameter} has no example"));
        }
        let responses = description["responses"].as_object().unwrap();
        for (status, response) in responses {
            let documented = !response["description"].as_str().unwrap_or_default().is_empty();
            trial.check(documented, || format!("{name} {status} has no description"));
            if status.as_str() >= "400" && operation.path != "/health/ready" {
                let example = &response["content"]["application/problem+json"]["example"];
                trial.check(example["status"].as_u64() == status.parse().ok(), || {
                    format!("{name} {status} has no example")
                });
            }
        }
        let has_class = |class: char| responses.keys().any(|status| status.starts_with(class));
        trial.check(has_class('2') && has_class('5'), || {
            format!("{name} lists too few statuses")
        });
        trial.check(operation.scopes().is_none() || has_class('4'), || {
            format!("{name} lists no 4xx")
        });
        trial.check(!operation.codes().is_empty(), || format!("{name} lists no codes"));
    }
    trial.end();
}

/// What a schema's own examples make up, as tools show it; `None` where something has no example.
fn sample(schema: &Value) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).unwrap());
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts: Option<Vec<_>> = parts.iter().map(sample).collect();
        let members = parts?
            .into_iter()
            .filter_map(|part| part.as_object().cloned())
            .flatten();
        return Some(Value::Object(members.collect()));
    }
    let of_type =
        |name: &str| schema["type"] == name || schema["type"].as_array().is_some_and(|t| t[0] == name);
    if of_type("object") {
        let properties = schema["properties"].as_object()?.iter();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let needed = properties.filter(|(name, _)| required.contains(&json!(name)));
        return needed
            .map(|(name, property)| Some((name.clone(), sample(property)?)))
            .collect();
    }
    if of_type("array") {
        return Some(json!([sample(&schema["items"])?]));
    }
    if of_type("boolean") {
        return Some(json!(false));
    }
    match schema["format"].as_str() {
        Some("uuid") => Some(json!("0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")),
        Some("date-time") => Some(json!("2026-01-31T12:00:00.000000Z")),
        _ => None,
    }
}

#[test]
fn every_example_fits_its_schema() {
    let mut trial = Trial::default();
    let mut pairs: Vec<(String, Value, Value)> = Vec::new();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        examples(name, schema, &mut pairs);
    }
    for operation in operations() {
        let name = operation.name();
        for parameter in operation.description["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if let Some(example) = parameter.get("example") {
                pairs.push((
                    format!("{name} {}", parameter["name"]),
                    parameter["schema"].clone(),
                    example.clone(),
                ));
            }
        }
        let mut bodies = operation.description["responses"].as_object().unwrap().clone();
        bodies.insert("request".to_owned(), operation.description["requestBody"].clone());
        for (place, body) in bodies {
            for (content_type, content) in body["content"].as_object().into_iter().flatten() {
                let at = format!("{name} {place} {content_type}");
                if content_type.starts_with("text/plain") {
                    continue;
                }
                match content
                    .get("example")
                    .cloned()
                    .or_else(|| sample(&content["schema"]))
                {
                    Some(example) => pairs.push((at, content["schema"].clone(), example)),
                    None => trial.check(false, || format!("{at} has no example")),
                }
            }
        }
    }
    for (at, schema, example) in &pairs {
        let validator = validator(schema);
        let faults: Vec<_> = validator
            .iter_errors(example)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        trial.check(faults.is_empty(), || format!("{at}: {example}: {faults:?}"));
    }
    trial.end();
    assert!(pairs.len() > 100, "only {} examples were found", pairs.len());
}

/// Every schema below this one that has an example, with it.
fn examples(at: &str, schema: &Value, pairs: &mut Vec<(String, Value, Value)>) {
    match schema {
        Value::Object(members) => {
            if let Some(example) = members.get("example") {
                pairs.push((at.to_owned(), schema.clone(), example.clone()));
            }
            for (name, member) in members.iter().filter(|(name, _)| *name != "example") {
                examples(&format!("{at}/{name}"), member, pairs);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| examples(at, item, pairs)),
        _ => {}
    }
}

async fn the_document_is_served(api: Api) {
    let served = api.get("/openapi.json").anonymous().send().await.is(200).value();
    assert!(
        served == *DOCUMENT,
        "what is served differs from `vitrine openapi`"
    );
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(
        served["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
}

/// Imports a file by a job; tells which operations that took.
async fn run_a_job(api: &Api) -> [String; 4] {
    let record = json!({"resource": "product", "key": unique("imported"), "name": "Imported"});
    let import = api
        .post("/v1/imports?format=ndjson")
        .body("application/x-ndjson", format!("{record}\n{{}}\n"));
    let accepted = import.send().await.is(202);
    let job = accepted.header("location");
    let started = Instant::now();
    let ended = loop {
        let state = api.get(job).send().await.is(200).value();
        if state["status"] != "running" {
            break state;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{state}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(
        (&ended["counts"]["created"], &ended["counts"]["failed"]),
        (&json!(1), &json!(1)),
        "{ended}"
    );
    let errors = api.get(&format!("{job}/errors")).send().await.is(200).value();
    assert_eq!(errors["items"][0]["line"], 2);
    // It has ended already, which cancelling leaves as it is.
    let cancelled = api.post(&format!("{job}/cancel")).send().await.is(200).value();
    assert_eq!(cancelled, ended);
    [
        "POST /v1/imports",
        "GET /v1/jobs/{id}",
        "GET /v1/jobs/{id}/errors",
        "POST /v1/jobs/{id}/cancel",
    ]
    .map(str::to_owned)
}

/// Every operation on a kind of resource that is stored as a whole; `body` has no key.
async fn go_through_a_resource(api: &Api, kind: &str, mut body: Value) -> Vec<String> {
    let key = unique("whole");
    let one = format!("{kind}/key:{key}");
    api.put(&one).json(&body).send().await.is(201);
    api.delete(&one).send().await.is(204);
    api.post(&format!("{one}/restore")).send().await.is(200);
    api.patch(&one)
        .merge(&json!({"metadata": {"a": "b"}}))
        .send()
        .await
        .is(200);
    api.get(&one).send().await.is(200);
    api.get(kind).send().await.is(200);
    go_back(api, &one).await;
    body["key"] = json!(unique("whole"));
    api.post(kind).json(&body).send().await.is(201);
    vec![
        format!("GET {kind}/{{ref}}/history"),
        format!("GET {kind}/{{ref}}/history/{{version}}"),
        format!("GET {kind}/{{ref}}/diff"),
        format!("POST {kind}/{{ref}}/revert"),
        format!("PUT {kind}/{{ref}}"),
        format!("DELETE {kind}/{{ref}}"),
        format!("POST {kind}/{{ref}}/restore"),
        format!("PATCH {kind}/{{ref}}"),
        format!("GET {kind}/{{ref}}"),
        format!("GET {kind}"),
        format!("POST {kind}"),
    ]
}

/// Tells the past of a resource, and goes back to its first version.
async fn go_back(api: &Api, path: &str) {
    look_back(api, path).await;
    let revert = api.post(&format!("{path}/revert")).json(&json!({"version": 1}));
    revert.send().await.is(200);
}

async fn look_back(api: &Api, path: &str) {
    for address in ["history", "history/1", "diff?from=1&to=2"] {
        api.get(&format!("{path}/{address}")).send().await.is(200);
    }
}

/// Every operation on prices.
async fn price_something(api: &Api) -> [String; 13] {
    let product = api.product(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let body = json!({"priceList": "key:base", "variant": variant["id"], "currency": "EUR", "amount": "1"});
    let made = api.post("/v1/prices").json(&body).send().await.is(201).value();
    let one = format!("/v1/prices/{}", text(&made, "/id"));
    api.get("/v1/prices").send().await.is(200);
    api.get(&one).send().await.is(200);
    api.put(&one).json(&body).send().await.is(200);
    api.patch(&one)
        .merge(&json!({"amount": "2"}))
        .send()
        .await
        .is(200);
    go_back(api, &one).await;
    let question = json!({"lines": [{"variant": variant["id"]}], "currency": "EUR"});
    api.post("/v1/prices/resolve")
        .json(&question)
        .send()
        .await
        .is(200);
    let seen = format!("/v1/store/default/prices?skus={}", text(&variant, "/sku"));
    api.get(&seen).send().await.is(200);
    api.delete(&one).send().await.is(204);
    let lines = json!({"lines": [{"variant": variant["id"], "currency": "EUR", "amount": "1"}]});
    api.put("/v1/price-lists/key:base/prices")
        .json(&lines)
        .send()
        .await
        .is(200);
    [
        "GET /v1/prices",
        "POST /v1/prices",
        "GET /v1/prices/{id}",
        "PUT /v1/prices/{id}",
        "PATCH /v1/prices/{id}",
        "DELETE /v1/prices/{id}",
        "GET /v1/prices/{id}/history",
        "GET /v1/prices/{id}/history/{version}",
        "GET /v1/prices/{id}/diff",
        "POST /v1/prices/{id}/revert",
        "POST /v1/prices/resolve",
        "PUT /v1/price-lists/{ref}/prices",
        "GET /v1/store/{channel}/prices",
    ]
    .map(str::to_owned)
}

fn channel() -> Value {
    json!({"name": "Web", "locales": ["en"], "currencies": ["EUR"]})
}

/// Uploads a file, fetches it and deletes it; tells which operations that took.
async fn keep_a_file(api: &Api) -> [String; 9] {
    let pdf = format!("%PDF-1.7\n{}{}", unique("file"), rand::random::<u64>());
    let uploaded = api.post("/v1/media").body("application/pdf", pdf.clone());
    let uploaded = uploaded.send().await.is(201);
    let path = uploaded.header("location").to_owned();
    let url = text(&uploaded.value(), "/url").to_owned();
    api.get("/v1/media").send().await.is(200);
    api.get(&path).send().await.is(200);
    api.patch(&path)
        .merge(&json!({"alt": "A file"}))
        .send()
        .await
        .is(200);
    let served = api.get(&url).anonymous().send().await.is(200);
    assert_eq!(served.body, pdf.as_bytes());
    api.delete(&path).send().await.is(204);
    look_back(api, &path).await;
    [
        "PATCH /v1/media/{id}",
        "GET /v1/media/{id}/history",
        "GET /v1/media/{id}/history/{version}",
        "GET /v1/media/{id}/diff",
        "POST /v1/media",
        "GET /v1/media",
        "GET /v1/media/{id}",
        "GET /media/{sha256}",
        "DELETE /v1/media/{id}",
    ]
    .map(str::to_owned)
}

/// One request to every operation that does what it is there for.
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_operation_succeeds(api: Api) {
    let (key, sku) = (unique("all"), unique("SKU"));
    let body = json!({"key": key, "name": "All", "variants": [{"sku": sku, "key": key}]});
    let requests = [
        ("GET /health/live", "/health/live".to_owned(), None, 200),
        ("GET /health/ready", "/health/ready".to_owned(), None, 200),
        ("GET /version", "/version".to_owned(), None, 200),
        ("GET /metrics", "/metrics".to_owned(), None, 200),
        ("GET /problems/{code}", "/problems/internal".to_owned(), None, 200),
        ("GET /v1/me", "/v1/me".to_owned(), None, 200),
        ("GET /v1/admin/cache", "/v1/admin/cache".to_owned(), None, 200),
        (
            "POST /v1/admin/cache/purge",
            "/v1/admin/cache/purge".to_owned(),
            Some(json!({"scope": "shelf"})),
            204,
        ),
        (
            "POST /v1/categories",
            "/v1/categories".to_owned(),
            Some(json!({"key": key, "name": "All"})),
            201,
        ),
        ("GET /v1/categories", "/v1/categories".to_owned(), None, 200),
        (
            "GET /v1/categories/{ref}",
            format!("/v1/categories/key:{key}"),
            None,
            200,
        ),
        (
            "PUT /v1/categories/{ref}",
            format!("/v1/categories/key:{key}"),
            Some(json!({"name": "Every"})),
            200,
        ),
        (
            "PATCH /v1/categories/{ref}",
            format!("/v1/categories/key:{key}"),
            Some(json!({"position": 1})),
            200,
        ),
        (
            "POST /v1/categories/{ref}/move",
            format!("/v1/categories/key:{key}/move"),
            Some(json!({"parent": null, "position": 2})),
            200,
        ),
        (
            "GET /v1/categories/tree",
            "/v1/categories/tree".to_owned(),
            None,
            200,
        ),
        (
            "GET /v1/store/{channel}/categories",
            "/v1/store/default/categories".to_owned(),
            None,
            200,
        ),
        (
            "GET /v1/store/{channel}/categories/{ref}",
            format!("/v1/store/default/categories/key:{key}"),
            None,
            200,
        ),
        (
            "DELETE /v1/categories/{ref}",
            format!("/v1/categories/key:{key}"),
            None,
            204,
        ),
        (
            "POST /v1/categories/{ref}/restore",
            format!("/v1/categories/key:{key}/restore"),
            None,
            200,
        ),
        (
            "POST /v1/search/products",
            "/v1/search/products".to_owned(),
            Some(json!({"q": "all"})),
            200,
        ),
        (
            "GET /v1/search/suggest",
            "/v1/search/suggest?q=all".to_owned(),
            None,
            200,
        ),
        ("GET /v1/search/status", "/v1/search/status".to_owned(), None, 200),
        (
            "GET /v1/search/settings",
            "/v1/search/settings".to_owned(),
            None,
            200,
        ),
        (
            "PUT /v1/search/settings",
            "/v1/search/settings".to_owned(),
            Some(json!({"stopWords": {"en": ["the"]}})),
            200,
        ),
        (
            "PATCH /v1/search/settings",
            "/v1/search/settings".to_owned(),
            Some(json!({"typos": true})),
            200,
        ),
        (
            "GET /v1/search/synonyms",
            "/v1/search/synonyms".to_owned(),
            None,
            200,
        ),
        (
            "PUT /v1/search/synonyms",
            "/v1/search/synonyms".to_owned(),
            Some(json!({"synonyms": {}})),
            200,
        ),
        (
            "GET /v1/store/{channel}/search",
            "/v1/store/default/search?q=all".to_owned(),
            None,
            200,
        ),
        (
            "POST /v1/store/{channel}/search",
            "/v1/store/default/search".to_owned(),
            Some(json!({"q": "all"})),
            200,
        ),
        (
            "GET /v1/store/{channel}/suggest",
            "/v1/store/default/suggest?q=all".to_owned(),
            None,
            200,
        ),
        ("POST /v1/products", "/v1/products".to_owned(), Some(body), 201),
        ("GET /v1/products", "/v1/products".to_owned(), None, 200),
        (
            "GET /v1/products/{ref}",
            format!("/v1/products/key:{key}"),
            None,
            200,
        ),
        (
            "PUT /v1/products/{ref}",
            format!("/v1/products/key:{key}"),
            Some(json!({"name": "Every"})),
            200,
        ),
        (
            "PATCH /v1/products/{ref}",
            format!("/v1/products/key:{key}"),
            Some(json!({"brand": "B"})),
            200,
        ),
        (
            "POST /v1/products/{ref}/publish",
            format!("/v1/products/key:{key}/publish"),
            None,
            200,
        ),
        (
            "GET /v1/store/{channel}/products",
            "/v1/store/default/products".to_owned(),
            None,
            200,
        ),
        (
            "GET /v1/store/{channel}/products/{ref}",
            format!("/v1/store/default/products/key:{key}"),
            None,
            200,
        ),
        (
            "GET /v1/store/{channel}/products/{ref}/related",
            format!("/v1/store/default/products/key:{key}/related"),
            None,
            200,
        ),
        (
            "POST /v1/store/{channel}/products/{ref}/views",
            format!("/v1/store/default/products/key:{key}/views"),
            None,
            204,
        ),
        (
            "GET /v1/store/{channel}/trending",
            "/v1/store/default/trending".to_owned(),
            None,
            200,
        ),
        (
            "POST /v1/products/{ref}/discard-draft",
            format!("/v1/products/key:{key}/discard-draft"),
            None,
            200,
        ),
        (
            "POST /v1/products/{ref}/duplicate",
            format!("/v1/products/key:{key}/duplicate"),
            Some(json!({"skuSuffix": "-2"})),
            201,
        ),
        (
            "POST /v1/products/{ref}/unpublish",
            format!("/v1/products/key:{key}/unpublish"),
            None,
            200,
        ),
        (
            "GET /v1/products/{ref}/variants",
            format!("/v1/products/key:{key}/variants"),
            None,
            200,
        ),
        (
            "POST /v1/products/{ref}/variants/reorder",
            format!("/v1/products/key:{key}/variants/reorder"),
            Some(json!({"variants": [format!("sku:{sku}")]})),
            200,
        ),
        (
            "POST /v1/variants/lookup",
            "/v1/variants/lookup".to_owned(),
            Some(json!({"skus": [sku]})),
            200,
        ),
        (
            "GET /v1/variants/{ref}",
            format!("/v1/variants/sku:{sku}"),
            None,
            200,
        ),
        (
            "PUT /v1/variants/{ref}",
            format!("/v1/variants/key:{key}"),
            Some(json!({"sku": sku, "mpn": "1"})),
            200,
        ),
        (
            "PATCH /v1/variants/{ref}",
            format!("/v1/variants/key:{key}"),
            Some(json!({"mpn": null})),
            200,
        ),
        (
            "DELETE /v1/variants/{ref}",
            format!("/v1/variants/key:{key}"),
            None,
            204,
        ),
        (
            "POST /v1/products/{ref}/variants",
            format!("/v1/products/key:{key}/variants"),
            Some(json!({"sku": unique("SKU")})),
            201,
        ),
        (
            "GET /v1/products/{ref}/history",
            format!("/v1/products/key:{key}/history"),
            None,
            200,
        ),
        (
            "GET /v1/products/{ref}/history/{version}",
            format!("/v1/products/key:{key}/history/1"),
            None,
            200,
        ),
        (
            "GET /v1/products/{ref}/diff",
            format!("/v1/products/key:{key}/diff?from=1&to=2"),
            None,
            200,
        ),
        (
            "POST /v1/products/{ref}/revert",
            format!("/v1/products/key:{key}/revert"),
            Some(json!({"version": 1})),
            200,
        ),
        (
            "GET /v1/categories/{ref}/history",
            format!("/v1/categories/key:{key}/history"),
            None,
            200,
        ),
        (
            "GET /v1/categories/{ref}/history/{version}",
            format!("/v1/categories/key:{key}/history/1"),
            None,
            200,
        ),
        (
            "GET /v1/categories/{ref}/diff",
            format!("/v1/categories/key:{key}/diff?from=1&to=2"),
            None,
            200,
        ),
        (
            "POST /v1/categories/{ref}/revert",
            format!("/v1/categories/key:{key}/revert"),
            Some(json!({"version": 2})),
            200,
        ),
        (
            "POST /v1/products/{ref}/archive",
            format!("/v1/products/key:{key}/archive"),
            None,
            200,
        ),
        (
            "POST /v1/products/{ref}/restore",
            format!("/v1/products/key:{key}/restore"),
            None,
            200,
        ),
        (
            "DELETE /v1/products/{ref}",
            format!("/v1/products/key:{key}"),
            None,
            204,
        ),
    ];
    let mut done: BTreeSet<String> = BTreeSet::new();
    api.until_searchable().await;
    for (name, path, body, status) in requests {
        let method = name.split(' ').next().unwrap().parse().unwrap();
        let call = api.call(method, &path);
        let call = match body {
            Some(body) if name.starts_with("PATCH") => call.merge(&body),
            Some(body) => call.json(&body),
            None => call,
        };
        call.send().await.is(status);
        done.insert(name.to_owned());
    }
    // The variant that was deleted above is found by its id only.
    let owner = api.product(json!({})).await;
    let variant = api.variant(text(&owner, "/id"), json!({})).await;
    let path = format!("/v1/variants/{}", text(&variant, "/id"));
    api.delete(&path).send().await.is(204);
    api.post(&format!("{path}/restore")).send().await.is(200);
    done.insert("POST /v1/variants/{ref}/restore".to_owned());
    go_back(&api, &path).await;
    done.extend(
        [
            "GET /v1/variants/{ref}/history",
            "GET /v1/variants/{ref}/history/{version}",
            "GET /v1/variants/{ref}/diff",
            "POST /v1/variants/{ref}/revert",
        ]
        .map(str::to_owned),
    );

    let sized = api.product(json!({"optionAxes": ["size"]})).await;
    let path = format!("/v1/products/{}/variants/generate", text(&sized, "/id"));
    let body = json!({"skuTemplate": format!("{}-{{size}}", unique("GEN")), "axes": {"size": ["S"]}});
    api.post(&path).json(&body).send().await.is(200);
    done.insert("POST /v1/products/{ref}/variants/generate".to_owned());

    let batch = json!({"operations": [{"method": "DELETE", "path": format!("/v1/products/{}", text(&owner, "/id"))}]});
    api.post("/v1/batch").json(&batch).send().await.is(200);
    done.insert("POST /v1/batch".to_owned());
    done.extend(run_a_job(&api).await);
    done.extend(keep_a_file(&api).await);
    done.extend(price_something(&api).await);
    let list = json!({"name": "List"});
    for (kind, body) in [
        ("/v1/channels", channel()),
        ("/v1/price-lists", list),
        ("/v1/product-types", json!({"name": "All"})),
    ] {
        done.extend(go_through_a_resource(&api, kind, body).await);
    }

    let generic = "/v1/product-types/key:generic";
    api.get(&format!("{generic}/schema")).send().await.is(200);
    let check = api
        .post(&format!("{generic}/validate"))
        .json(&json!({"name": "All"}));
    check.send().await.is(200);
    done.insert("GET /v1/product-types/{ref}/schema".to_owned());
    done.insert("POST /v1/product-types/{ref}/validate".to_owned());

    let all: BTreeSet<_> = operations().iter().map(super::support::Operation::name).collect();
    let missing: Vec<_> = all.difference(&done).collect();
    assert!(missing.is_empty(), "no request to {missing:?}");
}
