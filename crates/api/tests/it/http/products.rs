//! Products are created whole, found by every name, and replaced.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, gtin, on_both, text, unique};

on_both!(
    a_product_is_created_with_its_variants,
    one_bad_variant_leaves_nothing_behind,
    a_product_is_found_by_every_name,
    slugs_are_made_from_names_and_told_apart,
    put_by_key_creates_replaces_and_repeats,
    put_refuses_another_key_and_a_missing_id,
    names_are_unique,
    content_comes_back_as_it_was_sent,
);

async fn a_product_is_created_with_its_variants(api: Api) {
    let (blue, red) = (unique("BLUE"), unique("RED"));
    let body = json!({
        "name": unique("Kettle"), "optionAxes": ["colour"],
        "variants": [
            {"sku": blue, "gtin": gtin(), "options": {"colour": "Blue"}, "prices": [{"amount": "19.9", "currency": "EUR"}]},
            {"sku": red, "options": {"colour": "Red"}, "prices": [{"amount": "2100", "currency": "JPY", "compareAt": "2500"}]},
        ],
    });
    let answer = api.post("/v1/products").json(&body).send().await.is(201);
    let created = answer.value();
    let location = format!("/v1/products/{}", text(&created, "/id"));
    assert_eq!(answer.header("location"), location);
    assert_eq!(created["status"], "draft");
    assert_eq!(created["version"], 1);
    assert_eq!(created["createdAt"], created["updatedAt"]);

    let expanded = api
        .get(&format!("{location}?expand=variants"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(expanded, created);
    let variants = expanded["variants"].as_array().unwrap();
    let prices: Vec<_> = variants.iter().map(|variant| variant["prices"].clone()).collect();
    assert_eq!(prices[0], json!([{"amount": "19.90", "currency": "EUR"}]));
    assert_eq!(
        prices[1],
        json!([{"amount": "2100", "currency": "JPY", "compareAt": "2500"}])
    );
    for (sku, variant) in [blue, red].iter().zip(variants) {
        assert_eq!(variant["sku"], *sku);
        assert_eq!(variant["product"], created["id"]);
        let alone = api.get(&format!("/v1/variants/sku:{sku}")).send().await.is(200);
        assert_eq!(alone.value(), *variant);
    }

    let plain = api.get(&location).send().await.is(200).value();
    assert!(plain.get("variants").is_none());
    api.get(&format!("{location}?expand=prices"))
        .send()
        .await
        .problem(400, "invalid_parameter");
}

async fn one_bad_variant_leaves_nothing_behind(api: Api) {
    let (key, taken, fresh) = (unique("p"), unique("TAKEN"), unique("FRESH"));
    let other = api.product(json!({"variants": [{"sku": taken}]})).await;
    let owner = text(&other, "/variants/0/id");
    let body = json!({
        "key": key, "name": unique("Half"), "optionAxes": ["n"],
        "variants": [{"sku": fresh, "options": {"n": "1"}}, {"sku": taken, "options": {"n": "2"}}],
    });
    let problem = api
        .post("/v1/products")
        .json(&body)
        .send()
        .await
        .problem(409, "duplicate_sku");
    assert_eq!(problem["conflictingId"], owner);
    assert_eq!(problem["errors"][0]["pointer"], "/variants/1/sku");

    let missing = api.get(&format!("/v1/products/key:{key}")).send().await;
    missing.problem(404, "resource_not_found");
    let missing = api.get(&format!("/v1/variants/sku:{fresh}")).send().await;
    missing.problem(404, "resource_not_found");
}

async fn a_product_is_found_by_every_name(api: Api) {
    let (key, slug) = (unique("k"), unique("slug"));
    let created = api.product(json!({"key": key, "slug": slug})).await;
    for reference in [
        text(&created, "/id").to_owned(),
        format!("key:{key}"),
        format!("slug:{slug}"),
    ] {
        let path = format!("/v1/products/{reference}");
        let found = api.get(&path).send().await.is(200).value();
        assert_eq!(found["id"], created["id"], "{reference}");
        let head = api.call(Method::HEAD, &path).send().await.is(200);
        assert_eq!(head.body, b"");
        assert_eq!(head.header("etag"), "\"1-m3\"");
    }
    let id = text(&created, "/id");
    let nowhere = [
        "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64".to_owned(),
        format!("key:{}", unique("none")),
        format!("slug:{}", unique("none")),
    ];
    for reference in nowhere {
        let answer = api.get(&format!("/v1/products/{reference}")).send().await;
        answer.problem(404, "resource_not_found");
    }
    let malformed = [
        "nonsense".to_owned(),
        "sku:A".to_owned(),
        "key:".to_owned(),
        "key:-x".to_owned(),
        "slug:A%20B".to_owned(),
        id.to_uppercase(),
        id.replace('-', ""),
        format!("urn:uuid:{id}"),
        "%00".to_owned(),
        "%ff".to_owned(),
    ];
    for reference in malformed {
        let answer = api.get(&format!("/v1/products/{reference}")).send().await;
        answer.problem(400, "invalid_parameter");
    }
}

async fn slugs_are_made_from_names_and_told_apart(api: Api) {
    let name = unique("Käthe's Kessel");
    let first = api.product(json!({"name": name})).await;
    let made = text(&first, "/slug/en");
    assert_eq!(
        made,
        name.to_lowercase().replace("ä", "a").replace(['\'', ' '], "-")
    );
    let second = api.product(json!({"name": name})).await;
    let other = text(&second, "/slug/en");
    assert!(other.starts_with(&format!("{made}-")), "{other}");
    let nameless = api.product(json!({"name": "…!?"})).await;
    assert!(text(&nameless, "/slug/en").starts_with("product-"));
}

async fn put_by_key_creates_replaces_and_repeats(api: Api) {
    let path = format!("/v1/products/key:{}", unique("put"));
    let full = json!({"name": unique("Cup"), "brand": "Hearthmoor", "tags": ["a"], "metadata": {"erp": "1"}});
    let answer = api.put(&path).json(&full).send().await.is(201);
    let created = answer.value();
    assert_eq!(
        answer.header("location"),
        format!("/v1/products/{}", text(&created, "/id"))
    );
    assert_eq!(format!("/v1/products/key:{}", text(&created, "/key")), path);

    let repeated = api.put(&path).json(&full).send().await.is(200);
    assert_eq!(repeated.value(), created);
    assert_eq!(repeated.header("etag"), answer.header("etag"));

    let less = json!({"name": "Mug"});
    let replaced = api.put(&path).json(&less).send().await.is(200).value();
    assert_eq!(replaced["version"], 2);
    assert_eq!(replaced["id"], created["id"]);
    assert_eq!(replaced["createdAt"], created["createdAt"]);
    assert_eq!(replaced["slug"], created["slug"]);
    assert_eq!(replaced["key"], created["key"]);
    assert_eq!(replaced["tags"], json!([]));
    assert_eq!(replaced["metadata"], json!({}));
    assert!(replaced.get("brand").is_none());
    let stored = api.get(&path).send().await.is(200).value();
    assert_eq!(stored, replaced);
}

async fn put_refuses_another_key_and_a_missing_id(api: Api) {
    let path = format!("/v1/products/key:{}", unique("put"));
    let body = json!({"name": "Cup", "key": unique("other")});
    let refused = api.put(&path).json(&body).send().await;
    refused.has_faults(&[("/key", "pattern")]);
    api.get(&path).send().await.problem(404, "resource_not_found");

    for missing in [
        "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64".to_owned(),
        format!("slug:{}", unique("s")),
    ] {
        let path = format!("/v1/products/{missing}");
        let answer = api.put(&path).json(&json!({"name": "Cup"})).send().await;
        answer.problem(404, "resource_not_found");
    }
    let body = json!({"name": "Cup", "variants": [{"sku": unique("S")}]});
    let refused = api.put(&path).json(&body).send().await;
    refused.has_faults(&[("/variants", "unknown_field")]);
}

async fn names_are_unique(api: Api) {
    let (key, slug) = (unique("k"), unique("slug"));
    let first = api
        .product(json!({"key": key, "slug": {"en": slug, "de": slug}}))
        .await;
    let cases = [
        (json!({"name": "x", "key": key}), "duplicate_key", "/key"),
        (json!({"name": "x", "slug": slug}), "duplicate_slug", "/slug"),
        (
            json!({"name": "x", "slug": {"de": slug}}),
            "duplicate_slug",
            "/slug",
        ),
    ];
    let second = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&second, "/id"));
    for (body, code, pointer) in cases {
        for call in [api.post("/v1/products"), api.put(&path)] {
            let problem = call.json(&body).send().await.problem(409, code);
            assert_eq!(problem["conflictingId"], first["id"]);
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
    }
    // The same slug in another language is another slug.
    api.product(json!({"slug": {"fr": slug}})).await;
}

async fn content_comes_back_as_it_was_sent(api: Api) {
    let category = api.category(json!({})).await;
    let category = text(&category, "/id");
    let body = json!({
        "key": unique("full"),
        "name": {"en": "Kettle \u{202e}مرحبا", "de-AT": "Kessel 🧸👩‍👩‍👧‍👦", "ja": "やかん e\u{301}"},
        "slug": {"en": unique("kettle"), "ja": unique("やかん")},
        "description": {"en": "line\r\n\ttab \"quoted\" \\ / <b>&amp;</b> \u{feff}"},
        "brand": "Ærø & Söhne",
        "tags": ["b", "a", "🧸"],
        "categories": [category],
        "media": [
            {"url": "https://images.example.com/ä.jpg?x=1&y=%20", "alt": {"en": "Front"}, "role": "main"},
            {"url": "http://images.example.com/b.pdf", "role": "document"},
        ],
        "seo": {"title": {"en": "Kettle"}, "description": {"de-AT": "Kessel"}},
        "optionAxes": ["colour", "size/~"],
        "metadata": {"a/b~c": "v", "leer": ""},
    });
    let created = api.post("/v1/products").json(&body).send().await.is(201).value();
    let stored = api
        .get(&format!("/v1/products/{}", text(&created, "/id")))
        .send()
        .await
        .value();
    for (name, sent) in body.as_object().unwrap() {
        assert_eq!(stored[name], *sent, "{name}");
    }
    let Value::Object(body) = &body else {
        unreachable!()
    };
    assert!(body.len() > 10);
}
