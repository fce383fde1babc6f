//! Variants: resources of their own under their product.

use futures::future::join_all;
use serde_json::json;

use super::support::{Api, gtin, on_both, text, unique};

on_both!(
    a_variant_is_created_and_found_by_every_name,
    options_fit_the_axes_of_the_product,
    identifiers_are_unique_among_all_variants,
    put_by_key_creates_under_the_product_it_names,
    a_variant_is_patched_without_touching_its_siblings,
    a_deleted_variant_frees_its_names_and_comes_back,
    axes_change_only_while_no_variant_disagrees,
    concurrent_variants_of_one_product_all_get_in,
);

async fn a_variant_is_created_and_found_by_every_name(api: Api) {
    let product = api.product(json!({"key": unique("p")})).await;
    let (sku, gtin, key) = (unique("SKU"), gtin(), unique("v"));
    let body = json!({
        "sku": sku, "gtin": gtin, "key": key, "mpn": "M-1", "position": 3,
        "prices": [{"amount": "1.234", "currency": "KWD"}, {"amount": "0.00", "currency": "EUR"}],
        "media": [{"url": "https://images.example.com/a.jpg"}],
        "weight": {"value": "1.50", "unit": "kg"},
        "dimensions": {"length": "20", "width": "15.5", "height": "018", "unit": "cm"},
        "metadata": {"a": "b"},
    });
    let path = format!("/v1/products/key:{}/variants", text(&product, "/key"));
    let answer = api.post(&path).json(&body).send().await.is(201);
    let created = answer.value();
    assert_eq!(
        answer.header("location"),
        format!("/v1/variants/{}", text(&created, "/id"))
    );
    assert_eq!(answer.header("etag"), "\"1-v1\"");
    assert_eq!(created["product"], product["id"]);
    assert_eq!(created["weight"]["value"], "1.5");
    assert_eq!(created["dimensions"]["height"], "18");
    assert_eq!(created["media"][0]["role"], "gallery");
    let amount = |currency: &str| {
        let prices = created["prices"].as_array().unwrap();
        prices.iter().find(|price| price["currency"] == currency).unwrap()["amount"].clone()
    };
    assert_eq!((amount("KWD"), amount("EUR")), (json!("1.234"), json!("0.00")));
    for reference in [
        text(&created, "/id").to_owned(),
        format!("key:{key}"),
        format!("sku:{sku}"),
        format!("gtin:{gtin}"),
    ] {
        let found = api.get(&format!("/v1/variants/{reference}")).send().await.is(200);
        assert_eq!(found.value(), created, "{reference}");
    }
    for wrong in [
        "nonsense",
        "slug:x",
        "gtin:123",
        "gtin:4006381333932",
        "sku:",
        "key:-",
    ] {
        let answer = api.get(&format!("/v1/variants/{wrong}")).send().await;
        answer.problem(400, "invalid_parameter");
    }
    let listed = api.get(&path).send().await.is(200).value();
    assert_eq!(listed["items"], json!([created]));
}

async fn options_fit_the_axes_of_the_product(api: Api) {
    let product = api.product(json!({"optionAxes": ["colour", "size/~"]})).await;
    let path = format!("/v1/products/{}/variants", text(&product, "/id"));
    let sku = unique("SKU");
    let variant = |options| json!({"sku": sku, "options": options});
    let cases = [
        (
            json!({}),
            vec![
                ("/options/colour", "option_missing"),
                ("/options/size~1~0", "option_missing"),
            ],
        ),
        (
            json!({"colour": "Blue", "size/~": ""}),
            vec![("/options/size~1~0", "required")],
        ),
        (
            json!({"colour": "Blue", "size/~": "L", "shape": "x"}),
            vec![("/options/shape", "unknown_field")],
        ),
        (
            json!({"colour": 1, "size/~": "L"}),
            vec![("/options/colour", "wrong_type")],
        ),
    ];
    for (options, faults) in cases {
        api.post(&path)
            .json(&variant(options))
            .send()
            .await
            .has_faults(&faults);
    }
    let options = json!({"colour": "Blue", "size/~": "L"});
    let first = api
        .post(&path)
        .json(&variant(options.clone()))
        .send()
        .await
        .is(201)
        .value();
    let again = json!({"sku": unique("SKU"), "options": options});
    let problem = api
        .post(&path)
        .json(&again)
        .send()
        .await
        .problem(409, "duplicate_options");
    assert_eq!(problem["conflictingId"], first["id"]);
    assert_eq!(problem["errors"][0]["pointer"], "/options");

    // Another product may have the same options.
    let other = api.product(json!({"optionAxes": ["colour", "size/~"]})).await;
    let path = format!("/v1/products/{}/variants", text(&other, "/id"));
    api.post(&path).json(&again).send().await.is(201);
    let patched = format!("/v1/variants/{}", text(&first, "/id"));
    let patch = json!({"options": {"colour": null}});
    let refused = api.patch(&patched).merge(&patch).send().await;
    refused.has_faults(&[("/options/colour", "option_missing")]);
}

