//! `dryRun=true`: every check, nothing kept, and the answer shows what would be.

use serde_json::{Value, json};

use super::support::{Answer, Api, Call, on_both, text, unique};

on_both!(
    what_would_be_created_is_shown_and_not_kept,
    what_would_be_changed_is_shown_and_not_kept,
    conflicts_are_told_as_if_it_were_real,
    conditions_and_faults_are_told_as_if_it_were_real,
    what_would_change_is_told_as_a_patch,
    what_would_be_new_is_told_against_nothing,
    a_difference_takes_the_right_to_read,
);

fn bare(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    // Nothing was made that could have an address or a tag.
    assert_eq!((answer.find("location"), answer.find("etag")), (None, None));
    answer.value()
}

async fn what_would_be_created_is_shown_and_not_kept(api: Api) {
    let product = api.product(json!({})).await;
    let id = text(&product, "/id");
    let (key, sku) = (unique("dry"), unique("SKU"));
    let whole = json!({"key": key, "name": "Dry", "variants": [{"sku": sku}]});
    let variant = json!({"sku": sku, "key": key, "product": id});
    let creations = [
        (api.post("/v1/products?dryRun=true").json(&whole), "products"),
        (
            api.post("/v1/products?dryRun&publish=true").json(&whole),
            "products",
        ),
        (
            api.put(&format!("/v1/products/key:{key}?dryRun=true"))
                .json(&json!({"name": "Dry"})),
            "products",
        ),
        (
            api.post("/v1/categories?dryRun=true")
                .json(&json!({"key": key, "name": "Dry"})),
            "categories",
        ),
        (
            api.put(&format!("/v1/categories/key:{key}?dryRun=true"))
                .json(&json!({"name": "Dry"})),
            "categories",
        ),
        (
            api.post(&format!("/v1/products/{id}/variants?dryRun=true"))
                .json(&json!({"sku": sku, "key": key})),
            "variants",
        ),
        (
            api.put(&format!("/v1/variants/key:{key}?dryRun=true"))
                .json(&variant),
            "variants",
        ),
    ];
    for (call, kind) in creations {
        let shown = bare(&call.send().await);
        assert_eq!((&shown["key"], &shown["version"]), (&json!(key), &json!(1)));
        for path in [
            format!("/v1/{kind}/key:{key}"),
            format!("/v1/{kind}/{}", text(&shown, "/id")),
        ] {
            api.get(&path).send().await.problem(404, "resource_not_found");
        }
        api.get(&format!("/v1/variants/sku:{sku}"))
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    // All of it is still free.
    api.post("/v1/products").json(&whole).send().await.is(201);
}

async fn what_would_be_changed_is_shown_and_not_kept(api: Api) {
    let product = api.product(json!({})).await;
    let category = api.category(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let body = json!({"name": "New"});
    let sku = json!({"sku": variant["sku"], "mpn": "New"});
    for (kind, resource, body) in [
        ("products", product, &body),
        ("categories", category, &body),
        ("variants", variant, &sku),
    ] {
        let path = format!("/v1/{kind}/{}", text(&resource, "/id"));
        let before = api.get(&path).send().await.is(200);
        let dry = format!("{path}?dryRun=true");
        for call in [
            api.put(&dry).json(body),
            api.patch(&dry).merge(body),
            api.patch(&dry)
                .operations(&json!([{"op": "add", "path": "/metadata/a", "value": "b"}])),
        ] {
            let shown = bare(&call.send().await);
            assert_eq!((&shown["id"], &shown["version"]), (&resource["id"], &json!(2)));
        }
        let deleted = api.delete(&dry).send().await.is(204);
        assert_eq!(deleted.body, b"");
        if kind == "products" {
            for (action, status) in [
                ("publish", "published"),
                ("unpublish", "draft"),
                ("archive", "archived"),
            ] {
                let shown = bare(&api.post(&format!("{path}/{action}?dryRun=true")).send().await);
                assert_eq!(shown["status"], status);
            }
        }
        let after = api.get(&path).send().await.is(200);
        assert_eq!(after.body, before.body);
        assert_eq!(after.header("etag"), before.header("etag"));

        api.delete(&path).send().await.is(204);
        let shown = bare(&api.post(&format!("{path}/restore?dryRun=true")).send().await);
        assert!(shown.get("deletedAt").is_none());
        api.get(&path).send().await.problem(404, "resource_not_found");
        if kind == "products" {
            api.post(&format!("{path}/restore")).send().await.is(200);
        }
    }
}

async fn conflicts_are_told_as_if_it_were_real(api: Api) {
    let (key, slug, sku) = (unique("k"), unique("slug"), unique("SKU"));
    let taken = json!({"key": key, "slug": slug, "variants": [{"sku": sku, "key": key}]});
    let owner = api.product(taken).await;
    let parent = api.category(json!({"key": key, "slug": slug})).await;
    let child = api.category(json!({"parent": parent["id"]})).await;
    let id = text(&owner, "/id");
    let parent = format!("/v1/categories/{}", text(&parent, "/id"));
    let cases: Vec<(Call, &str)> = vec![
        (
            api.post("/v1/products?dryRun=true")
                .json(&json!({"name": "x", "key": key})),
            "duplicate_key",
        ),
        (
            api.post("/v1/products?dryRun=true")
                .json(&json!({"name": "x", "slug": slug})),
            "duplicate_slug",
        ),
        (
            api.post("/v1/products?dryRun=true")
                .json(&json!({"name": "x", "variants": [{"sku": sku}]})),
            "duplicate_sku",
        ),
        (
            api.post(&format!("/v1/products/{id}/variants?dryRun=true"))
                .json(&json!({"sku": sku})),
            "duplicate_",
        ),
        (
            api.post(&format!("/v1/products/{id}/variants?dryRun=true"))
                .json(&json!({"sku": unique("S")})),
            "duplicate_options",
        ),
        (
            api.post("/v1/categories?dryRun=true")
                .json(&json!({"name": "x", "key": key})),
            "duplicate_key",
        ),
        (
            api.post("/v1/categories?dryRun=true")
                .json(&json!({"name": "x", "slug": slug})),
            "duplicate_slug",
        ),
        (
            api.patch(&format!("{parent}?dryRun=true"))
                .merge(&json!({"parent": child["id"]})),
            "category_cycle",
        ),
        (api.delete(&format!("{parent}?dryRun=true")), "referenced"),
        (
            api.post(&format!("{parent}/restore?dryRun=true")),
            "state_conflict",
        ),
        (
            api.post(&format!("/v1/products/{id}/restore?dryRun=true")),
            "state_conflict",
        ),
    ];
    for (call, code) in cases {
        let answer = call.send().await;
        assert!(
            text(&answer.value(), "/code").starts_with(code),
            "{code}: {answer:?}"
        );
        assert_eq!(answer.status, 409);
    }
}

async fn conditions_and_faults_are_told_as_if_it_were_real(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}?dryRun=true", text(&product, "/id"));
    let stale = |call: Call| call.header("if-match", "\"5-m1\"").send();
    stale(api.patch(&path).merge(&json!({})))
        .await
        .problem(412, "version_conflict");
    stale(api.delete(&path)).await.problem(412, "version_conflict");
    let answer = api
        .put(&path)
        .json(&json!({"name": "x", "categories": ["key:none"]}))
        .send()
        .await;
    answer.has_faults(&[("/categories/0", "reference_not_found")]);
    let missing = "/v1/products/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64?dryRun=true";
    api.delete(missing)
        .send()
        .await
        .problem(404, "resource_not_found");
    let reader = api.instance.token("catalog:read", "reader").await;
    api.delete(&path)
        .token(&reader)
        .send()
        .await
        .problem(403, "scope_missing");
}

/// The operations of a difference.
fn operations(answer: &Answer) -> Vec<(String, String, Value)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json-patch+json");
    let operations = answer.value();
    let operation = |o: &Value| {
        (
            text(o, "/op").to_owned(),
            text(o, "/path").to_owned(),
            o["value"].clone(),
        )
    };
    operations.as_array().unwrap().iter().map(operation).collect()
}

