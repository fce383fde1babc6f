//! Draft, published, archived, deleted and back.

use serde_json::{Value, json};

use super::support::{Answer, Api, Trial, gtin, on_both, text, unique};

on_both!(
    every_move_is_made_or_refused,
    writes_can_publish,
    a_deleted_product_is_gone_and_its_names_are_free,
    a_restored_product_is_as_it_was,
    restoring_does_not_take_names_back_from_others,
    a_product_does_not_come_back_into_a_category_that_is_gone,
    archived_and_deleted_products_take_no_step_but_restore,
);

async fn act(api: &Api, product: &Value, action: &str) -> Answer {
    let path = format!("/v1/products/{}", text(product, "/id"));
    match action {
        "delete" => api.delete(&path).send().await,
        action => api.post(&format!("{path}/{action}")).send().await,
    }
}

async fn every_move_is_made_or_refused(api: Api) {
    // Whence, how, and whither; `None` is a refusal.
    let table = [
        ("draft", "publish", Some("published")),
        ("draft", "unpublish", Some("draft")),
        ("draft", "archive", Some("archived")),
        ("draft", "restore", None),
        ("published", "publish", Some("published")),
        ("published", "unpublish", Some("draft")),
        ("published", "archive", Some("archived")),
        ("published", "restore", None),
        ("archived", "publish", None),
        ("archived", "unpublish", None),
        ("archived", "archive", Some("archived")),
        ("archived", "restore", Some("draft")),
    ];
    let mut trial = Trial::default();
    for (from, action, to) in table {
        let product = api.product(json!({})).await;
        let prepared = match from {
            "published" => act(&api, &product, "publish").await.is(200).value(),
            "archived" => act(&api, &product, "archive").await.is(200).value(),
            _ => api
                .get(&format!("/v1/products/{}", text(&product, "/id")))
                .send()
                .await
                .value(),
        };
        let before = text(&prepared, "/status").to_owned();
        let answer = act(&api, &prepared, action).await;
        let stored = api
            .get(&format!("/v1/products/{}", text(&prepared, "/id")))
            .send()
            .await
            .value();
        let holds = match to {
            Some(to) => {
                let moved = i64::from(to != before);
                answer.status == 200
                    && answer.value()["status"] == to
                    && stored == answer.value()
                    && stored["version"].as_i64() == prepared["version"].as_i64().map(|v| v + moved)
            }
            None => answer.status == 409 && answer.value()["code"] == "state_conflict" && stored == prepared,
        };
        trial.check(before == from && holds, || {
            format!("{from} {action}: {answer:?}, stored {stored}")
        });
    }
    trial.end();
}

async fn writes_can_publish(api: Api) {
    let key = unique("pub");
    let path = format!("/v1/products/key:{key}");
    let body = json!({"key": key, "name": "Cup"});
    let created = api
        .post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
        .value();
    assert_eq!(created["status"], "published");
    assert_eq!(created["version"], 1);
    assert_eq!(created["publishedAt"], created["createdAt"]);

    act(&api, &created, "unpublish").await.is(200);
    let put = api
        .put(&format!("{path}?publish=true"))
        .json(&body)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(put["status"], "published");
    act(&api, &created, "unpublish").await.is(200);
    let patch = api
        .patch(&format!("{path}?publish=true"))
        .merge(&json!({"brand": "B"}))
        .send()
        .await;
    assert_eq!(patch.is(200).value()["status"], "published");

    act(&api, &created, "archive").await.is(200);
    let refused = api.put(&format!("{path}?publish=true")).json(&body).send().await;
    refused.problem(409, "state_conflict");
    for wrong in ["publish=yes", "publish=1", "publish=true&publish=true"] {
        let answer = api.put(&format!("{path}?{wrong}")).json(&body).send().await;
        answer.problem(400, "invalid_parameter");
    }
}

/// A product with a key, a slug and a variant with a key, SKU and GTIN.
fn named() -> Value {
    json!({
        "key": unique("k"), "name": "Named", "slug": unique("slug"),
        "variants": [{"sku": unique("SKU"), "key": unique("v"), "gtin": gtin()}],
    })
}