async fn identifiers_are_unique_among_all_variants(api: Api) {
    let (one, two) = (
        api.product(json!({})).await,
        api.product(json!({"optionAxes": ["n"]})).await,
    );
    let taken = json!({"sku": unique("SKU"), "gtin": gtin(), "key": unique("v")});
    let owner = api.variant(text(&one, "/id"), taken.clone()).await;
    let path = format!("/v1/products/{}/variants", text(&two, "/id"));
    let other = json!({"sku": unique("SKU"), "options": {"n": "0"}});
    let other = api.post(&path).json(&other).send().await.is(201).value();
    let other = format!("/v1/variants/{}", text(&other, "/id"));
    for (field, code) in [
        ("sku", "duplicate_sku"),
        ("gtin", "duplicate_gtin"),
        ("key", "duplicate_key"),
    ] {
        let mut body = json!({"sku": unique("SKU"), "options": {"n": "1"}});
        body[field] = taken[field].clone();
        let patch = json!({field: taken[field]});
        for call in [api.post(&path).json(&body), api.patch(&other).merge(&patch)] {
            let problem = call.send().await.problem(409, code);
            assert_eq!(problem["conflictingId"], owner["id"]);
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
        }
    }
    // SKUs differ by case; nothing else is told of them.
    let shouted = text(&taken, "/sku").to_lowercase();
    api.post(&path)
        .json(&json!({"sku": shouted, "options": {"n": "2"}}))
        .send()
        .await
        .is(201);
}

async fn put_by_key_creates_under_the_product_it_names(api: Api) {
    let key = unique("p");
    let product = api.product(json!({"key": key})).await;
    let path = format!("/v1/variants/key:{}", unique("v"));
    let body = json!({"sku": unique("SKU"), "product": format!("key:{key}"), "mpn": "1"});
    let created = api.put(&path).json(&body).send().await.is(201).value();
    assert_eq!(created["product"], product["id"]);
    let repeated = api.put(&path).json(&body).send().await.is(200).value();
    assert_eq!(repeated, created);
    // The address has the key; the body need not repeat it, nor name the product.
    let alone = json!({"sku": body["sku"]});
    for _ in 0..2 {
        let replaced = api.put(&path).json(&alone).send().await.is(200).value();
        assert_eq!(
            (&replaced["key"], &replaced["version"]),
            (&created["key"], &json!(2))
        );
    }
    // A patch may take the key away.
    let unnamed = api
        .patch(&path)
        .merge(&json!({"key": null}))
        .send()
        .await
        .is(200)
        .value();
    assert!(unnamed.get("key").is_none());
    api.get(&path).send().await.problem(404, "resource_not_found");

    let elsewhere = format!("/v1/variants/key:{}", unique("v"));
    let alone = json!({"sku": unique("SKU")});
    api.put(&elsewhere)
        .json(&alone)
        .send()
        .await
        .problem(404, "resource_not_found");
    let lost = json!({"sku": unique("SKU"), "product": "key:nowhere"});
    let answer = api.put(&elsewhere).json(&lost).send().await;
    answer.has_faults(&[("/product", "reference_not_found")]);
    let wrong = json!({"sku": unique("SKU"), "product": "nowhere", "key": "other"});
    let answer = api.put(&elsewhere).json(&wrong).send().await;
    assert!(
        answer
            .faults()
            .contains(&("/product".to_owned(), "pattern".to_owned()))
    );
    let other = json!({"sku": unique("SKU"), "product": format!("key:{key}"), "key": "other"});
    api.put(&elsewhere)
        .json(&other)
        .send()
        .await
        .has_faults(&[("/key", "pattern")]);

    let nested = format!("/v1/products/{}/variants", text(&product, "/id"));
    let answer = api.post(&nested).json(&body).send().await;
    answer.has_faults(&[("/product", "unknown_field")]);
}

