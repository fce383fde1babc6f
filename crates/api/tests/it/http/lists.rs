//! Filters of lists, and parameters that are none.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    products_are_filtered_by_every_filter,
    a_category_brings_those_below_it,
    types_and_unpublished_changes_are_filters,
    times_bound_what_was_changed,
    deleted_ones_have_their_own_list,
    unknown_and_malformed_parameters_are_refused,
);

/// The ids in a list, sorted.
async fn listed(api: &Api, path: &str) -> Vec<String> {
    let body = api.get(path).send().await.is(200).value();
    assert_eq!(body["nextCursor"], Value::Null);
    let items = body["items"].as_array().unwrap().iter();
    let mut ids: Vec<_> = items.map(|item| text(item, "/id").to_owned()).collect();
    ids.sort();
    ids
}

fn expected(products: &[&Value]) -> Vec<String> {
    let mut ids: Vec<_> = products
        .iter()
        .map(|product| text(product, "/id").to_owned())
        .collect();
    ids.sort();
    ids
}

/// Parameters, and the products that they leave.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a Value]);

async fn products_are_filtered_by_every_filter(api: Api) {
    let (brand, tag) = (unique("Ærø & Söhne+"), unique("tag"));
    let draft = api.product(json!({"brand": brand, "tags": ["a", tag]})).await;
    let published = api.product(json!({"brand": brand, "tags": [tag]})).await;
    let archived = api.product(json!({"brand": brand})).await;
    let elsewhere = api.product(json!({"tags": [tag]})).await;
    for (product, action) in [(&published, "publish"), (&archived, "archive")] {
        let path = format!("/v1/products/{}/{action}", text(product, "/id"));
        api.post(&path).send().await.is(200);
    }
    let query = |pairs: &[(&str, &str)]| {
        let url = reqwest::Url::parse_with_params("http://x/v1/products", pairs).unwrap();
        format!("{}?{}", url.path(), url.query().unwrap())
    };
    let cases: [Case<'_>; 8] = [
        (&[("brand", &brand)], &[&draft, &published, &archived]),
        (&[("tag", &tag)], &[&draft, &published, &elsewhere]),
        (&[("brand", &brand), ("tag", &tag)], &[&draft, &published]),
        (&[("brand", &brand), ("status", "draft")], &[&draft]),
        (&[("brand", &brand), ("status", "published")], &[&published]),
        (&[("brand", &brand), ("status", "archived")], &[&archived]),
        (&[("brand", &brand.to_lowercase())], &[]),
        (&[("brand", &brand[..brand.len() - 1])], &[]),
    ];
    for (pairs, found) in cases {
        assert_eq!(listed(&api, &query(pairs)).await, expected(found), "{pairs:?}");
    }
}

async fn a_category_brings_those_below_it(api: Api) {
    let (key, slug) = (unique("c"), unique("slug"));
    let root = api.category(json!({"key": key, "slug": slug})).await;
    let middle = api.category(json!({"parent": root["id"]})).await;
    let leaf = api.category(json!({"parent": middle["id"]})).await;
    let in_root = api.product(json!({"categories": [root["id"], leaf["id"]]})).await;
    let in_leaf = api.product(json!({"categories": [leaf["id"]]})).await;
    for reference in [
        text(&root, "/id").to_owned(),
        format!("key:{key}"),
        format!("slug:{slug}"),
    ] {
        let found = listed(&api, &format!("/v1/products?category={reference}")).await;
        assert_eq!(found, expected(&[&in_root, &in_leaf]), "{reference}");
    }
    let below = format!("/v1/products?category={}", text(&middle, "/id"));
    assert_eq!(listed(&api, &below).await, expected(&[&in_root, &in_leaf]));
    let total = api.get(&format!("{below}&count=exact")).send().await.value();
    assert_eq!(total["total"], 2);

    // A move is seen at once.
    let path = format!("/v1/categories/{}", text(&leaf, "/id"));
    api.patch(&path)
        .merge(&json!({"parent": null}))
        .send()
        .await
        .is(200);
    assert_eq!(listed(&api, &below).await, expected(&[]));
    for wrong in ["key:nowhere", "nonsense", "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"] {
        let problem = api.get(&format!("/v1/products?category={wrong}")).send().await;
        let problem = problem.problem(400, "invalid_parameter");
        assert_eq!(problem["parameter"], "category");
    }
}

