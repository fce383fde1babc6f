//! Products that are deleted for good.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    nothing_is_left_of_what_is_erased,
    its_names_are_free_at_once,
    erasing_is_for_administrators,
    erasing_is_a_write_like_all,
    what_others_name_stays,
    a_batch_erases_all_or_nothing,
);

/// A published product with a variant, a price in a list, and several versions; its path and body.
async fn sold(api: &Api, more: Value) -> (String, Value) {
    let sku = unique("SKU");
    let mut body = json!({"name": unique("Erased"), "variants": [
        {"sku": sku, "key": sku, "prices": [{"amount": "3", "currency": "EUR"}]},
    ]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = api
        .post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201);
    let path = made.header("location").to_owned();
    api.patch(&path)
        .merge(&json!({"slug": {"en": unique("moved")}}))
        .send()
        .await
        .is(200);
    api.post(&format!("{path}/publish")).send().await.is(200);
    (path, made.value())
}

async fn nothing_is_left_of_what_is_erased(api: Api) {
    for deleted_first in [false, true] {
        let (brand, tag) = (unique("Brand"), unique("tag"));
        let category = api.category(json!({})).await;
        let (path, made) = sold(
            &api,
            json!({"brand": brand, "tags": [tag], "categories": [category["id"]]}),
        )
        .await;
        let variant = format!("/v1/variants/{}", text(&made, "/variants/0/id"));
        let price = json!({"priceList": "key:base", "variant": made["variants"][0]["id"],
            "currency": "EUR", "amount": "1"});
        let price = api.post("/v1/prices").json(&price).send().await.is(201);
        let price = price.header("location").to_owned();
        let then = text(&made, "/updatedAt").to_owned();
        if deleted_first {
            api.delete(&path).send().await.is(204);
        }
        api.delete(&format!("{path}?permanent=true")).send().await.is(204);

        let (id, slug) = (text(&made, "/id"), text(&made, "/slug/en"));
        for gone in [
            path.clone(),
            format!("{path}?asOf={then}"),
            format!("{path}/history"),
            format!("{path}/history/1"),
            format!("{path}/diff?from=1&to=2"),
            format!("{path}/variants"),
            variant.clone(),
            format!("{variant}?asOf={then}"),
            format!("{variant}/history"),
            price.clone(),
            format!("{price}?asOf={then}"),
            format!("{price}/history"),
            format!("/v1/store/default/products/{id}"),
            format!("/v1/store/default/products/{slug}"),
        ] {
            api.get(&gone).send().await.problem(404, "resource_not_found");
        }
        for action in ["restore", "publish"] {
            api.post(&format!("{path}/{action}"))
                .send()
                .await
                .problem(404, "resource_not_found");
        }
        api.delete(&format!("{path}?permanent=true"))
            .send()
            .await
            .problem(404, "resource_not_found");
        for list in [
            format!("/v1/products?brand={brand}"),
            format!("/v1/products?brand={brand}&deleted=true"),
            format!("/v1/products?tag={tag}"),
            format!("/v1/store/default/products?brand={brand}"),
        ] {
            let listed = api.get(&list).send().await.is(200).value();
            assert_eq!(listed["items"], json!([]), "{list}");
        }
        // Nothing of it stands in the category's way.
        api.delete(&format!("/v1/categories/{}", text(&category, "/id")))
            .send()
            .await
            .is(204);
    }
}

async fn its_names_are_free_at_once(api: Api) {
    let key = unique("again");
    let slug = unique("again-slug");
    let body =
        json!({"name": "Again", "key": key, "slug": {"en": slug}, "variants": [{"sku": key, "key": key}]});
    let create = async || {
        let made = api.post("/v1/products?publish=true").json(&body);
        made.send().await.is(201).value()
    };
    let first = create().await;
    api.delete(&format!("/v1/products/key:{key}?permanent=true"))
        .send()
        .await
        .is(204);
    let second = create().await;
    assert_ne!(first["id"], second["id"]);
    let history = api
        .get(&format!("/v1/products/key:{key}/history"))
        .send()
        .await
        .is(200);
    assert_eq!(history.value()["items"].as_array().unwrap().len(), 1);
    let seen = api
        .get(&format!("/v1/store/default/products/{slug}"))
        .send()
        .await
        .is(200);
    assert_eq!(seen.value()["id"], second["id"]);
}

async fn erasing_is_for_administrators(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let writer = api
        .instance
        .token("catalog:write catalog:publish", "writer")
        .await;
    for query in ["?permanent=true", "?permanent=true&dryRun=true"] {
        let refused = api.delete(&format!("{path}{query}")).token(&writer).send().await;
        assert_eq!(
            refused.problem(403, "scope_missing")["requiredScope"],
            "catalog:admin"
        );
    }
    api.get(&path).send().await.is(200);
    for wrong in ["permanent=yes", "permanent=1", "permanent=true&permanent=true"] {
        let problem = api.delete(&format!("{path}?{wrong}")).send().await;
        assert_eq!(
            problem.problem(400, "invalid_parameter")["parameter"],
            "permanent"
        );
    }
    // Without it a writer deletes as before.
    api.delete(&format!("{path}?permanent=false"))
        .token(&writer)
        .send()
        .await
        .is(204);
    api.post(&format!("{path}/restore")).send().await.is(200);
}

async fn erasing_is_a_write_like_all(api: Api) {
    let made = api.post("/v1/products").json(&json!({"name": unique("Erased")}));
    let made = made.send().await.is(201);
    let path = made.header("location").to_owned();
    let erase = format!("{path}?permanent=true");
    api.delete(&format!("{erase}&dryRun=true")).send().await.is(204);
    api.get(&path).send().await.is(200);
    let stale = api.delete(&erase).header("If-Match", "\"7-m2\"");
    assert_eq!(
        stale.send().await.problem(412, "version_conflict")["currentVersion"],
        1
    );
    let key = unique("erase");
    let erase = || {
        let call = api.delete(&erase).header("If-Match", made.header("etag"));
        call.header("Idempotency-Key", &key)
    };
    assert_eq!(erase().send().await.is(204).find("idempotency-replayed"), None);
    let again = erase().send().await.is(204);
    assert_eq!(again.header("idempotency-replayed"), "true");
}

async fn what_others_name_stays(api: Api) {
    let (path, made) = sold(&api, json!({})).await;
    let relation = json!({"relations": [{"kind": "upSell", "product": made["id"]}]});
    let by_relation = api.product(relation.clone()).await;
    let kind = unique("type");
    let attribute = json!({"key": "goes_with", "name": "G", "type": "reference", "target": "product", "level": "product"});
    let body = json!({"name": "T", "attributes": [attribute]});
    let put = api.put(&format!("/v1/product-types/key:{kind}")).json(&body);
    put.send().await.is(201);
    let by_attribute = json!({"productType": format!("key:{kind}"), "attributes": {"goes_with": made["id"]}});
    let by_attribute = api.product(by_attribute).await;
    let deleted = api.product(relation.clone()).await;
    api.delete(&format!("/v1/products/{}", text(&deleted, "/id")))
        .send()
        .await
        .is(204);

    let erase = format!("{path}?permanent=true");
    let refused = api.delete(&erase).send().await.problem(409, "referenced");
    assert_eq!(refused["affected"], 2);
    let mut sample: Vec<_> = refused["sample"].as_array().unwrap().clone();
    sample.sort_by_key(ToString::to_string);
    let mut expected = vec![by_relation["id"].clone(), by_attribute["id"].clone()];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(sample, expected);
    api.get(&path).send().await.is(200);
    for (product, patch) in [
        (&by_relation, json!({"relations": []})),
        (&by_attribute, json!({"attributes": {"goes_with": null}})),
    ] {
        let path = format!("/v1/products/{}", text(product, "/id"));
        api.patch(&path).merge(&patch).send().await.is(200);
    }
    api.delete(&erase).send().await.is(204);
    // One that was deleted meanwhile comes back without it being shown.
    let back = format!("/v1/products/{}", text(&deleted, "/id"));
    api.post(&format!("{back}/restore")).send().await.is(200);
    let related = api.post(&format!("{back}/publish"));
    related.send().await.is(200);
    let related = api.get(&format!(
        "/v1/store/default/products/{}/related",
        text(&deleted, "/id")
    ));
    related.send().await.is(200);
}

async fn a_batch_erases_all_or_nothing(api: Api) {
    let (one, other) = (api.product(json!({})).await, api.product(json!({})).await);
    let path = |product: &Value| format!("/v1/products/{}", text(product, "/id"));
    let erase =
        |product: &Value| json!({"method": "DELETE", "path": format!("{}?permanent=true", path(product))});
    let nowhere = json!({"method": "DELETE", "path": "/v1/products/key:nowhere"});
    let batch = async |operations: Value| {
        let call = api.post("/v1/batch").json(&json!({"operations": operations}));
        call.send().await
    };
    let failed = batch(json!([erase(&one), nowhere])).await;
    assert!(failed.status >= 400, "{failed:?}");
    api.get(&path(&one)).send().await.is(200);
    batch(json!([erase(&one), erase(&other)])).await.is(200);
    for product in [&one, &other] {
        api.get(&path(product))
            .send()
            .await
            .problem(404, "resource_not_found");
    }
}