async fn a_variant_is_patched_without_touching_its_siblings(api: Api) {
    let body = json!({"optionAxes": ["n"], "variants": [
        {"sku": unique("A"), "options": {"n": "1"}, "prices": [{"amount": "1.00", "currency": "EUR"}]},
        {"sku": unique("B"), "options": {"n": "2"}},
    ]});
    let product = api.product(body).await;
    let path = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let operations = json!([
        {"op": "test", "path": "/prices/0/amount", "value": "1.00"},
        {"op": "replace", "path": "/prices/0/amount", "value": "2.5"},
        {"op": "add", "path": "/prices/-", "value": {"amount": "300", "currency": "JPY"}},
    ]);
    let patched = api
        .patch(&path)
        .operations(&operations)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(patched["version"], 2);
    assert_eq!(patched["prices"].as_array().unwrap().len(), 2);
    let whole = api.get(&format!("/v1/products/{}?expand=variants", text(&product, "/id")));
    let whole = whole.send().await.value();
    assert_eq!(whole["version"], 1);
    assert_eq!(whole["variants"][0], patched);
    assert_eq!(whole["variants"][1], product["variants"][1]);
}

async fn a_deleted_variant_frees_its_names_and_comes_back(api: Api) {
    let product = api.product(json!({})).await;
    let product = text(&product, "/id");
    let body = json!({"sku": unique("SKU"), "gtin": gtin(), "key": unique("v")});
    let variant = api.variant(product, body.clone()).await;
    let path = format!("/v1/variants/{}", text(&variant, "/id"));
    let restore = format!("{path}/restore");
    api.post(&restore).send().await.problem(409, "state_conflict");
    api.delete(&path).send().await.is(204);
    api.get(&path).send().await.problem(404, "resource_not_found");
    api.delete(&path).send().await.problem(404, "resource_not_found");

    let taker = api.variant(product, body).await;
    let problem = api.post(&restore).send().await.value();
    assert!(text(&problem, "/code").starts_with("duplicate_"), "{problem}");
    assert_eq!(problem["conflictingId"], taker["id"]);
    api.delete(&format!("/v1/variants/{}", text(&taker, "/id")))
        .send()
        .await
        .is(204);
    let restored = api.post(&restore).send().await.is(200).value();
    assert_eq!(restored["version"], 3);
    assert_eq!(restored["sku"], variant["sku"]);
    assert_eq!(api.get(&path).send().await.is(200).value(), restored);

    // A variant that was deleted on its own stays deleted when its product comes back.
    api.delete(&path).send().await.is(204);
    let path_of_product = format!("/v1/products/{product}");
    api.delete(&path_of_product).send().await.is(204);
    api.post(&restore).send().await.problem(409, "state_conflict");
    api.post(&format!("{path_of_product}/restore"))
        .send()
        .await
        .is(200);
    api.get(&path).send().await.problem(404, "resource_not_found");
}

async fn axes_change_only_while_no_variant_disagrees(api: Api) {
    let product =
        api.product(json!({"optionAxes": ["n"], "variants": [{"sku": unique("S"), "options": {"n": "1"}}]}));
    let product = product.await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let wider = json!({"optionAxes": ["n", "m"]});
    let problem = api
        .patch(&path)
        .merge(&wider)
        .send()
        .await
        .problem(409, "state_conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/optionAxes");
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    api.delete(&variant).send().await.is(204);
    api.patch(&path).merge(&wider).send().await.is(200);
    api.post(&format!("{variant}/restore"))
        .send()
        .await
        .problem(409, "state_conflict");
}

async fn concurrent_variants_of_one_product_all_get_in(api: Api) {
    let product = api.product(json!({"optionAxes": ["n"]})).await;
    let path = format!("/v1/products/{}/variants", text(&product, "/id"));
    let writers = (0..12).map(|n| {
        let body = json!({"sku": unique("SKU"), "options": {"n": format!("{n}")}});
        api.post(&path).json(&body).send()
    });
    for answer in join_all(writers).await {
        answer.is(201);
    }
    let listed = api.get(&format!("{path}?count=exact")).send().await.value();
    assert_eq!(listed["total"], 12);
}