async fn types_and_unpublished_changes_are_filters(api: Api) {
    let (key, brand) = (unique("type"), unique("Brand"));
    let path = format!("/v1/product-types/key:{key}");
    let made = api.put(&path).json(&json!({"name": "Type"})).send().await.is(201);
    let id = text(&made.value(), "/id").to_owned();
    let typed = api
        .product(json!({"brand": brand, "productType": format!("key:{key}")}))
        .await;
    let generic = api.product(json!({"brand": brand})).await;
    let live = api.product(json!({"brand": brand})).await;
    let at = format!("/v1/products/{}", text(&live, "/id"));
    api.post(&format!("{at}/publish")).send().await.is(200);
    let list = format!("/v1/products?brand={brand}");
    for reference in [id, format!("key:{key}")] {
        let found = listed(&api, &format!("{list}&productType={reference}")).await;
        assert_eq!(found, expected(&[&typed]), "{reference}");
    }
    let others = listed(&api, &format!("{list}&productType=key:generic")).await;
    assert_eq!(others, expected(&[&generic, &live]));
    let split = async || {
        let staged = listed(&api, &format!("{list}&hasUnpublishedChanges=true")).await;
        (
            staged,
            listed(&api, &format!("{list}&hasUnpublishedChanges=false")).await,
        )
    };
    assert_eq!(split().await, (expected(&[&typed, &generic]), expected(&[&live])));
    // A variant's changes are its product's.
    let variant = api.variant(text(&live, "/id"), json!({})).await;
    assert_eq!(
        split().await,
        (expected(&[&typed, &generic, &live]), expected(&[]))
    );
    let variant = format!("/v1/variants/{}", text(&variant, "/id"));
    let publish = api
        .patch(&format!("{variant}?publish=true"))
        .merge(&json!({"mpn": "1"}));
    publish.send().await.is(200);
    assert_eq!(split().await, (expected(&[&typed, &generic]), expected(&[&live])));
    api.patch(&variant)
        .merge(&json!({"mpn": "2"}))
        .send()
        .await
        .is(200);
    assert_eq!(split().await.1, expected(&[]));
    api.patch(&variant)
        .merge(&json!({"mpn": "1"}))
        .send()
        .await
        .is(200);
    assert_eq!(split().await.1, expected(&[&live]));

    // A cursor is for the filters it was made for.
    let page = api
        .get(&format!("{list}&hasUnpublishedChanges=true&limit=1"))
        .send()
        .await
        .is(200)
        .value();
    let cursor = text(&page, "/nextCursor");
    for other in [
        "",
        "&hasUnpublishedChanges=false",
        "&hasUnpublishedChanges=true&productType=key:generic",
    ] {
        let foreign = api
            .get(&format!("{list}{other}&limit=1&cursor={cursor}"))
            .send()
            .await;
        foreign.problem(400, "cursor_mismatch");
    }
    for (wrong, parameter) in [
        ("productType=key:nowhere", "productType"),
        ("productType=nonsense", "productType"),
        ("productType=", "productType"),
        ("productType=slug:generic", "productType"),
        ("productType=0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64", "productType"),
        ("productType=key:generic&productType=key:generic", "productType"),
        ("hasUnpublishedChanges=", "hasUnpublishedChanges"),
        ("hasUnpublishedChanges=maybe", "hasUnpublishedChanges"),
        ("hasUnpublishedChanges=TRUE", "hasUnpublishedChanges"),
    ] {
        let problem = api.get(&format!("/v1/products?{wrong}")).send().await;
        let problem = problem.problem(400, "invalid_parameter");
        assert_eq!(problem["parameter"], parameter, "{wrong}");
    }
}

async fn times_bound_what_was_changed(api: Api) {
    let brand = unique("Timed");
    let (first, second) = (
        api.product(json!({"brand": brand})).await,
        api.product(json!({"brand": brand})).await,
    );
    let list = format!("/v1/products?brand={brand}");
    let time = text(&second, "/updatedAt");
    assert_eq!(
        listed(&api, &format!("{list}&updatedSince={time}")).await,
        expected(&[&second])
    );
    assert_eq!(
        listed(&api, &format!("{list}&updatedBefore={time}")).await,
        expected(&[&first])
    );
    let path = format!("/v1/products/{}", text(&first, "/id"));
    let patched = api
        .patch(&path)
        .merge(&json!({"tags": ["x"]}))
        .send()
        .await
        .is(200)
        .value();
    let since = listed(&api, &format!("{list}&updatedSince={time}")).await;
    assert_eq!(since, expected(&[&first, &second]));
    let between = format!(
        "{list}&updatedSince={time}&updatedBefore={}",
        text(&patched, "/updatedAt")
    );
    assert_eq!(listed(&api, &between).await, expected(&[&second]));
    // Offsets are understood, with the plus sign escaped or not.
    for zone in ["%2B02:00", "+02:00", "-05:30", "Z"] {
        let path = format!("{list}&updatedSince=2020-01-31T12:00:00{zone}");
        assert_eq!(listed(&api, &path).await.len(), 2);
    }
    for wrong in [
        "yesterday",
        "2026-01-31",
        "2026-02-30T00:00:00Z",
        "1767225600",
        "",
    ] {
        let problem = api
            .get(&format!("/v1/products?updatedSince={wrong}"))
            .send()
            .await;
        problem.problem(400, "invalid_parameter");
    }
}

