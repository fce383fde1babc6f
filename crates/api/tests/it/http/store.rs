//! The store plane: what is published, for everyone, in a form that any cache can keep.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    only_what_is_published_is_there,
    a_change_is_seen_at_once,
    answers_can_be_kept_and_revalidated,
    tags_are_strong_per_coding,
    lists_bring_variants_and_filter,
    unknown_channels_and_references_are_told,
    texts_are_in_the_default_locale,
);

fn store(reference: &str) -> String {
    format!("/v1/store/default/products/{reference}")
}

/// A published product with a key, slug, brand and one variant.
async fn published(api: &Api, more: Value) -> Value {
    let mut body = json!({
        "key": unique("k"), "name": unique("Kettle"), "slug": unique("slug"), "brand": unique("Brand"),
        "variants": [{"sku": unique("SKU"), "prices": [{"amount": "1.50", "currency": "EUR"}]}],
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

async fn only_what_is_published_is_there(api: Api) {
    let product = published(&api, json!({})).await;
    let (id, key, slug) = (
        text(&product, "/id"),
        text(&product, "/key"),
        text(&product, "/slug/en"),
    );
    let references = [
        id.to_owned(),
        format!("key:{key}"),
        format!("slug:{slug}"),
        slug.to_owned(),
    ];
    let list = format!("/v1/store/default/products?brand={}", text(&product, "/brand"));
    let visible = async |wanted: bool, state: &str| {
        for reference in &references {
            let answer = api.get(&store(reference)).anonymous().send().await;
            if wanted {
                assert_eq!(answer.is(200).value()["id"], product["id"], "{state} {reference}");
            } else {
                answer.problem(404, "resource_not_found");
            }
        }
        let listed = api.get(&list).anonymous().send().await.is(200).value();
        assert_eq!(
            listed["items"].as_array().unwrap().len(),
            usize::from(wanted),
            "{state}"
        );
    };
    visible(true, "published").await;
    let path = format!("/v1/products/{id}");
    for (action, wanted) in [
        ("unpublish", false),
        ("publish", true),
        ("archive", false),
        ("restore", false),
        ("publish", true),
    ] {
        api.post(&format!("{path}/{action}")).send().await.is(200);
        visible(wanted, action).await;
    }
    api.delete(&path).send().await.is(204);
    visible(false, "deleted").await;
    api.post(&format!("{path}/restore")).send().await.is(200);
    visible(true, "restored").await;
    // A token makes no difference, not even a bad one.
    api.get(&store(id)).send().await.is(200);
    api.get(&store(id)).token("nonsense").send().await.is(200);
}

async fn a_change_is_seen_at_once(api: Api) {
    let product = published(&api, json!({})).await;
    let id = text(&product, "/id");
    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    for n in 0..10 {
        let name = format!("Name {n}");
        api.patch(&format!("/v1/products/{id}?publish=true"))
            .merge(&json!({"name": {"en": name}}))
            .send()
            .await
            .is(200);
        let seen = api.get(&store(id)).anonymous().send().await.is(200).value();
        assert_eq!(seen["name"], name);
        let price = json!({"prices": [{"amount": format!("{n}.00"), "currency": "EUR"}]});
        api.patch(&format!("{variant}?publish=true"))
            .merge(&price)
            .send()
            .await
            .is(200);
        let seen = api.get(&store(id)).anonymous().send().await.is(200).value();
        assert_eq!(seen["variants"][0]["price"]["amount"], format!("{n}.00"));
    }
    api.delete(&variant).send().await.is(204);
    let seen = api.get(&store(id)).anonymous().send().await.is(200).value();
    assert_eq!(seen["variants"], json!([]));
}

async fn answers_can_be_kept_and_revalidated(api: Api) {
    let product = published(&api, json!({})).await;
    let path = store(text(&product, "/id"));
    let answer = api.get(&path).anonymous().send().await.is(200);
    let kept = "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=10";
    assert_eq!(answer.header("cache-control"), kept);
    assert_eq!(
        answer.header("surrogate-key"),
        format!("product-{} catalog", text(&product, "/id"))
    );
    assert_eq!(answer.header("vary"), "accept-encoding");
    let tag = answer.header("etag");
    for condition in [tag, "*", &format!("W/{tag}"), &format!("\"x\", {tag}")] {
        let fresh = api
            .get(&path)
            .anonymous()
            .header("if-none-match", condition)
            .send()
            .await
            .is(304);
        assert_eq!(fresh.body, b"");
        assert_eq!(fresh.header("etag"), tag);
        assert_eq!(fresh.header("cache-control"), kept);
        assert!(fresh.find("surrogate-key").is_some());
    }
    // The tag is one of the bytes: a write that shows nowhere leaves it alone but for the time of the change.
    let same = api.get(&path).anonymous().send().await.is(200);
    assert_eq!((same.header("etag"), &same.body), (tag, &answer.body));
    let management = format!("/v1/products/{}?publish=true", text(&product, "/id"));
    api.patch(&management)
        .merge(&json!({"tags": ["x"]}))
        .send()
        .await
        .is(200);
    let changed = api
        .get(&path)
        .anonymous()
        .header("if-none-match", tag)
        .send()
        .await
        .is(200);
    assert_ne!(changed.header("etag"), tag);

    let list = api
        .get("/v1/store/default/products?limit=1")
        .anonymous()
        .send()
        .await
        .is(200);
    assert_eq!(list.header("cache-control"), kept);
    let problem = api.get(&store("nowhere")).anonymous().send().await.is(404);
    assert!(
        problem
            .find("cache-control")
            .is_none_or(|kept| !kept.contains("s-maxage"))
    );
}

async fn tags_are_strong_per_coding(api: Api) {
    let product = published(&api, json!({"description": "long ".repeat(1000)})).await;
    let path = store(text(&product, "/id"));
    let mut tags = std::collections::BTreeSet::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let get = || api.get(&path).anonymous().header("accept-encoding", coding);
        let answer = get().send().await.is(200);
        assert_eq!(answer.find("content-encoding").unwrap_or("identity"), coding);
        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        get().header("if-none-match", &tag).send().await.is(304);
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 4, "{tags:?}");
}

async fn lists_bring_variants_and_filter(api: Api) {
    let root = api.category(json!({"slug": unique("slug")})).await;
    let leaf = api.category(json!({"parent": root["id"]})).await;
    let (tag, brand) = (unique("tag"), unique("Brand"));
    let own = json!({"categories": [leaf["id"]], "tags": [tag], "brand": brand});
    let product = published(&api, own.clone()).await;
    let mut draft = own;
    draft["name"] = "Draft".into();
    api.post("/v1/products").json(&draft).send().await.is(201);

    let single = api
        .get(&store(text(&product, "/id")))
        .anonymous()
        .send()
        .await
        .value();
    assert_eq!(single["variants"][0]["sku"], product["variants"][0]["sku"]);
    for filter in [
        format!("category={}", text(&root, "/id")),
        format!("category={}", text(&leaf, "/id")),
        format!("category=slug:{}", text(&root, "/slug/en")),
        format!("tag={tag}"),
        format!("brand={brand}&tag={tag}"),
    ] {
        let list = format!("/v1/store/default/products?{filter}&count=exact");
        let page = api.get(&list).anonymous().send().await.is(200).value();
        assert_eq!(
            (&page["items"], &page["total"]),
            (&json!([single]), &json!(1)),
            "{filter}"
        );
    }
    for _ in 0..4 {
        published(&api, json!({"brand": brand})).await;
    }
    let list = format!("/v1/store/default/products?brand={brand}&limit=2");
    let first = api.get(&list).anonymous().send().await.is(200);
    let link = first
        .header("link")
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    let second = api.get(link).anonymous().send().await.is(200).value();
    assert_eq!(second["items"].as_array().unwrap().len(), 2);
    assert_ne!(second["items"], first.value()["items"]);
    for management in [
        "status=draft",
        "deleted=true",
        "updatedSince=2020-01-01T00:00:00Z",
    ] {
        let list = format!("/v1/store/default/products?{management}");
        api.get(&list)
            .anonymous()
            .send()
            .await
            .problem(400, "filter_unknown_field");
    }
}

async fn unknown_channels_and_references_are_told(api: Api) {
    let product = published(&api, json!({})).await;
    let id = text(&product, "/id");
    for path in [
        format!("/v1/store/other/products/{id}"),
        "/v1/store/other/products".to_owned(),
        "/v1/store/DEFAULT/products".to_owned(),
        store("0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"),
        store("key:nowhere"),
        store("slug:nowhere"),
        store("nowhere"),
    ] {
        api.get(&path)
            .anonymous()
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    for path in [
        store("sku:x"),
        store("key:-"),
        store("UPPER"),
        store("a%20b"),
        store("%00"),
    ] {
        api.get(&path)
            .anonymous()
            .send()
            .await
            .problem(400, "invalid_parameter");
    }
    let sku = text(&product, "/variants/0/sku");
    assert!(!sku.is_empty());
}

async fn texts_are_in_the_default_locale(api: Api) {
    let both = published(&api, json!({"name": {"de": "Kessel", "en": "Kettle"}})).await;
    let seen = api
        .get(&store(text(&both, "/id")))
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(seen["name"], "Kettle");
    assert_eq!(seen["slug"], both["slug"]["en"]);
    let slug = unique("nur-deutsch");
    let german = published(&api, json!({"name": {"de": "Nur deutsch"}, "slug": {"de": slug}})).await;
    let seen = api
        .get(&store(text(&german, "/id")))
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        (&seen["name"], &seen["slug"]),
        (&json!("Nur deutsch"), &json!(slug))
    );
    for internal in ["version", "metadata", "status", "createdAt"] {
        assert!(seen.get(internal).is_none(), "{internal}");
    }
}
