//! Entity tags, and the conditions that requests set by them.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    reads_answer_304_for_a_tag_that_is_right,
    writes_obey_if_match,
    a_tag_of_any_representation_and_coding_will_do,
    if_match_that_is_no_tag_is_refused,
    if_none_match_makes_put_create_only,
    actions_and_deletions_obey_conditions,
    the_expanded_tag_moves_with_the_variants,
);

/// The path of a new resource of each kind, and a body that replaces it.
async fn resources(api: &Api) -> [(String, Value); 3] {
    let (product, category) = (api.product(json!({})).await, api.category(json!({})).await);
    let sku = unique("SKU");
    let variant = api.variant(text(&product, "/id"), json!({"sku": sku})).await;
    [
        (
            format!("/v1/products/{}", text(&product, "/id")),
            json!({"name": "New"}),
        ),
        (
            format!("/v1/categories/{}", text(&category, "/id")),
            json!({"name": "New"}),
        ),
        (
            format!("/v1/variants/{}", text(&variant, "/id")),
            json!({"sku": sku, "mpn": "New"}),
        ),
    ]
}

async fn reads_answer_304_for_a_tag_that_is_right(api: Api) {
    for (path, body) in resources(&api).await {
        let read = api.get(&path).send().await.is(200);
        let tag = read.header("etag");
        assert!(tag.starts_with("\"1-"), "{tag}");
        assert_eq!(read.header("cache-control"), "private, no-cache");
        for condition in [
            tag.to_owned(),
            format!("\"x\", {tag}"),
            format!("W/{tag}"),
            "*".to_owned(),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let answer = api
                    .call(method, &path)
                    .header("if-none-match", &condition)
                    .send()
                    .await
                    .is(304);
                assert_eq!(answer.body, b"");
                assert_eq!(answer.header("etag"), tag);
            }
        }
        api.get(&path)
            .header("if-none-match", "\"x\"")
            .send()
            .await
            .is(200);
        let garbage = api.get(&path).header("if-none-match", "x").send().await;
        garbage.problem(400, "invalid_parameter");

        let written = api.put(&path).json(&body).send().await.is(200);
        assert!(written.header("etag").starts_with("\"2-"));
        let read = api.get(&path).header("if-none-match", tag).send().await.is(200);
        assert_eq!(read.header("etag"), written.header("etag"));
    }
}

async fn writes_obey_if_match(api: Api) {
    for (path, body) in resources(&api).await {
        let first = api.get(&path).send().await.header("etag").to_owned();
        let written = api
            .put(&path)
            .header("if-match", &first)
            .json(&body)
            .send()
            .await
            .is(200);
        let second = written.header("etag").to_owned();

        for call in [
            api.put(&path).json(&body),
            api.patch(&path).merge(&json!({"metadata": {"a": "b"}})),
            api.patch(&path).merge(&json!({})),
            api.delete(&path),
        ] {
            let problem = call
                .header("if-match", &first)
                .send()
                .await
                .problem(412, "version_conflict");
            assert_eq!(problem["currentVersion"], 2);
        }
        // A weak tag never matches strongly, nor does one that was never given out.
        for condition in [
            format!("W/{second}"),
            "\"2\"".to_owned(),
            "\"other\"".to_owned(),
            "\"99-m1\"".to_owned(),
        ] {
            let answer = api
                .patch(&path)
                .header("if-match", &condition)
                .merge(&json!({}))
                .send()
                .await;
            answer.problem(412, "version_conflict");
        }
        for condition in [second.clone(), format!("\"x\", {second}"), "*".to_owned()] {
            let call = api.patch(&path).header("if-match", &condition);
            call.merge(&json!({})).send().await.is(200);
        }
        let patched = api
            .patch(&path)
            .header("if-match", &second)
            .merge(&json!({"metadata": {"a": "b"}}));
        assert!(patched.send().await.is(200).header("etag").starts_with("\"3-"));
    }
}

