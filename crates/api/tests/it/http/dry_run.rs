//! `dryRun=true`: every check, nothing kept, and the answer shows what would be.

use serde_json::{Value, json};

use super::support::{Answer, Api, Call, on_both, text, unique};

on_both!(
    what_would_be_created_is_shown_and_not_kept,
    what_would_be_changed_is_shown_and_not_kept,
    conflicts_are_told_as_if_it_were_real,
    conditions_and_faults_are_told_as_if_it_were_real,
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
