//! Working copy and published copy: what writes stage, what publishing shows, and what never shows.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::support::{Api, Trial, gtin, on_both, operations, text, unique};

on_both!(
    edits_are_seen_once_they_are_published,
    writes_of_variants_can_publish,
    drafts_are_discarded,
    exchanged_names_are_discarded,
    categories_that_shoppers_see_products_in_stay,
    nothing_to_discard_is_told,
    products_are_duplicated,
    bad_duplications_are_refused,
    bad_listings_and_relations_are_refused,
    listings_and_relations_are_answered_by_id,
    channels_with_products_stay,
    related_products_are_shown,
    former_slugs_redirect,
    texts_follow_the_languages_of_the_channel,
    names_on_sale_conflict_on_publication,
    answers_are_kept_no_longer_than_they_hold,
    listings_begin_and_end_on_time,
    publications_are_tried_and_repeated,
    writers_and_publishers_at_once_lose_nothing,
    nothing_of_a_draft_is_ever_in_the_store,
);

fn store(channel: &Value, rest: &str) -> String {
    format!("/v1/store/{}/products{rest}", text(channel, "/key"))
}

/// A channel of this test's own, so that no other test's times are in its answers.
async fn channel(api: &Api, more: Value) -> Value {
    let mut body = json!({"key": unique("channel"), "name": "Web", "locales": ["en"], "currencies": ["EUR"]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    api.post("/v1/channels").json(&body).send().await.is(201).value()
}

/// A published product with a key, slug, brand and one variant.
async fn published(api: &Api, more: Value) -> Value {
    let mut body = json!({
        "key": unique("k"), "name": unique("Kettle"), "slug": unique("slug"), "brand": unique("Brand"),
        "variants": [{"sku": unique("SKU")}],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    api.post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
        .value()
}

fn path(product: &Value) -> String {
    format!("/v1/products/{}", text(product, "/id"))
}

async fn seen(api: &Api, channel: &Value, product: &Value) -> Value {
    let path = store(channel, &format!("/{}", text(product, "/id")));
    api.get(&path).anonymous().send().await.is(200).value()
}

async fn edits_are_seen_once_they_are_published(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({})).await;
    assert_eq!(product["hasUnpublishedChanges"], false);
    let draft = api.product(json!({})).await;
    assert_eq!(draft["hasUnpublishedChanges"], true);
    let path = path(&product);
    let before = seen(&api, &web, &product).await;

    let patched = api
        .patch(&path)
        .merge(&json!({"name": "New"}))
        .send()
        .await
        .is(200);
    let tag = patched.header("etag").to_owned();
    let patched = patched.value();
    assert_eq!(
        (&patched["status"], &patched["hasUnpublishedChanges"]),
        (&json!("published"), &json!(true))
    );
    let stored = api.get(&path).send().await.is(200);
    assert_eq!(
        (stored.value(), stored.header("etag")),
        (patched.clone(), tag.as_str())
    );
    assert_eq!(seen(&api, &web, &product).await, before);
    // The same as what is live again is no unpublished change.
    let back = api
        .patch(&path)
        .merge(&json!({"name": product["name"]}))
        .send()
        .await;
    assert_eq!(back.is(200).value()["hasUnpublishedChanges"], false);

    // What a variant holds back shows in the product, under another tag but the same version.
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let fresh = api.get(&path).send().await.is(200);
    api.patch(&variant)
        .merge(&json!({"mpn": "M"}))
        .send()
        .await
        .is(200);
    let tag = fresh.header("etag").to_owned();
    let staged = api.get(&path).header("if-none-match", &tag).send().await.is(200);
    assert_ne!(staged.header("etag"), tag);
    assert_eq!(staged.value()["hasUnpublishedChanges"], true);
    assert_eq!(staged.value()["version"], fresh.value()["version"]);
    assert_eq!(seen(&api, &web, &product).await, before);
    let matched = api
        .post(&format!("{path}/publish"))
        .header("if-match", &tag)
        .send()
        .await;
    let live = matched.is(200).value();
    assert_eq!(live["hasUnpublishedChanges"], false);
    assert_eq!(live["publishedAt"], live["updatedAt"]);
    assert_eq!(seen(&api, &web, &product).await["variants"][0]["mpn"], "M");
    // Publishing what is live changes nothing.
    let again = api.post(&format!("{path}/publish")).send().await.is(200).value();
    assert_eq!(again, live);
    // A deletion is seen at once.
    api.delete(&variant).send().await.is(204);
    assert_eq!(seen(&api, &web, &product).await["variants"], json!([]));
    assert_eq!(
        api.get(&path).send().await.value()["hasUnpublishedChanges"],
        false
    );
    api.post(&format!("{variant}/restore")).send().await.is(200);
    assert_eq!(seen(&api, &web, &product).await["variants"], json!([]));
    assert_eq!(api.get(&path).send().await.value()["hasUnpublishedChanges"], true);
}

async fn writes_of_variants_can_publish(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({"variants": []})).await;
    let path = path(&product);
    let variants = format!("{path}/variants?publish=true");
    let key = unique("v");
    let body = json!({"sku": unique("SKU"), "key": key});
    let writer = api.instance.token("catalog:write", "writer").await;
    let variant = format!("/v1/variants/key:{key}?publish=true");
    for call in [
        api.post(&variants).json(&body),
        api.put(&variant).json(&body),
        api.patch(&variant).merge(&json!({})),
    ] {
        let problem = call.token(&writer).send().await.problem(403, "scope_missing");
        assert_eq!(problem["requiredScope"], "catalog:publish");
    }
    api.post(&variants).json(&body).send().await.is(201);
    let shown = seen(&api, &web, &product).await;
    assert_eq!(shown["variants"][0]["sku"], body["sku"]);
    let put = json!({"sku": body["sku"], "mpn": "PUT"});
    api.put(&variant).json(&put).send().await.is(200);
    assert_eq!(seen(&api, &web, &product).await["variants"][0]["mpn"], "PUT");
    api.patch(&variant)
        .merge(&json!({"mpn": "PATCH"}))
        .send()
        .await
        .is(200);
    assert_eq!(seen(&api, &web, &product).await["variants"][0]["mpn"], "PATCH");
    let stored = api.get(&path).send().await.is(200).value();
    assert_eq!(stored["hasUnpublishedChanges"], false);
    // Nothing to change and nothing to publish leaves the product as it is.
    api.patch(&variant)
        .merge(&json!({"mpn": "PATCH"}))
        .send()
        .await
        .is(200);
    assert_eq!(api.get(&path).send().await.is(200).value(), stored);
    // PUT under a new key creates and publishes.
    let other = unique("v");
    let axes = api
        .put(&format!("/v1/variants/key:{other}?publish=true"))
        .json(&json!({"sku": unique("SKU"), "product": product["id"]}))
        .send()
        .await;
    axes.problem(409, "duplicate_options");
    api.post(&format!("{path}/archive")).send().await.is(200);
    let refused = api.patch(&variant).merge(&json!({"mpn": "LATE"})).send().await;
    refused.problem(409, "state_conflict");
    let kept = api
        .get(&format!("/v1/variants/key:{key}"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(kept["mpn"], "PATCH", "all or nothing");
    for wrong in ["publish=yes", "publish=true&publish=true"] {
        let call = api.patch(&format!("/v1/variants/key:{key}?{wrong}"));
        call.merge(&json!({}))
            .send()
            .await
            .problem(400, "invalid_parameter");
    }
}

async fn drafts_are_discarded(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({
        "optionAxes": ["size"], "variants": [
            {"sku": unique("SKU"), "options": {"size": "S"}}, {"sku": unique("SKU"), "options": {"size": "M"}},
        ],
    }))
    .await;
    let path = path(&product);
    let before = api.get(&format!("{path}?expand=variants")).send().await.value();
    let shown = seen(&api, &web, &product).await;
    let edit = json!({"key": unique("k"), "name": "New", "slug": {"en": unique("slug")}, "tags": ["new"], "brand": null});
    api.patch(&path).merge(&edit).send().await.is(200);
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let edit = json!({"sku": unique("SKU"), "position": 9});
    api.patch(&variant).merge(&edit).send().await.is(200);
    let new = json!({"sku": unique("SKU"), "options": {"size": "L"}});
    let new = api
        .post(&format!("{path}/variants"))
        .json(&new)
        .send()
        .await
        .is(201)
        .value();

    let dry = api
        .post(&format!("{path}/discard-draft?dryRun=true"))
        .send()
        .await
        .is(200);
    assert_eq!(dry.value()["name"], before["name"]);
    let stale = api
        .post(&format!("{path}/discard-draft"))
        .header("if-match", "\"1-m3\"");
    stale.send().await.problem(412, "version_conflict");
    let discarded = api
        .post(&format!("{path}/discard-draft"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(discarded["hasUnpublishedChanges"], false);
    let after = api.get(&format!("{path}?expand=variants")).send().await.value();
    for field in ["key", "name", "slug", "tags", "brand", "publishedAt", "status"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["variants"].as_array().unwrap().len(), 2);
    for field in ["sku", "position", "options"] {
        assert_eq!(
            after["variants"][0][field], before["variants"][0][field],
            "{field}"
        );
    }
    let new = format!("/v1/variants/{}", text(&new, "/id"));
    api.get(&new).send().await.problem(404, "resource_not_found");
    assert_eq!(seen(&api, &web, &product).await, shown);
    // With nothing to discard the product stays as it is.
    let again = api
        .post(&format!("{path}/discard-draft"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(again["version"], discarded["version"]);
    let keyed = || {
        api.post(&format!("{path}/discard-draft"))
            .header("idempotency-key", text(&after, "/id"))
    };
    keyed().send().await.is(200);
    assert_eq!(
        keyed().send().await.is(200).header("idempotency-replayed"),
        "true"
    );
}

async fn exchanged_names_are_discarded(api: Api) {
    let (one, other) = (unique("SKU"), unique("SKU"));
    let product = published(
        &api,
        json!({
            "optionAxes": ["size"], "variants": [
                {"sku": one, "key": one, "gtin": gtin(), "options": {"size": "S"}},
                {"sku": other, "key": other, "gtin": gtin(), "options": {"size": "M"}},
            ],
        }),
    )
    .await;
    let path = path(&product);
    let names = async || {
        let read = api
            .get(&format!("{path}?expand=variants"))
            .send()
            .await
            .is(200)
            .value();
        let mut variants = read["variants"].as_array().unwrap().clone();
        variants.sort_by_key(|variant| text(variant, "/id").to_owned());
        variants
            .iter()
            .map(|v| json!([v["id"], v["sku"], v["key"], v["gtin"], v["options"]]))
            .collect::<Vec<_>>()
    };
    let before = names().await;
    let [first, second] = [0, 1].map(|n| product["variants"][n].clone());
    let patch = async |variant: &Value, patch: Value| {
        let path = format!("/v1/variants/{}", text(variant, "/id"));
        api.patch(&path).merge(&patch).send().await.is(200);
    };
    let said = |variant: &Value| json!({"sku": variant["sku"], "key": variant["key"], "gtin": variant["gtin"], "options": variant["options"]});
    let aside = json!({"sku": unique("SKU"), "key": null, "gtin": null, "options": {"size": "L"}});
    patch(&first, aside).await;
    patch(&second, said(&first)).await;
    patch(&first, said(&second)).await;
    let exchanged = names().await;
    assert_ne!(exchanged, before);
    api.post(&format!("{path}/discard-draft")).send().await.is(200);
    assert_eq!(names().await, before);
}

async fn categories_that_shoppers_see_products_in_stay(api: Api) {
    let category = api.category(json!({})).await;
    let product = published(&api, json!({"categories": [category["id"]]})).await;
    let category = format!("/v1/categories/{}", text(&category, "/id"));
    let remove = format!("{category}?onProducts=unassign");
    let refused = api.delete(&remove).send().await.problem(409, "referenced");
    assert_eq!(refused["affected"], 1);
    assert_eq!(refused["sample"], json!([product["id"]]));
    assert!(
        text(&refused, "/detail").contains("publish these first"),
        "{refused}"
    );
    // The working copies alone do not help, their publication does.
    let path = path(&product);
    api.patch(&path)
        .merge(&json!({"categories": []}))
        .send()
        .await
        .is(200);
    let refused = api.delete(&category).send().await.problem(409, "referenced");
    assert_eq!(refused["sample"], json!([product["id"]]));
    api.post(&format!("{path}/publish")).send().await.is(200);
    api.delete(&category).send().await.is(204);
}

async fn nothing_to_discard_is_told(api: Api) {
    let draft = api.product(json!({})).await;
    let discard = format!("{}/discard-draft", path(&draft));
    api.post(&discard).send().await.problem(409, "state_conflict");
    api.post("/v1/products/key:nowhere/discard-draft")
        .send()
        .await
        .problem(404, "resource_not_found");
    let body = api.post(&discard).json(&json!({"x": 1})).send().await;
    body.has_faults(&[("", "unknown_field")]);
    // The names that a draft gave free may be taken meanwhile.
    let product = published(&api, json!({})).await;
    api.patch(&path(&product))
        .merge(&json!({"key": null}))
        .send()
        .await
        .is(200);
    let taker = api.product(json!({"key": product["key"]})).await;
    let problem = api
        .post(&format!("{}/discard-draft", path(&product)))
        .send()
        .await
        .problem(409, "duplicate_key");
    assert_eq!(problem["conflictingId"], taker["id"]);
}

async fn products_are_duplicated(api: Api) {
    let category = api.category(json!({})).await;
    let (lid, gone) = (api.product(json!({})).await, api.product(json!({})).await);
    let original = published(&api, json!({
        "categories": [category["id"]], "tags": ["a"], "metadata": {"erp": "1"}, "optionAxes": ["size"],
        "channels": [{"channel": "key:default"}],
        "relations": [
            {"kind": "accessory", "product": lid["id"]}, {"kind": "accessory", "product": gone["id"]},
        ],
        "variants": [
            {"sku": unique("SKU"), "key": unique("v"), "gtin": gtin(), "options": {"size": "S"}, "position": 2},
            {"sku": unique("SKU"), "options": {"size": "M"}, "position": 1},
        ],
    }))
    .await;
    api.delete(&path(&gone)).send().await.is(204);
    let duplicate = format!("{}/duplicate", path(&original));
    let copy = api.post(&duplicate).send().await.is(201);
    assert_eq!(copy.header("location"), path(&copy.value()));
    let copy = copy.value();
    assert_eq!((&copy["status"], &copy["version"]), (&json!("draft"), &json!(1)));
    for field in [
        "name",
        "brand",
        "categories",
        "tags",
        "metadata",
        "optionAxes",
        "channels",
    ] {
        assert_eq!(copy[field], original[field], "{field}");
    }
    assert!(copy.get("key").is_none());
    assert_ne!(copy["slug"], original["slug"]);
    assert_eq!(
        copy["relations"],
        json!([{"kind": "accessory", "product": lid["id"]}])
    );
    let skus = |of: &Value| -> Vec<String> {
        let variants = of["variants"].as_array().unwrap();
        variants.iter().map(|v| text(v, "/sku").to_owned()).collect()
    };
    assert_eq!(copy["variants"].as_array().unwrap().len(), 2);
    for (new, old) in [(0, 1), (1, 0)] {
        let (new, old) = (&copy["variants"][new], &original["variants"][old]);
        assert!(text(new, "/sku").starts_with(&format!("{}-", text(old, "/sku"))));
        assert_eq!(
            (&new["options"], &new["position"]),
            (&old["options"], &old["position"])
        );
        assert!(new.get("key").is_none() && new.get("gtin").is_none());
    }
    let again = api.post(&duplicate).json(&json!({})).send().await.is(201).value();
    assert_ne!(skus(&again), skus(&copy));

    let how = json!({"key": unique("k"), "name": {"en": "Second", "de": "Zweites"}, "skuSuffix": " (2)"});
    let dry = api
        .post(&format!("{duplicate}?dryRun=true"))
        .json(&how)
        .send()
        .await
        .is(200);
    assert_eq!(dry.value()["name"], how["name"]);
    let second = api.post(&duplicate).json(&how).send().await.is(201).value();
    assert_eq!((&second["key"], &second["name"]), (&how["key"], &how["name"]));
    assert_eq!(text(&second, "/slug/de"), "zweites");
    assert!(skus(&second).iter().all(|sku| sku.ends_with(" (2)")));
    let problem = api
        .post(&duplicate)
        .json(&json!({"skuSuffix": " (2)"}))
        .send()
        .await;
    let problem = problem.problem(409, "duplicate_sku");
    assert_eq!(problem["errors"][0]["pointer"], "/skuSuffix");
    let problem = api
        .post(&duplicate)
        .json(&json!({"key": how["key"]}))
        .send()
        .await;
    let problem = problem.problem(409, "duplicate_key");
    assert_eq!(problem["conflictingId"], second["id"]);
    // Named like the original its slug is told apart.
    let third = api
        .post(&duplicate)
        .json(&json!({"name": "Second"}))
        .send()
        .await
        .is(201);
    assert!(text(&third.value(), "/slug/en").starts_with("second-"));
}

async fn bad_duplications_are_refused(api: Api) {
    let product = published(&api, json!({"variants": [{"sku": "x".repeat(120)}]})).await;
    let duplicate = format!("{}/duplicate", path(&product));
    let bad = json!({"key": "-", "name": "", "skuSuffix": "", "slug": "x"});
    api.post(&duplicate).json(&bad).send().await.has_faults(&[
        ("/key", "pattern"),
        ("/name", "required"),
        ("/skuSuffix", "required"),
        ("/slug", "unknown_field"),
    ]);
    for (suffix, code) in [
        ("\u{1}", "pattern"),
        (" ", "pattern"),
        (&"x".repeat(128), "too_long"),
        ("-12345678", "too_long"),
    ] {
        let answer = api
            .post(&duplicate)
            .json(&json!({"skuSuffix": suffix}))
            .send()
            .await;
        answer.has_faults(&[("/skuSuffix", code)]);
    }
    api.post("/v1/products/key:nowhere/duplicate")
        .send()
        .await
        .problem(404, "resource_not_found");
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn bad_listings_and_relations_are_refused(api: Api) {
    let (web, other) = (channel(&api, json!({})).await, api.product(json!({})).await);
    let key = format!("key:{}", text(&web, "/key"));
    let own = api.product(json!({"key": unique("k")})).await;
    let listing =
        |from: &str, until: &str| json!([{"channel": key, "publishAt": from, "unpublishAt": until}]);
    let missing = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    let gone = api.product(json!({})).await;
    api.delete(&path(&gone)).send().await.is(204);
    let related = |product: &Value| json!({"kind": "upSell", "product": product});
    let rows = [
        ("channels", json!("x"), "/channels", "wrong_type"),
        ("channels", json!([{}]), "/channels/0/channel", "required"),
        (
            "channels",
            json!([{"channel": 1}]),
            "/channels/0/channel",
            "wrong_type",
        ),
        (
            "channels",
            json!([{"channel": "web"}]),
            "/channels/0/channel",
            "pattern",
        ),
        (
            "channels",
            json!([{"channel": "slug:web"}]),
            "/channels/0/channel",
            "pattern",
        ),
        (
            "channels",
            json!([{"channel": "key:nowhere"}]),
            "/channels/0/channel",
            "reference_not_found",
        ),
        (
            "channels",
            json!([{"channel": missing}]),
            "/channels/0/channel",
            "reference_not_found",
        ),
        (
            "channels",
            json!([{"channel": key, "price": 1}]),
            "/channels/0/price",
            "unknown_field",
        ),
        (
            "channels",
            json!([{"channel": key}, {"channel": web["id"]}]),
            "/channels/1/channel",
            "duplicate",
        ),
        (
            "channels",
            json!([{"channel": key, "publishAt": "soon"}]),
            "/channels/0/publishAt",
            "pattern",
        ),
        (
            "channels",
            json!([{"channel": key, "publishAt": 5}]),
            "/channels/0/publishAt",
            "wrong_type",
        ),
        (
            "channels",
            json!([{"channel": key, "publishAt": "2026-01-01"}]),
            "/channels/0/publishAt",
            "pattern",
        ),
        (
            "channels",
            json!([{"channel": key, "publishAt": "0000-01-01T00:00:00Z"}]),
            "/channels/0/publishAt",
            "out_of_range",
        ),
        (
            "channels",
            json!([{"channel": key, "unpublishAt": "9999-12-31T23:59:59-01:00"}]),
            "/channels/0/unpublishAt",
            "out_of_range",
        ),
        (
            "channels",
            listing("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
            "/channels/0/unpublishAt",
            "out_of_range",
        ),
        (
            "channels",
            listing("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"),
            "/channels/0/unpublishAt",
            "out_of_range",
        ),
        (
            "channels",
            vec![json!({"channel": key}); 201].into(),
            "/channels",
            "too_long",
        ),
        ("relations", json!({}), "/relations", "wrong_type"),
        (
            "relations",
            json!([{"kind": "sibling", "product": other["id"]}]),
            "/relations/0/kind",
            "not_in_enum",
        ),
        (
            "relations",
            json!([{"kind": "upSell"}]),
            "/relations/0/product",
            "required",
        ),
        (
            "relations",
            json!([related(&json!("sku:1"))]),
            "/relations/0/product",
            "pattern",
        ),
        (
            "relations",
            json!([related(&json!("key:nowhere"))]),
            "/relations/0/product",
            "reference_not_found",
        ),
        (
            "relations",
            json!([related(&gone["id"])]),
            "/relations/0/product",
            "reference_not_found",
        ),
        (
            "relations",
            json!([related(&own["id"])]),
            "/relations/0/product",
            "out_of_range",
        ),
        (
            "relations",
            json!([related(&json!(format!("key:{}", text(&own, "/key"))))]),
            "/relations/0/product",
            "out_of_range",
        ),
        (
            "relations",
            json!([related(&other["id"]), related(&other["id"])]),
            "/relations/1",
            "duplicate",
        ),
        (
            "relations",
            vec![related(&other["id"]); 501].into(),
            "/relations",
            "too_long",
        ),
    ];
    let mut trial = Trial::default();
    for (field, value, pointer, code) in rows {
        let answer = api.patch(&path(&own)).merge(&json!({field: value})).send().await;
        let found = (answer.status == 422).then(|| answer.faults());
        trial.check(found == Some(vec![(pointer.to_owned(), code.to_owned())]), || {
            format!("{field} {pointer} {code}: {answer:?}")
        });
    }
    trial.end();
    // Everything at once, beside what else is wrong.
    let body = json!({
        "name": "x", "categories": ["key:nowhere"], "channels": [{"channel": "key:nowhere"}],
        "relations": [{"kind": "upSell", "product": "key:nowhere"}],
    });
    api.post("/v1/products").json(&body).send().await.has_faults(&[
        ("/categories/0", "reference_not_found"),
        ("/channels/0/channel", "reference_not_found"),
        ("/relations/0/product", "reference_not_found"),
    ]);
}

async fn listings_and_relations_are_answered_by_id(api: Api) {
    let web = channel(&api, json!({})).await;
    let other = api
        .product(json!({"key": unique("k"), "slug": unique("slug")}))
        .await;
    let product = api.product(json!({
        "channels": [{"channel": format!("key:{}", text(&web, "/key")), "publishAt": "2026-01-01T01:00:00.1234567+01:00"}],
        "relations": [
            {"kind": "crossSell", "product": format!("key:{}", text(&other, "/key"))},
            {"kind": "replacement", "product": format!("slug:{}", text(&other, "/slug/en"))},
        ],
    }))
    .await;
    let at = "2026-01-01T00:00:00.123456Z";
    assert_eq!(
        product["channels"],
        json!([{"channel": web["id"], "publishAt": at}])
    );
    let id = &other["id"];
    let expected = json!([{"kind": "crossSell", "product": id}, {"kind": "replacement", "product": id}]);
    assert_eq!(product["relations"], expected);
    // A related product that goes is no obstacle to other edits.
    api.delete(&path(&other)).send().await.is(204);
    let patched = api
        .patch(&path(&product))
        .merge(&json!({"brand": "B"}))
        .send()
        .await
        .is(200);
    assert_eq!(patched.value()["relations"], expected);
    let put = json!({"name": "All new"});
    let put = api.put(&path(&product)).json(&put).send().await.is(200).value();
    assert_eq!((&put["channels"], &put["relations"]), (&json!([]), &json!([])));
}

async fn channels_with_products_stay(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({"channels": [{"channel": web["id"]}]})).await;
    let address = format!("/v1/channels/{}", text(&web, "/id"));
    api.delete(&address).send().await.problem(409, "referenced");
    api.patch(&path(&product))
        .merge(&json!({"channels": []}))
        .send()
        .await
        .is(200);
    api.delete(&address).send().await.problem(409, "referenced");
    api.post(&format!("{}/publish", path(&product)))
        .send()
        .await
        .is(200);
    api.delete(&address).send().await.is(204);
    api.get(&store(&web, ""))
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn related_products_are_shown(api: Api) {
    let web = channel(&api, json!({})).await;
    let mut others = Vec::new();
    for n in 0..5 {
        others.push(published(&api, json!({"name": format!("Other {n}")})).await);
    }
    let kinds = ["accessory", "upSell", "accessory", "crossSell", "accessory"];
    let relations = kinds.iter().zip(&others);
    let relations: Vec<_> = relations
        .map(|(kind, other)| json!({"kind": kind, "product": other["id"]}))
        .collect();
    let product = published(&api, json!({"relations": relations})).await;
    let related = async |query: &str| {
        let path = store(&web, &format!("/{}/related{query}", text(&product, "/slug/en")));
        let page = api.get(&path).anonymous().send().await.is(200).value();
        let items = page["items"].as_array().unwrap().iter();
        let items: Vec<_> = items
            .map(|item| {
                (
                    text(item, "/kind").to_owned(),
                    text(item, "/product/name").to_owned(),
                )
            })
            .collect();
        (items, page["nextCursor"].as_str().map(str::to_owned))
    };
    let item = |n: usize| (kinds[n].to_owned(), format!("Other {n}"));
    assert_eq!(related("").await, ((0..5).map(item).collect(), None));
    assert_eq!(related("?kind=accessory").await.0, [0, 2, 4].map(item));
    assert_eq!(related("?kind=replacement").await.0, []);
    api.post(&format!("{}/unpublish", path(&others[2])))
        .send()
        .await
        .is(200);
    api.delete(&path(&others[3])).send().await.is(204);
    assert_eq!(related("").await.0, [0, 1, 4].map(item));
    let (first, next) = related("?limit=2").await;
    assert_eq!(first, [0, 1].map(item));
    let next = next.unwrap();
    assert_eq!(
        related(&format!("?limit=2&cursor={next}")).await,
        (vec![item(4)], None)
    );
    let related = |query: &str| store(&web, &format!("/{}/related{query}", text(&product, "/id")));
    for (query, code) in [
        (format!("?kind=accessory&cursor={next}"), "cursor_mismatch"),
        ("?cursor=x".to_owned(), "cursor_invalid"),
        ("?kind=sibling".to_owned(), "invalid_parameter"),
        ("?limit=0".to_owned(), "invalid_parameter"),
        ("?sort=id".to_owned(), "filter_unknown_field"),
    ] {
        api.get(&related(&query))
            .anonymous()
            .send()
            .await
            .problem(400, code);
    }
    let answer = api.get(&related("")).anonymous().send().await.is(200);
    let keys = format!("products product-{} catalog", text(&product, "/id"));
    assert_eq!(answer.header("surrogate-key"), keys);
    let tag = answer.header("etag");
    let fresh = api.get(&related("")).header("if-none-match", tag).send().await;
    fresh.is(304);
}

async fn former_slugs_redirect(api: Api) {
    let web = channel(&api, json!({})).await;
    let old = unique("slug");
    let product = published(&api, json!({"slug": old})).await;
    let new = format!("{}-käse", unique("slug"));
    api.patch(&path(&product))
        .merge(&json!({"slug": {"en": new}}))
        .send()
        .await
        .is(200);
    let at = |slug: &str, rest: &str| store(&web, &format!("/{slug}{rest}"));
    let encoded = new.replace('ä', "%C3%A4");
    api.get(&at(&old, "")).anonymous().send().await.is(200);
    api.get(&at(&encoded, ""))
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
    api.post(&format!("{}/publish", path(&product)))
        .send()
        .await
        .is(200);
    for (from, to) in [
        (at(&old, ""), at(&encoded, "")),
        (at(&old, "?locale=en"), at(&encoded, "?locale=en")),
        (at(&format!("slug:{old}"), ""), at(&format!("slug:{encoded}"), "")),
        (
            at(&old, "/related?limit=5&locale=en"),
            at(&encoded, "/related?limit=5&locale=en"),
        ),
    ] {
        let moved = api.get(&from).anonymous().send().await.is(308);
        assert_eq!(moved.header("location"), to);
        assert!(moved.header("cache-control").contains("s-maxage=10"));
        assert_eq!(moved.body, b"");
        api.get(&to).anonymous().send().await.is(200);
    }
    // Another product takes the slug, and it wins once it is published.
    let taker = api.product(json!({"slug": old})).await;
    api.get(&at(&old, "")).anonymous().send().await.is(308);
    api.post(&format!("{}/publish", path(&taker)))
        .send()
        .await
        .is(200);
    let won = api.get(&at(&old, "")).anonymous().send().await.is(200).value();
    assert_eq!(won["id"], taker["id"]);
}

async fn texts_follow_the_languages_of_the_channel(api: Api) {
    let web = channel(
        &api,
        json!({
            "locales": ["en", "de", "de-AT", "fr"], "defaultLocale": "en", "fallbacks": {"de-AT": "de"},
        }),
    )
    .await;
    let (en, de) = (unique("slug"), unique("slug"));
    let product = published(
        &api,
        json!({
            "name": {"en": "Kettle", "de": "Kessel", "it": "Bollitore"}, "slug": {"en": en, "de": de},
            "description": {"it": "Per il tè"},
        }),
    )
    .await;
    let shown = async |reference: &str, locale: &str| {
        let path = store(&web, &format!("/{reference}?{locale}"));
        let body = api.get(&path).anonymous().send().await.is(200).value();
        let list = store(&web, &format!("?brand={}&{locale}", text(&product, "/brand")));
        let list = api.get(&list).anonymous().send().await.is(200).value();
        assert_eq!(list["items"], json!([body]));
        (text(&body, "/name").to_owned(), text(&body, "/slug").to_owned())
    };
    for (locale, name, slug) in [
        ("", "Kettle", &en),
        ("locale=en", "Kettle", &en),
        ("locale=de", "Kessel", &de),
        ("locale=de-AT", "Kessel", &de),
        ("locale=DE-at", "Kessel", &de),
        ("locale=fr", "Kettle", &en),
    ] {
        let id = text(&product, "/id");
        assert_eq!(
            shown(id, locale).await,
            (name.to_owned(), slug.clone()),
            "{locale}"
        );
        // Either slug leads to the product, whatever the language.
        for reference in [&en, &de] {
            assert_eq!(shown(reference, locale).await.0, name, "{reference} {locale}");
        }
    }
    let body = seen(&api, &web, &product).await;
    assert_eq!(
        body["description"], "Per il tè",
        "any language is better than none"
    );
    for wrong in [
        "locale=it",
        "locale=not%20one",
        "locale=",
        "locale=en&locale=de",
        "language=en",
    ] {
        for rest in ["?", &format!("/{en}?"), &format!("/{en}/related?")] {
            let answer = api
                .get(&store(&web, &format!("{rest}{wrong}")))
                .anonymous()
                .send()
                .await;
            let code = if wrong.starts_with("language") && !rest.ends_with(&format!("{en}?")) {
                "filter_unknown_field"
            } else {
                "invalid_parameter"
            };
            answer.problem(400, code);
        }
    }
}

async fn names_on_sale_conflict_on_publication(api: Api) {
    let product = published(&api, json!({})).await;
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let (slug, sku) = (
        product["slug"]["en"].clone(),
        product["variants"][0]["sku"].clone(),
    );
    let edit = json!({"key": null, "slug": {"en": unique("slug")}});
    api.patch(&path(&product)).merge(&edit).send().await.is(200);
    api.patch(&variant)
        .merge(&json!({"sku": unique("SKU")}))
        .send()
        .await
        .is(200);
    for (body, code, owner, pointer) in [
        (
            json!({"name": "x", "key": product["key"]}),
            "duplicate_key",
            &product["id"],
            "/key",
        ),
        (
            json!({"name": "x", "slug": slug}),
            "duplicate_slug",
            &product["id"],
            "/slug",
        ),
        (
            json!({"name": "x", "variants": [{"sku": sku}]}),
            "duplicate_sku",
            &product["variants"][0]["id"],
            "/variants/0/sku",
        ),
    ] {
        let at_once = api.post("/v1/products?publish=true").json(&body).send().await;
        let problem = at_once.problem(409, code);
        assert_eq!(problem["conflictingId"], *owner, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        // The working copy is free to have the name; a publication that says nothing points nowhere.
        let taker = api.post("/v1/products").json(&body).send().await.is(201).value();
        let publish = format!("{}/publish", path(&taker));
        let problem = api.post(&publish).send().await.problem(409, code);
        assert_eq!(problem["conflictingId"], *owner, "{problem}");
        assert!(problem.get("errors").is_none(), "{problem}");
        api.delete(&path(&taker)).send().await.is(204);
    }
    // A slug that is made keeps clear of those that shoppers use.
    let made = api.product(json!({"name": slug})).await;
    assert_ne!(made["slug"]["en"], slug);
}

fn from_now(time: TimeDelta) -> (DateTime<Utc>, String) {
    let at = now() + time;
    (at, at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// `s-maxage` and `stale-while-revalidate`.
fn kept_for(answer: &super::support::Answer) -> (i64, i64) {
    let of = |name: &str| {
        let directives = answer.header("cache-control").split(", ");
        let mut values = directives.filter_map(|d| d.strip_prefix(name));
        values.next().unwrap().parse().unwrap()
    };
    (of("s-maxage="), of("stale-while-revalidate="))
}

async fn answers_are_kept_no_longer_than_they_hold(api: Api) {
    let web = channel(&api, json!({})).await;
    let lasting = published(&api, json!({})).await;
    let get = async |rest: &str| api.get(&store(&web, rest)).anonymous().send().await.is(200);
    let list = format!("?brand={}", text(&lasting, "/brand"));
    for rest in [&list, &format!("/{}", text(&lasting, "/id"))] {
        assert_eq!(kept_for(&get(rest).await), (10, 10), "{rest}");
    }
    // One that ends, and one that begins: the single answer knows its own end, lists the nearest change of the channel.
    let (ends, at) = from_now(TimeDelta::milliseconds(14_500));
    let ending = published(
        &api,
        json!({"channels": [{"channel": web["id"], "unpublishAt": at}]}),
    )
    .await;
    let (begins, at) = from_now(TimeDelta::milliseconds(6_500));
    published(
        &api,
        json!({"channels": [{"channel": web["id"], "publishAt": at}]}),
    )
    .await;
    for (rest, change) in [
        (format!("/{}", text(&ending, "/id")), ends),
        (format!("/{}", text(&ending, "/slug/en")), ends),
        (list.clone(), begins),
        ("?tag=none".to_owned(), begins),
        (format!("/{}/related", text(&lasting, "/id")), begins),
    ] {
        let answer = get(&rest).await;
        let (fresh, stale) = kept_for(&answer);
        let until = now() + TimeDelta::seconds(fresh + stale);
        assert!(until <= change, "{rest}: {answer:?}");
        assert!(fresh >= 3, "{rest}: {fresh} is needlessly short");
    }
    assert_eq!(
        kept_for(&get(&format!("/{}", text(&lasting, "/id"))).await),
        (10, 10)
    );
}

/// Asks until the answer's status is another one; every answer must be the one of the time at which it was given.
async fn turns(api: &Api, path: &str, at: DateTime<Utc>, (before, after): (u16, u16)) {
    let started = Instant::now();
    loop {
        let asked = now();
        let answer = api.get(path).anonymous().send().await;
        let answered = now();
        if answered < at {
            assert_eq!(
                answer.status,
                before,
                "{} before its time: {answer:?}",
                at - answered
            );
        }
        if asked >= at {
            assert_eq!(answer.status, after, "{} after its time: {answer:?}", asked - at);
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

async fn listings_begin_and_end_on_time(api: Api) {
    let web = channel(&api, json!({})).await;
    let (begins, from) = from_now(TimeDelta::milliseconds(1_500));
    let (ends, until) = from_now(TimeDelta::milliseconds(2_700));
    let listing = json!([{"channel": web["id"], "publishAt": from, "unpublishAt": until}]);
    let product = published(&api, json!({"channels": listing})).await;
    let lid = published(
        &api,
        json!({"relations": [{"kind": "accessory", "product": product["id"]}]}),
    )
    .await;
    let single = store(&web, &format!("/{}", text(&product, "/slug/en")));
    let lists = [
        store(&web, &format!("?brand={}", text(&product, "/brand"))),
        store(&web, &format!("/{}/related", text(&lid, "/id"))),
    ];
    let listed = async |wanted: usize| {
        for list in &lists {
            let page = api.get(list).anonymous().send().await.is(200).value();
            assert_eq!(page["items"].as_array().unwrap().len(), wanted, "{list}");
        }
    };
    listed(0).await;
    turns(&api, &single, begins, (404, 200)).await;
    listed(1).await;
    turns(&api, &single, ends, (200, 404)).await;
    listed(0).await;
    let stored = api.get(&path(&product)).send().await.is(200).value();
    assert_eq!(
        stored["status"], "published",
        "what it may do is one thing, where it is shown another"
    );
}

async fn publications_are_tried_and_repeated(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({})).await;
    api.patch(&path(&product))
        .merge(&json!({"name": "New"}))
        .send()
        .await
        .is(200);
    let publish = format!("{}/publish", path(&product));
    let dry = api
        .post(&format!("{publish}?dryRun=true"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(dry["hasUnpublishedChanges"], false);
    assert_eq!(seen(&api, &web, &product).await["name"], product["name"]["en"]);
    let key = unique("publish");
    let keyed = || api.post(&publish).header("idempotency-key", &key);
    let first = keyed().send().await.is(200).value();
    assert_eq!(seen(&api, &web, &product).await["name"], "New");
    api.patch(&path(&product))
        .merge(&json!({"name": "Newer"}))
        .send()
        .await
        .is(200);
    let again = keyed().send().await.is(200);
    assert_eq!(
        (again.header("idempotency-replayed"), again.value()),
        ("true", first)
    );
    assert_eq!(seen(&api, &web, &product).await["name"], "New", "once is once");
}

async fn writers_and_publishers_at_once_lose_nothing(api: Api) {
    let web = channel(&api, json!({})).await;
    let product = published(&api, json!({"variants": [{"sku": unique("SKU")}]})).await;
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let (path, publish) = (path(&product), format!("{}/publish", path(&product)));
    let tasks = (0..24).map(|n| {
        let (api, path, publish, variant) = (api.clone(), path.clone(), publish.clone(), variant.clone());
        async move {
            match n % 4 {
                0 => {
                    api.patch(&path)
                        .merge(&json!({"metadata": {format!("m{n}"): "x"}}))
                        .send()
                        .await
                }
                1 => {
                    api.patch(&variant)
                        .merge(&json!({"metadata": {format!("m{n}"): "x"}}))
                        .send()
                        .await
                }
                2 => {
                    api.patch(&format!("{variant}?publish=true"))
                        .merge(&json!({"metadata": {format!("m{n}"): "x"}}))
                        .send()
                        .await
                }
                _ => api.post(&publish).send().await,
            }
            .is(200);
        }
    });
    futures::future::join_all(tasks).await;
    let stored = api.get(&format!("{path}?expand=variants")).send().await.value();
    assert_eq!(stored["metadata"].as_object().unwrap().len(), 6);
    assert_eq!(stored["variants"][0]["metadata"].as_object().unwrap().len(), 12);
    api.post(&publish).send().await.is(200);
    let stored = api.get(&path).send().await.value();
    assert_eq!(stored["hasUnpublishedChanges"], false);
    seen(&api, &web, &product).await;
}

/// A body in which everything that has a name has the secret in it.
fn secret_body(secret: &str, category: &Value) -> Value {
    let n = unique("n");
    json!({
        "key": format!("{secret}-{n}"), "name": {"en": format!("{secret} name")}, "slug": {"en": format!("{secret}-{n}")},
        "description": {"en": format!("{secret} text")}, "brand": format!("{secret} brand"), "tags": [format!("{secret} tag")],
        "categories": [category["id"]], "seo": {"title": {"en": format!("{secret} title")}},
        "media": [{"url": format!("https://example.com/{secret}.jpg")}],
    })
}

#[expect(
    clippy::too_many_lines,
    reason = "every state of a product against every operation"
)]
async fn nothing_of_a_draft_is_ever_in_the_store(api: Api) {
    let secret = unique("secret");
    let (web, shop) = (channel(&api, json!({})).await, channel(&api, json!({})).await);
    let shelf = api.category(json!({"slug": unique("slug")})).await;
    let hidden_shelf = api.category(json!({"key": unique("shelf")})).await;
    let variants = || json!([{"sku": unique(&format!("{secret}-SKU"))}]);
    let hidden = async |more: Value, publish: bool| {
        let mut body = secret_body(&secret, &hidden_shelf);
        body["variants"] = variants();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let query = if publish { "?publish=true" } else { "" };
        api.post(&format!("/v1/products{query}"))
            .json(&body)
            .send()
            .await
            .is(201)
            .value()
    };
    let on = |from: Value, until: Value| json!({"channels": [{"channel": web["id"], "publishAt": from, "unpublishAt": until}]});
    let mut secrets = vec![
        ("draft", hidden(json!({}), false).await),
        (
            "scheduled",
            hidden(on(json!("2100-01-01T00:00:00Z"), json!(null)), true).await,
        ),
        (
            "ended",
            hidden(on(json!(null), json!("2020-01-01T00:00:00Z")), true).await,
        ),
        (
            "elsewhere",
            hidden(json!({"channels": [{"channel": shop["id"]}]}), true).await,
        ),
    ];
    for action in ["archive", "unpublish", "delete"] {
        let product = hidden(json!({}), true).await;
        match action {
            "delete" => api.delete(&path(&product)).send().await.is(204),
            action => api
                .post(&format!("{}/{action}", path(&product)))
                .send()
                .await
                .is(200),
        };
        secrets.push((action, product));
    }
    // Products that are on sale, with edits that are not; and one that names all the hidden ones.
    let relations = secrets.iter().filter(|(state, _)| *state != "delete");
    let relations: Vec<_> = relations
        .map(|(_, product)| json!({"kind": "accessory", "product": product["id"]}))
        .collect();
    let (tag, brand) = (unique("tag"), unique("Brand"));
    let public = json!({"tags": [tag], "brand": brand, "categories": [shelf["id"]], "relations": relations});
    let shown = published(&api, public).await;
    let variant = format!("/v1/variants/{}", text(&shown, "/variants/0/id"));
    let edit = json!({
        "sku": unique(&format!("{secret}-SKU")), "key": unique(&secret), "mpn": secret, "metadata": {"m": secret},
        "media": [{"url": format!("https://example.com/{secret}.jpg")}],
    });
    api.patch(&variant).merge(&edit).send().await.is(200);
    let mut edit = secret_body(&secret, &hidden_shelf);
    edit["relations"] = json!([]);
    edit["optionAxes"] = json!([]);
    let staged = api.patch(&path(&shown)).merge(&edit).send().await.is(200).value();
    let lid = api.product(json!({"name": "Lid", "optionAxes": ["size"]})).await;
    let lid_path = path(&lid);
    api.post(&format!("{lid_path}/publish")).send().await.is(200);
    let new = json!({"sku": unique(&format!("{secret}-SKU")), "options": {"size": secret}});
    api.post(&format!("{lid_path}/variants"))
        .json(&new)
        .send()
        .await
        .is(201);

    let mut trial = Trial::default();
    let mut walked = 0;
    let names = |product: &Value| {
        [
            text(product, "/id").to_owned(),
            format!("key:{}", text(product, "/key")),
            format!("slug:{}", text(product, "/slug/en")),
            text(product, "/slug/en").to_owned(),
        ]
    };
    let filters = [
        String::new(),
        format!("brand={brand}"),
        format!("tag={tag}"),
        format!("category={}", text(&shelf, "/id")),
        format!("category={}", text(&hidden_shelf, "/id")),
        format!("brand={secret}%20brand"),
        format!("tag={secret}%20tag"),
        "locale=en".to_owned(),
        "limit=200&count=exact&sort=-updatedAt".to_owned(),
    ];
    for operation in operations() {
        let in_store = operation.path.starts_with("/v1/store/") && operation.method == "GET";
        if !in_store {
            continue;
        }
        walked += 1;
        let address = operation.path.replace("{channel}", text(&web, "/key"));
        if !address.contains("{ref}") {
            assert!(!address.contains('{'), "what else is in {address}?");
            for filter in &filters {
                let answer = api.get(&format!("{address}?{filter}")).anonymous().send().await;
                let clean = !String::from_utf8_lossy(&answer.body).contains(&secret);
                // A parameter that this operation does not have is named by its problem.
                trial.check(clean && answer.status == 200 || answer.status == 400, || {
                    format!("{filter}: {answer:?}")
                });
            }
            continue;
        }
        if address.contains("/categories/") {
            for category in [&shelf, &hidden_shelf] {
                let path = address.replace("{ref}", text(category, "/id"));
                let answer = api.get(&path).anonymous().send().await;
                let clean = !String::from_utf8_lossy(&answer.body).contains(&secret);
                trial.check(clean && answer.status == 200, || format!("{answer:?}"));
                let shown = u64::from(category == &shelf);
                trial.check(answer.value()["productCount"] == shown, || format!("{answer:?}"));
            }
            continue;
        }
        for (state, product) in &secrets {
            for name in names(product) {
                let answer = api.get(&address.replace("{ref}", &name)).anonymous().send().await;
                trial.check(answer.status == 404, || format!("{state} {name}: {answer:?}"));
            }
        }
        for name in names(&shown).into_iter().chain([text(&lid, "/id").to_owned()]) {
            let answer = api.get(&address.replace("{ref}", &name)).anonymous().send().await;
            let clean = !String::from_utf8_lossy(&answer.body).contains(&secret);
            trial.check(clean && answer.status == 200, || format!("{name}: {answer:?}"));
        }
        for name in names(&staged).iter().skip(1) {
            let answer = api.get(&address.replace("{ref}", name)).anonymous().send().await;
            trial.check(answer.status == 404, || format!("staged {name}: {answer:?}"));
        }
    }
    trial.end();
    assert!(walked >= 3, "only {walked} operations of the store were found");
    let list = api
        .get(&store(&web, &format!("?brand={brand}&count=exact")))
        .send()
        .await
        .is(200);
    assert_eq!(list.value()["total"], 1, "what is on sale is there all the while");
    for filter in ["brand", "tag"] {
        let list = api
            .get(&store(&web, &format!("?{filter}={secret}%20{filter}")))
            .send()
            .await;
        assert_eq!(list.is(200).value()["items"], json!([]));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service under test goes by the same clock"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}
