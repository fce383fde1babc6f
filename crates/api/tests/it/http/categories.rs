//! Categories: a tree that stays one, whatever is asked at once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    a_tree_is_built_and_shows_its_paths,
    a_move_takes_everything_below_along,
    no_category_becomes_its_own_ancestor,
    concurrent_moves_make_no_cycle,
    the_tree_is_twelve_levels_deep,
    a_category_in_use_is_not_deleted,
    a_deleted_category_comes_back_where_it_was,
    categories_are_replaced_patched_and_unique,
);

fn path(category: &Value) -> String {
    format!("/v1/categories/{}", text(category, "/id"))
}

async fn chain(api: &Api, levels: usize) -> Vec<Value> {
    let mut chain: Vec<Value> = Vec::new();
    for _ in 0..levels {
        let parent = chain.last().map(|above| above["id"].clone()).unwrap_or_default();
        chain.push(api.category(json!({"parent": parent})).await);
    }
    chain
}

fn ids(categories: &[Value]) -> Value {
    categories.iter().map(|category| category["id"].clone()).collect()
}

async fn a_tree_is_built_and_shows_its_paths(api: Api) {
    let (key, slug) = (unique("c"), unique("slug"));
    let root = json!({"key": key, "slug": slug, "position": 2, "description": "All", "metadata": {"a": "b"}});
    let root = api.category(root).await;
    assert_eq!(root["path"], json!([]));
    assert!(root.get("parent").is_none());
    let by_key = api.category(json!({"parent": format!("key:{key}")})).await;
    assert_eq!(by_key["parent"], root["id"]);
    assert_eq!(by_key["path"], json!([root["id"]]));
    let deeper = api.category(json!({"parent": by_key["id"]})).await;
    assert_eq!(deeper["path"], json!([root["id"], by_key["id"]]));
    for reference in [
        format!("key:{key}"),
        format!("slug:{slug}"),
        text(&root, "/id").to_owned(),
    ] {
        let found = api
            .get(&format!("/v1/categories/{reference}"))
            .send()
            .await
            .is(200);
        assert_eq!(found.value(), root, "{reference}");
    }
    let children = api
        .get(&format!("/v1/categories?parent=key:{key}"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(children["items"], json!([by_key]));
    for lost in [
        "key:nowhere",
        "slug:nowhere",
        "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64",
    ] {
        let body = json!({"name": "x", "parent": lost});
        let answer = api.post("/v1/categories").json(&body).send().await;
        answer.has_faults(&[("/parent", "reference_not_found")]);
        let answer = api.get(&format!("/v1/categories/{lost}")).send().await;
        answer.problem(404, "resource_not_found");
        let answer = api.get(&format!("/v1/categories?parent={lost}")).send().await;
        answer.problem(400, "invalid_parameter");
    }
}

async fn a_move_takes_everything_below_along(api: Api) {
    let old = chain(&api, 3).await;
    let new = chain(&api, 2).await;
    let tag = api.get(&path(&old[2])).send().await.header("etag").to_owned();
    let patch = json!({"parent": new[1]["id"]});
    let moved = api
        .patch(&path(&old[1]))
        .merge(&patch)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(moved["path"], ids(&new));
    // The child was not written, but shows another path, so that its tag is another one.
    let child = api
        .get(&path(&old[2]))
        .header("if-none-match", &tag)
        .send()
        .await
        .is(200);
    assert_eq!(
        child.value()["path"],
        json!([new[0]["id"], new[1]["id"], old[1]["id"]])
    );
    assert_eq!(child.value()["version"], 1);
    let conditional = api
        .patch(&path(&old[2]))
        .header("if-match", &tag)
        .merge(&json!({"position": 1}));
    conditional.send().await.is(200);
    let root = api
        .patch(&path(&old[1]))
        .merge(&json!({"parent": null}))
        .send()
        .await
        .is(200);
    assert_eq!(root.value()["path"], json!([]));
}

async fn no_category_becomes_its_own_ancestor(api: Api) {
    let tree = chain(&api, 3).await;
    for below in &tree {
        let patch = json!({"parent": below["id"]});
        let problem = api
            .patch(&path(&tree[0]))
            .merge(&patch)
            .send()
            .await
            .problem(409, "category_cycle");
        assert_eq!(problem["errors"][0]["pointer"], "/parent");
        let body = json!({"name": "x", "parent": below["id"]});
        let put = api.put(&path(&tree[0])).json(&body).send().await;
        put.problem(409, "category_cycle");
    }
    assert_eq!(api.get(&path(&tree[0])).send().await.value(), tree[0]);
}

async fn concurrent_moves_make_no_cycle(api: Api) {
    for _ in 0..4 {
        let (a, b) = (api.category(json!({})).await, api.category(json!({})).await);
        let moves = [(&a, &b), (&b, &a)].map(|(child, parent)| {
            let patch = json!({"parent": parent["id"]});
            api.patch(&path(child)).merge(&patch).send()
        });
        let answers = join_all(moves).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{answers:?}");
        let lost = answers.iter().find(|answer| answer.status == 409).unwrap();
        lost.problem(409, "category_cycle");
    }
}

async fn the_tree_is_twelve_levels_deep(api: Api) {
    let tree = chain(&api, 12).await;
    let too_deep = json!({"name": "x", "parent": tree[11]["id"]});
    let problem = api
        .post("/v1/categories")
        .json(&too_deep)
        .send()
        .await
        .problem(409, "state_conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/parent");
    let two = chain(&api, 2).await;
    // Its child would be on the thirteenth level.
    let patch = json!({"parent": tree[10]["id"]});
    api.patch(&path(&two[0]))
        .merge(&patch)
        .send()
        .await
        .problem(409, "state_conflict");
    let patch = json!({"parent": tree[9]["id"]});
    api.patch(&path(&two[0])).merge(&patch).send().await.is(200);
}

async fn a_category_in_use_is_not_deleted(api: Api) {
    let tree = chain(&api, 2).await;
    api.delete(&path(&tree[0]))
        .send()
        .await
        .problem(409, "referenced");
    let product = api.product(json!({"categories": [tree[1]["id"]]})).await;
    api.delete(&path(&tree[1]))
        .send()
        .await
        .problem(409, "referenced");
    let product = format!("/v1/products/{}", text(&product, "/id"));
    api.patch(&product)
        .merge(&json!({"categories": []}))
        .send()
        .await
        .is(200);
    api.delete(&path(&tree[1])).send().await.is(204);
    api.delete(&path(&tree[0])).send().await.is(204);
    api.get(&path(&tree[0]))
        .send()
        .await
        .problem(404, "resource_not_found");

    let patch = json!({"categories": [tree[0]["id"]]});
    let answer = api.patch(&product).merge(&patch).send().await;
    answer.has_faults(&[("/categories/0", "reference_not_found")]);
}

async fn a_deleted_category_comes_back_where_it_was(api: Api) {
    let tree = chain(&api, 2).await;
    let restore = |category: &Value| api.post(&format!("{}/restore", path(category)));
    restore(&tree[1]).send().await.problem(409, "state_conflict");
    api.delete(&path(&tree[1])).send().await.is(204);
    api.delete(&path(&tree[0])).send().await.is(204);
    // Its parent is not there.
    restore(&tree[1]).send().await.problem(409, "state_conflict");
    restore(&tree[0]).send().await.is(200);
    let restored = restore(&tree[1]).send().await.is(200).value();
    assert_eq!(restored["path"], tree[1]["path"]);
    assert_eq!(restored["version"], 3);
    assert!(restored.get("deletedAt").is_none());

    let (key, slug) = (unique("c"), unique("slug"));
    for (names, code) in [
        (json!({"key": key}), "duplicate_key"),
        (json!({"slug": slug}), "duplicate_slug"),
    ] {
        let first = api.category(names.clone()).await;
        api.delete(&path(&first)).send().await.is(204);
        let second = api.category(names).await;
        let problem = restore(&first).send().await.problem(409, code);
        assert_eq!(problem["conflictingId"], second["id"]);
    }
}

async fn categories_are_replaced_patched_and_unique(api: Api) {
    let (key, slug) = (unique("c"), unique("slug"));
    let path = format!("/v1/categories/key:{key}");
    let body = json!({"name": {"en": "Kettles", "de": "Kessel"}, "slug": slug, "position": 7});
    let created = api.put(&path).json(&body).send().await.is(201).value();
    let repeated = api.put(&path).json(&body).send().await.is(200).value();
    assert_eq!(repeated, created);
    let less = api
        .put(&path)
        .json(&json!({"name": "Pots"}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(less["position"], 0);
    assert_eq!(less["slug"], created["slug"]);
    assert_eq!(less["version"], 2);
    let other_key = api
        .put(&path)
        .json(&json!({"name": "x", "key": "other"}))
        .send()
        .await;
    other_key.has_faults(&[("/key", "pattern")]);

    let operations = json!([{"op": "test", "path": "/position", "value": 0}, {"op": "replace", "path": "/position", "value": 4}]);
    let patched = api
        .patch(&path)
        .operations(&operations)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(patched["position"], 4);
    api.patch(&path)
        .operations(&operations)
        .send()
        .await
        .has_faults(&[("/0", "patch_failed")]);
    let nothing = api.patch(&path).merge(&json!({})).send().await.is(200).value();
    assert_eq!(nothing, patched);

    for (names, code, pointer) in [
        (json!({"name": "x", "key": key}), "duplicate_key", "/key"),
        (json!({"name": "x", "slug": slug}), "duplicate_slug", "/slug"),
    ] {
        let problem = api
            .post("/v1/categories")
            .json(&names)
            .send()
            .await
            .problem(409, code);
        assert_eq!(problem["conflictingId"], created["id"]);
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    let writers = (0..12).map(|n| {
        let patch = json!({"metadata": {format!("k{n}"): "v"}});
        api.patch(&path).merge(&patch).send()
    });
    for answer in join_all(writers).await {
        answer.is(200);
    }
    let stored = api.get(&path).send().await.value();
    assert_eq!(stored["metadata"].as_object().unwrap().len(), 12);
}