async fn a_deleted_product_is_gone_and_its_names_are_free(api: Api) {
    let body = named();
    let product = api.post("/v1/products").json(&body).send().await.is(201).value();
    let deleted = act(&api, &product, "delete").await.is(204);
    assert_eq!(deleted.body, b"");
    let (id, variant) = (text(&product, "/id"), text(&product, "/variants/0/id"));
    for path in [
        format!("/v1/products/{id}"),
        format!("/v1/products/key:{}", text(&body, "/key")),
        format!("/v1/products/slug:{}", text(&body, "/slug")),
        format!("/v1/products/{id}/variants"),
        format!("/v1/variants/{variant}"),
        format!("/v1/variants/sku:{}", text(&body, "/variants/0/sku")),
        format!("/v1/variants/gtin:{}", text(&body, "/variants/0/gtin")),
        format!("/v1/variants/key:{}", text(&body, "/variants/0/key")),
    ] {
        api.get(&path).send().await.problem(404, "resource_not_found");
    }
    act(&api, &product, "delete")
        .await
        .problem(404, "resource_not_found");
    let again = api.post("/v1/products").json(&body).send().await.is(201).value();
    assert_ne!(again["id"], product["id"]);
}

async fn a_restored_product_is_as_it_was(api: Api) {
    let product = api.product(named()).await;
    let path = format!("/v1/products/{}?expand=variants", text(&product, "/id"));
    let live = text(&act(&api, &product, "publish").await.is(200).value(), "/status").to_owned();
    act(&api, &product, "delete").await.is(204);
    let restored = act(&api, &product, "restore").await.is(200).value();
    assert_eq!(restored["status"], live);
    assert_eq!(restored["version"], 4);
    assert!(restored.get("deletedAt").is_none());
    let stored = api.get(&path).send().await.is(200).value();
    for field in ["key", "name", "slug", "tags", "metadata"] {
        assert_eq!(stored[field], product[field], "{field}");
    }
    for field in ["id", "key", "sku", "gtin"] {
        assert_eq!(
            stored["variants"][0][field], product["variants"][0][field],
            "{field}"
        );
    }
}

async fn restoring_does_not_take_names_back_from_others(api: Api) {
    for (code, pointer) in [
        ("duplicate_key", "/key"),
        ("duplicate_slug", "/slug"),
        ("duplicate_sku", "/variants/0/sku"),
        ("duplicate_gtin", "/variants/0/gtin"),
    ] {
        let body = named();
        let product = api.post("/v1/products").json(&body).send().await.is(201).value();
        act(&api, &product, "delete").await.is(204);
        let mut taker = named();
        *taker.pointer_mut(pointer).unwrap() = body.pointer(pointer).unwrap().clone();
        let taker = api.post("/v1/products").json(&taker).send().await.is(201).value();
        let owner = match code {
            "duplicate_key" | "duplicate_slug" => &taker["id"],
            _ => &taker["variants"][0]["id"],
        };
        let problem = act(&api, &product, "restore").await.problem(409, code);
        assert_eq!(problem["conflictingId"], *owner, "{problem}");
        // Once the other one is gone too, the way is free.
        act(&api, &taker, "delete").await.is(204);
        act(&api, &product, "restore").await.is(200);
    }
}

async fn a_product_does_not_come_back_into_a_category_that_is_gone(api: Api) {
    let category = api.category(json!({})).await;
    let product = api.product(json!({"categories": [category["id"]]})).await;
    let category = format!("/v1/categories/{}", text(&category, "/id"));
    act(&api, &product, "delete").await.is(204);
    api.delete(&category).send().await.is(204);
    act(&api, &product, "restore")
        .await
        .problem(409, "state_conflict");
    api.post(&format!("{category}/restore")).send().await.is(200);
    act(&api, &product, "restore").await.is(200);
}

async fn archived_and_deleted_products_take_no_step_but_restore(api: Api) {
    let product = api.product(json!({})).await;
    act(&api, &product, "delete").await.is(204);
    for action in ["publish", "unpublish", "archive"] {
        act(&api, &product, action)
            .await
            .problem(404, "resource_not_found");
    }
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let patch = api.patch(&path).merge(&json!({"brand": "B"})).send().await;
    patch.problem(404, "resource_not_found");
    let put = api.put(&path).json(&json!({"name": "x"})).send().await;
    put.problem(404, "resource_not_found");
    let variant = api
        .post(&format!("{path}/variants"))
        .json(&json!({"sku": unique("S")}))
        .send()
        .await;
    variant.problem(404, "resource_not_found");
    act(&api, &product, "restore").await.is(200);
    act(&api, &product, "restore")
        .await
        .problem(409, "state_conflict");
    let missing = json!({"id": "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"});
    for action in ["publish", "unpublish", "archive", "restore", "delete"] {
        act(&api, &missing, action)
            .await
            .problem(404, "resource_not_found");
    }
}
