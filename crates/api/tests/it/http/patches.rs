//! PATCH: both kinds, applied to what is stored when they take effect.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Api, Trial, on_both, text, unique};

on_both!(
    merge_patches_set_and_remove,
    json_patches_apply_in_order_or_not_at_all,
    patches_that_cannot_be_are_refused,
    concurrent_patches_of_disjoint_fields_all_survive,
    a_patch_that_changes_nothing_keeps_the_version,
);

async fn path(api: &Api, more: Value) -> String {
    let product = api.product(more).await;
    format!("/v1/products/{}", text(&product, "/id"))
}

async fn merge_patches_set_and_remove(api: Api) {
    let path = path(
        &api,
        json!({"brand": "Old", "tags": ["a", "b"], "metadata": {"keep": "1", "drop": "2"}}),
    )
    .await;
    let patch = json!({"brand": null, "tags": ["c"], "metadata": {"drop": null, "add": "3"}, "name": {"de": "Kessel"}});
    let answer = api.patch(&path).merge(&patch).send().await.is(200);
    let patched = answer.value();
    assert_eq!(answer.header("etag"), "\"2-m3\"");
    assert!(patched.get("brand").is_none());
    assert_eq!(patched["tags"], json!(["c"]));
    assert_eq!(patched["metadata"], json!({"keep": "1", "add": "3"}));
    assert_eq!(patched["name"]["de"], "Kessel");
    assert!(patched["name"]["en"].is_string());
    assert_eq!(patched["version"], 2);
    assert_eq!(api.get(&path).send().await.value(), patched);
}

async fn json_patches_apply_in_order_or_not_at_all(api: Api) {
    let path = path(&api, json!({"brand": "Old", "tags": ["a", "b"]})).await;
    let operations = json!([
        {"op": "test", "path": "/brand", "value": "Old"},
        {"op": "replace", "path": "/brand", "value": "New"},
        {"op": "add", "path": "/tags/1", "value": "x"},
        {"op": "add", "path": "/tags/-", "value": "z"},
        {"op": "remove", "path": "/tags/0"},
        {"op": "copy", "from": "/brand", "path": "/metadata/brand"},
        {"op": "move", "from": "/tags/2", "path": "/tags/0"},
    ]);
    let patched = api
        .patch(&path)
        .operations(&operations)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(patched["brand"], "New");
    assert_eq!(patched["tags"], json!(["z", "x", "b"]));
    assert_eq!(patched["metadata"], json!({"brand": "New"}));

    let failing = json!([
        {"op": "replace", "path": "/brand", "value": "Newer"},
        {"op": "test", "path": "/tags/0", "value": "a"},
    ]);
    let refused = api.patch(&path).operations(&failing).send().await;
    refused.has_faults(&[("/1", "patch_failed")]);
    assert_eq!(api.get(&path).send().await.value(), patched);
}

async fn patches_that_cannot_be_are_refused(api: Api) {
    let path = path(&api, json!({"brand": "Old"})).await;
    let before = api.get(&path).send().await.value();
    let operations = [
        (
            json!([{"op": "remove", "path": "/nothing"}]),
            ("/0", "patch_failed"),
        ),
        (
            json!([{"op": "remove", "path": "/tags/5"}]),
            ("/0", "patch_failed"),
        ),
        (
            json!([{"op": "replace", "path": "/brand/x", "value": 1}]),
            ("/0", "patch_failed"),
        ),
        (json!([{"op": "add", "path": "/tags/-"}]), ("", "patch_failed")),
        (json!([{"op": "spread", "path": "/tags"}]), ("", "patch_failed")),
        (
            json!([{"op": "add", "path": "tags", "value": []}]),
            ("", "patch_failed"),
        ),
        (json!({"op": "remove", "path": "/brand"}), ("", "patch_failed")),
        (json!([{"op": "remove", "path": "/name"}]), ("/name", "required")),
        (
            json!([{"op": "add", "path": "/colour", "value": 1}]),
            ("/colour", "unknown_field"),
        ),
        (
            json!([{"op": "add", "path": "/id", "value": "x"}]),
            ("/id", "unknown_field"),
        ),
        (
            json!([{"op": "replace", "path": "/brand", "value": 7}]),
            ("/brand", "wrong_type"),
        ),
        (
            json!([{"op": "replace", "path": "", "value": []}]),
            ("", "wrong_type"),
        ),
    ];
    let merges = [
        (json!({"name": null}), ("/name", "required")),
        (json!({"colour": 1}), ("/colour", "unknown_field")),
        (json!({"version": 1}), ("/version", "unknown_field")),
        (json!({"status": "published"}), ("/status", "unknown_field")),
        (json!({"metadata": {"n": 1}}), ("/metadata/n", "wrong_type")),
        (
            json!({"variants": [{"sku": "A"}]}),
            ("/variants", "unknown_field"),
        ),
        (
            json!({"categories": ["key:nowhere"]}),
            ("/categories/0", "reference_not_found"),
        ),
        (json!([]), ("", "wrong_type")),
        (json!(null), ("", "wrong_type")),
    ];
    let mut trial = Trial::default();
    let operations = operations.into_iter().map(|case| (true, case));
    for (is_json_patch, (patch, expected)) in operations.chain(merges.into_iter().map(|case| (false, case))) {
        let call = api.patch(&path);
        let call = if is_json_patch {
            call.operations(&patch)
        } else {
            call.merge(&patch)
        };
        let answer = call.send().await;
        let expected = vec![(expected.0.to_owned(), expected.1.to_owned())];
        trial.check(answer.status == 422 && answer.faults() == expected, || {
            format!("{patch} -> {answer:?}")
        });
    }
    trial.end();
    assert_eq!(api.get(&path).send().await.value(), before);
}

const WRITERS: usize = 16;

async fn concurrent_patches_of_disjoint_fields_all_survive(api: Api) {
    let path = path(&api, json!({})).await;
    let writers = (0..WRITERS).map(|n| {
        let call = match n % 2 {
            0 => api
                .patch(&path)
                .merge(&json!({"metadata": {format!("k{n}"): "v"}})),
            _ => api
                .patch(&path)
                .operations(&json!([{"op": "add", "path": format!("/metadata/k{n}"), "value": "v"}])),
        };
        call.send()
    });
    for answer in join_all(writers).await {
        answer.is(200);
    }
    let stored = api.get(&path).send().await.value();
    assert_eq!(stored["metadata"].as_object().unwrap().len(), WRITERS, "{stored}");
    assert_eq!(stored["version"], WRITERS + 1);
}

async fn a_patch_that_changes_nothing_keeps_the_version(api: Api) {
    let brand = unique("Brand");
    let path = path(&api, json!({"brand": brand})).await;
    let before = api.get(&path).send().await.value();
    for call in [
        api.patch(&path).merge(&json!({})),
        api.patch(&path).merge(&json!({"brand": brand})),
        api.patch(&path).operations(&json!([])),
        api.patch(&path)
            .operations(&json!([{"op": "test", "path": "/brand", "value": brand}])),
    ] {
        let answer = call.send().await.is(200);
        assert_eq!(answer.header("etag"), "\"1-m3\"");
        assert_eq!(answer.value(), before);
    }
}