async fn what_would_change_is_told_as_a_patch(api: Api) {
    let product = api
        .product(json!({"tags": ["a"], "metadata": {"x/y": "1"}}))
        .await;
    let category = api.category(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let replaced = |path: &str, value: Value| ("replace".to_owned(), path.to_owned(), value);
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let patch = json!({"brand": "B", "metadata": {"x/y": null, "z": "2"}});
    let answer = api
        .patch(&format!("{path}?dryRun=diff"))
        .merge(&patch)
        .send()
        .await;
    let mut found = operations(&answer);
    found.retain(|(_, path, _)| path != "/updatedAt");
    found.sort_by(|a, b| a.1.cmp(&b.1));
    let added = |path: &str, value: Value| ("add".to_owned(), path.to_owned(), value);
    assert_eq!(
        found,
        [
            added("/brand", json!("B")),
            ("remove".to_owned(), "/metadata/x~1y".to_owned(), Value::Null),
            added("/metadata/z", json!("2")),
            replaced("/version", json!(2)),
        ]
    );
    // Applied to what is stored it gives what the dry run shows.
    let dry = api
        .patch(&format!("{path}?dryRun=true"))
        .merge(&patch)
        .send()
        .await
        .is(200)
        .value();
    let mut stored = api.get(&path).send().await.is(200).value();
    assert_eq!(stored["version"], 1, "nothing was kept");
    let patch: json_patch::Patch = serde_json::from_value(answer.value()).unwrap();
    json_patch::patch(&mut stored, &patch).unwrap();
    for member in ["brand", "metadata", "version", "tags", "name"] {
        assert_eq!(stored[member], dry[member], "{member}");
    }

    let nothing = api
        .patch(&format!("{path}?dryRun=diff"))
        .merge(&json!({}))
        .send()
        .await;
    assert_eq!(operations(&nothing), []);
    let published = operations(&api.post(&format!("{path}/publish?dryRun=diff")).send().await);
    assert!(
        published.contains(&replaced("/status", json!("published"))),
        "{published:?}"
    );
    let category = format!("/v1/categories/{}", text(&category, "/id"));
    for call in [
        api.patch(&format!("{category}?dryRun=diff"))
            .merge(&json!({"position": 5})),
        api.post(&format!("{category}/move?dryRun=diff"))
            .json(&json!({"position": 5})),
    ] {
        let found = operations(&call.send().await);
        assert!(found.contains(&replaced("/position", json!(5))), "{found:?}");
    }
    let variant_path = format!("/v1/variants/{}?dryRun=diff", text(&variant, "/id"));
    let body = json!({"sku": variant["sku"], "mpn": "M"});
    let found = operations(&api.put(&variant_path).json(&body).send().await);
    assert!(found.contains(&added("/mpn", json!("M"))), "{found:?}");
    let deleted = api.delete(&format!("{path}?dryRun=diff")).send().await.is(204);
    assert_eq!(deleted.body, b"");
    api.get(&path).send().await.is(200);
}

async fn what_would_be_new_is_told_against_nothing(api: Api) {
    let product = api.product(json!({})).await;
    let key = unique("new");
    let variants = format!("/v1/products/{}/variants?dryRun=diff", text(&product, "/id"));
    for call in [
        api.post("/v1/products?dryRun=diff")
            .json(&json!({"name": "x", "key": key})),
        api.put(&format!("/v1/products/key:{key}?dryRun=diff"))
            .json(&json!({"name": "x"})),
        api.post(&variants).json(&json!({"sku": unique("S"), "key": key})),
    ] {
        let found = operations(&call.send().await);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].0, &*found[0].1), ("replace", ""));
        assert_eq!(found[0].2["key"], key.as_str());
    }
    let problem = api.post("/v1/products?dryRun=diff").json(&json!({})).send().await;
    problem.has_faults(&[("/name", "required")]);
    let odd = api
        .post("/v1/products?dryRun=perhaps")
        .json(&json!({"name": "x"}))
        .send()
        .await;
    assert_eq!(odd.problem(400, "invalid_parameter")["parameter"], "dryRun");
    let twice = api
        .post("/v1/products?dryRun=diff&dryRun=false")
        .json(&json!({"name": "x"}))
        .send()
        .await;
    twice.problem(400, "invalid_parameter");
}

async fn a_difference_takes_the_right_to_read(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}?dryRun=diff", text(&product, "/id"));
    let patch = |token: &str| api.patch(&path).token(token).merge(&json!({"brand": "B"})).send();
    let writer = api.instance.token("catalog:write", "writer").await;
    let refused = patch(&writer).await.problem(403, "scope_missing");
    assert_eq!(refused["requiredScope"], "catalog:read");
    let reader = api.instance.token("catalog:read", "reader").await;
    let refused = patch(&reader).await.problem(403, "scope_missing");
    assert_eq!(refused["requiredScope"], "catalog:write");
    api.patch(&path)
        .anonymous()
        .merge(&json!({}))
        .send()
        .await
        .problem(401, "unauthenticated");
    let both = api.instance.token("catalog:read,catalog:write", "both").await;
    assert!(!operations(&patch(&both).await).is_empty());
}