async fn deleted_ones_have_their_own_list(api: Api) {
    let brand = unique("Gone");
    let (kept, gone) = (
        api.product(json!({"brand": brand})).await,
        api.product(json!({"brand": brand})).await,
    );
    api.delete(&format!("/v1/products/{}", text(&gone, "/id")))
        .send()
        .await
        .is(204);
    let list = format!("/v1/products?brand={brand}");
    assert_eq!(listed(&api, &list).await, expected(&[&kept]));
    assert_eq!(
        listed(&api, &format!("{list}&deleted=false")).await,
        expected(&[&kept])
    );
    let deleted = format!("{list}&deleted=true");
    assert_eq!(listed(&api, &deleted).await, expected(&[&gone]));
    let body = api.get(&deleted).send().await.value();
    assert!(body["items"][0]["deletedAt"].is_string());

    let (parent, child) = (api.category(json!({})).await, unique("c"));
    let child = api.category(json!({"key": child, "parent": parent["id"]})).await;
    api.delete(&format!("/v1/categories/{}", text(&child, "/id")))
        .send()
        .await
        .is(204);
    let list = format!("/v1/categories?parent={}", text(&parent, "/id"));
    assert_eq!(listed(&api, &list).await, expected(&[]));
    assert_eq!(
        listed(&api, &format!("{list}&deleted=true")).await,
        expected(&[&child])
    );
}

async fn unknown_and_malformed_parameters_are_refused(api: Api) {
    let product = api.product(json!({})).await;
    let id = text(&product, "/id");
    let lists = [
        "/v1/products".to_owned(),
        "/v1/categories".to_owned(),
        format!("/v1/products/{id}/variants"),
        "/v1/store/default/products".to_owned(),
    ];
    for list in lists {
        for unknown in ["colour=red", "Limit=1", "page=2", "offset=10", "%00=1"] {
            let problem = api.get(&format!("{list}?{unknown}")).send().await;
            problem.problem(400, "filter_unknown_field");
        }
        for sort in ["name", "price", "--id", "", "id,updatedAt", "ID"] {
            let problem = api.get(&format!("{list}?sort={sort}")).send().await;
            problem.problem(400, "sort_not_allowed");
        }
        for twice in ["limit=1&limit=2", "sort=id&sort=id", "cursor=a&cursor=b"] {
            let problem = api.get(&format!("{list}?{twice}")).send().await;
            problem.problem(400, "invalid_parameter");
        }
    }
    for wrong in [
        "status=gone",
        "status=",
        "deleted=maybe",
        "brand=",
        "brand=%00",
        "tag=%20",
    ] {
        let problem = api.get(&format!("/v1/products?{wrong}")).send().await;
        problem.problem(400, "invalid_parameter");
    }
    for single in [
        format!("/v1/products/{id}?colour=red"),
        format!("/v1/products/{id}?limit=1"),
        "/v1/categories/key:x?field=id".to_owned(),
        "/v1/variants/key:x?expand=product".to_owned(),
        "/v1/store/default/products/x?preview=true".to_owned(),
    ] {
        api.get(&single).send().await.problem(400, "invalid_parameter");
    }
    let path = format!("/v1/products/{id}");
    for wrong in [
        "dryRun=maybe",
        "dryrun=true",
        "dryRun=true&dryRun=true",
        "force=true",
    ] {
        let patch = api
            .patch(&format!("{path}?{wrong}"))
            .merge(&json!({"brand": "B"}));
        patch.send().await.problem(400, "invalid_parameter");
        let publish = api.post(&format!("{path}/publish?{wrong}"));
        publish.send().await.problem(400, "invalid_parameter");
        let delete = api.delete(&format!("{path}?{wrong}"));
        delete.send().await.problem(400, "invalid_parameter");
        let create = api
            .post(&format!("/v1/products?{wrong}"))
            .json(&json!({"name": "x"}));
        create.send().await.problem(400, "invalid_parameter");
    }
    assert_eq!(api.get(&path).send().await.value()["version"], 1);
}