async fn a_tag_of_any_representation_and_coding_will_do(api: Api) {
    let product = api.product(json!({"description": "long ".repeat(1000)})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let mut tags = std::collections::BTreeSet::new();
    for query in ["", "?expand=variants"] {
        for coding in ["identity", "gzip", "br", "zstd"] {
            let read = api
                .get(&format!("{path}{query}"))
                .header("accept-encoding", coding)
                .send()
                .await
                .is(200);
            assert_eq!(read.find("content-encoding").unwrap_or("identity"), coding);
            tags.insert(read.header("etag").to_owned());
        }
    }
    assert_eq!(tags.len(), 8, "{tags:?}");
    for (n, tag) in (0..).zip(&tags) {
        let call = api.patch(&path).header("if-match", tag).merge(&json!({}));
        call.send().await.is(200);
        let other = if n < 4 { "\"1-m3\"" } else { "\"2-m1\"" };
        let stale = api
            .patch(&path)
            .header("if-match", other)
            .merge(&json!({}))
            .send()
            .await;
        // Versions decide, not the shape of the body that the tag was given with.
        assert_eq!(stale.status, if n < 4 { 200 } else { 412 });
    }
}

async fn if_match_that_is_no_tag_is_refused(api: Api) {
    for (path, body) in resources(&api).await {
        for garbage in [
            "1",
            "\"1",
            "garbage",
            "\"1\" \"2\"",
            "*, \"1\"",
            "\"a\",",
            "W/1",
            "''",
            "\"\u{e9}\"",
        ] {
            for call in [
                api.put(&path).json(&body),
                api.patch(&path).merge(&json!({})),
                api.delete(&path),
            ] {
                let problem = call
                    .header("if-match", garbage)
                    .send()
                    .await
                    .problem(400, "invalid_parameter");
                assert_eq!(problem["parameter"], "If-Match");
            }
        }
        let both = api
            .put(&path)
            .json(&body)
            .header("if-match", "*")
            .header("if-none-match", "*");
        both.send().await.problem(400, "invalid_parameter");
        assert!(api.get(&path).send().await.header("etag").starts_with("\"1-"));
    }
}

async fn if_none_match_makes_put_create_only(api: Api) {
    let owner = api.product(json!({})).await;
    let cases = [
        ("products", json!({"name": "x"})),
        ("categories", json!({"name": "x"})),
        ("variants", json!({"sku": unique("S"), "product": owner["id"]})),
    ];
    for (kind, body) in cases {
        let path = format!("/v1/{kind}/key:{}", unique("only"));
        let absent = api.put(&path).header("if-match", "*").json(&body).send().await;
        absent.problem(412, "precondition_failed");
        api.put(&path)
            .header("if-none-match", "*")
            .json(&body)
            .send()
            .await
            .is(201);
        let there = api
            .put(&path)
            .header("if-none-match", "*")
            .json(&body)
            .send()
            .await;
        there.problem(412, "precondition_failed");
        let tag = api
            .put(&path)
            .header("if-none-match", "\"1-m1\"")
            .json(&body)
            .send()
            .await;
        tag.problem(400, "invalid_parameter");
        api.put(&path)
            .header("if-match", "*")
            .json(&body)
            .send()
            .await
            .is(200);
    }
}

async fn actions_and_deletions_obey_conditions(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    for action in ["publish", "unpublish", "archive", "restore"] {
        let action = format!("{path}/{action}");
        let stale = api.post(&action).header("if-match", "\"77-m1\"").send().await;
        stale.problem(412, "version_conflict");
        let tag = api.get(&path).send().await.header("etag").to_owned();
        let moved = api.post(&action).header("if-match", &tag).send().await.is(200);
        assert_eq!(moved.header("etag"), api.get(&path).send().await.header("etag"));
    }
    let tag = api.get(&path).send().await.header("etag").to_owned();
    api.delete(&path).header("if-match", &tag).send().await.is(204);
}

async fn the_expanded_tag_moves_with_the_variants(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let expanded = format!("{path}?expand=variants");
    let first = api.get(&expanded).send().await.header("etag").to_owned();
    let plain = api.get(&path).send().await.header("etag").to_owned();
    let variant = api.variant(text(&product, "/id"), json!({})).await;

    let second = api
        .get(&expanded)
        .header("if-none-match", &first)
        .send()
        .await
        .is(200);
    assert_eq!(second.value()["variants"][0]["sku"], variant["sku"]);
    api.get(&path)
        .header("if-none-match", &plain)
        .send()
        .await
        .is(304);

    let second = second.header("etag").to_owned();
    let variant = format!("/v1/variants/{}", text(&variant, "/id"));
    api.patch(&variant)
        .merge(&json!({"mpn": "X"}))
        .send()
        .await
        .is(200);
    let third = api
        .get(&expanded)
        .header("if-none-match", &second)
        .send()
        .await
        .is(200);
    assert_eq!(third.value()["variants"][0]["mpn"], "X");
}
