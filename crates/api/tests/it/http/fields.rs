//! The shape of answers: `fields` and `expand`, on single resources and lists of both planes.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    only_the_named_members_are_answered,
    lists_have_the_members_in_their_items,
    members_that_there_are_not_are_refused,
    members_are_told_apart_after_the_token_is_looked_at,
    a_pruned_answer_is_conditional_all_the_same,
    products_are_expanded_with_variants_and_categories,
    lists_expand_a_few_variants_of_each_product,
    products_are_listed_by_key_and_time_of_creation,
    resources_of_every_kind_are_answered_in_part,
);

async fn get(api: &Api, path: &str) -> Value {
    api.get(path).send().await.is(200).value()
}

/// A published product with a variant, a category and a picture, by its path.
async fn published(api: &Api) -> (String, Value) {
    let category = api.category(json!({})).await;
    let media = json!([{"url": "https://example.com/a.jpg", "alt": {"en": "A", "de": "B"}, "role": "main"}]);
    let body = json!({"key": unique("shape"), "name": {"en": "Mug", "de": "Becher"}, "brand": unique("brand"),
        "media": media, "categories": [category["id"]], "metadata": {"a": "1", "b": "2"},
        "variants": [{"sku": unique("SKU"), "prices": [{"amount": "1.50", "currency": "EUR"}]}]});
    let product = api.product(body).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    api.post(&format!("{path}/publish")).send().await.is(200);
    (path, product)
}

async fn only_the_named_members_are_answered(api: Api) {
    let (path, product) = published(&api).await;
    let id = &product["id"];
    let cases = [
        ("name", json!({"id": id, "name": {"en": "Mug", "de": "Becher"}})),
        ("id", json!({"id": id})),
        (
            "name.de,brand",
            json!({"id": id, "name": {"de": "Becher"}, "brand": product["brand"]}),
        ),
        ("media.alt.en", json!({"id": id, "media": [{"alt": {"en": "A"}}]})),
        (
            "metadata.b,metadata",
            json!({"id": id, "metadata": {"a": "1", "b": "2"}}),
        ),
        // Members that there could be.
        ("seo,name.fr,deletedAt", json!({"id": id, "name": {}})),
    ];
    for (fields, expected) in cases {
        assert_eq!(
            get(&api, &format!("{path}?fields={fields}")).await,
            expected,
            "{fields}"
        );
    }
    let expanded = get(
        &api,
        &format!("{path}?expand=variants&fields=variants.sku,variants.prices.amount"),
    )
    .await;
    let variant = json!({"sku": product["variants"][0]["sku"], "prices": [{"amount": "1.50"}]});
    assert_eq!(expanded, json!({"id": id, "variants": [variant]}));

    let variant = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    let variant = get(&api, &format!("{variant}?fields=version")).await;
    assert_eq!(variant, json!({"id": product["variants"][0]["id"], "version": 1}));
    let category = text(&product, "/categories/0");
    let shown = get(
        &api,
        &format!("/v1/categories/{category}?fields=productCount,path"),
    )
    .await;
    assert_eq!(shown, json!({"id": category, "productCount": 1, "path": []}));

    let store = format!(
        "/v1/store/default/products/{}?fields=name,variants.sku",
        text(&product, "/id")
    );
    let shown = api.get(&store).anonymous().send().await.is(200);
    assert!(shown.find("cache-control").is_some() && shown.find("surrogate-key").is_some());
    let variant = json!({"sku": product["variants"][0]["sku"]});
    assert_eq!(
        shown.value(),
        json!({"id": id, "name": "Mug", "variants": [variant]})
    );
    let store = format!("/v1/store/default/categories/{category}?fields=productCount");
    assert_eq!(
        get(&api, &store).await,
        json!({"id": category, "productCount": 1})
    );
}

async fn lists_have_the_members_in_their_items(api: Api) {
    let brand = unique("brand");
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(api.product(json!({"brand": brand})).await);
    }
    let first = api
        .get(&format!(
            "/v1/products?brand={brand}&limit=2&count=exact&fields=brand"
        ))
        .send()
        .await
        .is(200);
    let page = first.value();
    let item = |n: usize| json!({"id": made[n]["id"], "brand": brand});
    assert_eq!(page["items"], json!([item(0), item(1)]));
    assert_eq!(page["total"], 3);
    // The next page is shaped as this one.
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split_once('>').unwrap().0;
    assert_eq!(
        get(&api, next).await,
        json!({"items": [item(2)], "nextCursor": null, "total": 3})
    );
    let id = text(&made[0], "/id");
    let variant = api.variant(id, json!({})).await;
    let listed = get(&api, &format!("/v1/products/{id}/variants?fields=sku")).await;
    assert_eq!(
        listed["items"],
        json!([{"id": variant["id"], "sku": variant["sku"]}])
    );
    let parent = api.category(json!({})).await;
    let child = api.category(json!({"parent": parent["id"]})).await;
    let children = format!("/v1/categories?parent={}&fields=slug.en", text(&parent, "/id"));
    assert_eq!(
        get(&api, &children).await["items"],
        json!([{"id": child["id"], "slug": child["slug"]}])
    );
    api.post(&format!("/v1/products/{id}/publish"))
        .send()
        .await
        .is(200);
    let store = format!("/v1/store/default/products?brand={brand}&fields=variants.sku");
    let shown = api.get(&store).anonymous().send().await.is(200).value();
    assert_eq!(
        shown["items"],
        json!([{"id": id, "variants": [{"sku": variant["sku"]}]}])
    );
}

async fn members_that_there_are_not_are_refused(api: Api) {
    let (path, product) = published(&api).await;
    let key = text(&product, "/key");
    for address in [
        path.clone(),
        "/v1/products".to_owned(),
        format!("/v1/store/default/products/key:{key}"),
        "/v1/store/default/products".to_owned(),
        "/v1/categories".to_owned(),
        format!("{path}/variants"),
    ] {
        for bad in [
            "nome",
            "",
            "name,",
            "name..en",
            "id.x",
            "name.de.x",
            "items",
            "nextCursor",
            "%00",
            "media.0",
            "$ref",
            "name&fields=brand",
        ] {
            let answer = api.get(&format!("{address}?fields={bad}")).send().await;
            let problem = answer.problem(400, "invalid_parameter");
            assert_eq!(problem["parameter"], "fields", "{bad}");
        }
    }
    // Elsewhere it is a parameter like any other that is not known.
    let tree = api.get("/v1/categories/tree?fields=name").send().await;
    tree.problem(400, "invalid_parameter");
    let write = api
        .patch(&format!("{path}?fields=name"))
        .merge(&json!({}))
        .send()
        .await;
    write.problem(400, "invalid_parameter");
}

async fn members_are_told_apart_after_the_token_is_looked_at(api: Api) {
    let address = "/v1/products?fields=nome";
    api.get(address)
        .anonymous()
        .send()
        .await
        .problem(401, "unauthenticated");
    let writer = api.instance.token("catalog:write", "writer").await;
    api.get(address)
        .token(&writer)
        .send()
        .await
        .problem(403, "scope_missing");
    let never = "/v1/products/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64?fields=name";
    api.get(never).send().await.problem(404, "resource_not_found");
}

async fn a_pruned_answer_is_conditional_all_the_same(api: Api) {
    let (path, _) = published(&api).await;
    let address = format!("{path}?fields=brand");
    let shown = api.get(&address).send().await.is(200);
    let tag = shown.header("etag").to_owned();
    let fresh = api
        .get(&address)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(304);
    assert_eq!(fresh.body, b"");
    let head = api.call(reqwest::Method::HEAD, &address).send().await.is(200);
    assert_eq!((head.header("etag"), &*head.body), (&*tag, &b""[..]));
    let patched = api
        .patch(&path)
        .header("if-match", &tag)
        .merge(&json!({"brand": "New"}));
    patched.send().await.is(200);
    let changed = api
        .get(&address)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(200);
    assert_eq!(changed.value()["brand"], "New");
}

async fn products_are_expanded_with_variants_and_categories(api: Api) {
    let (path, product) = published(&api).await;
    let id = text(&product, "/categories/0");
    let category = get(&api, &format!("/v1/categories/{id}")).await;
    let names = json!([{"id": id, "name": category["name"], "slug": category["slug"]}]);
    let with = api.get(&format!("{path}?expand=categories")).send().await.is(200);
    assert_eq!(with.value()["categoriesExpanded"], names);
    assert_eq!(with.value()["categories"], product["categories"]);
    assert_eq!(with.value().get("variants"), None);
    let both = get(&api, &format!("{path}?expand=variants,categories")).await;
    assert_eq!(
        (&both["categoriesExpanded"], &both["variants"]),
        (&names, &product["variants"])
    );
    // A category's new name is another body, though the product stays as it is.
    let tag = with.header("etag").to_owned();
    api.get(&with.path)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(304);
    api.patch(&format!("/v1/categories/{id}"))
        .merge(&json!({"name": "Renamed"}))
        .send()
        .await
        .is(200);
    let renamed = api
        .get(&with.path)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(renamed["categoriesExpanded"][0]["name"], json!({"en": "Renamed"}));
    for address in [path.as_str(), "/v1/products"] {
        for bad in ["all", "", "variants,", "categories.name"] {
            let answer = api.get(&format!("{address}?expand={bad}")).send().await;
            answer.problem(400, "invalid_parameter");
        }
    }
    let never = "/v1/products/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64?expand=categories";
    api.get(never).send().await.problem(404, "resource_not_found");
}

async fn lists_expand_a_few_variants_of_each_product(api: Api) {
    let (brand, prefix) = (unique("brand"), unique("SKU"));
    let sized = |count: usize, name: &str| {
        let variant = |n: usize| json!({"sku": format!("{prefix}-{name}-{n}"), "position": count - n, "options": {"n": n.to_string()}});
        json!({"brand": brand, "optionAxes": ["n"], "variants": (0..count).map(variant).collect::<Vec<_>>()})
    };
    let category = api.category(json!({})).await;
    let many = api.product(sized(21, "many")).await;
    let few = api.product(sized(20, "few")).await;
    let none = api
        .product(json!({"brand": brand, "categories": [category["id"]]}))
        .await;
    let list = format!("/v1/products?brand={brand}&expand=variants,categories");
    let items = get(&api, &list).await["items"].clone();
    let shown: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["id"].clone(),
                item["variants"].as_array().unwrap().len(),
                item["variantsTruncated"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (many["id"].clone(), 20, json!(true)),
            (few["id"].clone(), 20, json!(false)),
            (none["id"].clone(), 0, json!(false))
        ]
    );
    assert_eq!(items[0]["variants"][0]["sku"], format!("{prefix}-many-20"));
    assert_eq!(items[2]["categoriesExpanded"][0]["id"], category["id"]);
    assert_eq!(items[0]["categoriesExpanded"], json!([]));
    let plain = get(&api, &format!("/v1/products?brand={brand}")).await;
    assert_eq!(plain["items"][0].get("variants"), None);
    let empty = get(
        &api,
        &format!("/v1/products?brand={}&expand=variants,categories", unique("none")),
    )
    .await;
    assert_eq!(empty["items"], json!([]));
}

async fn products_are_listed_by_key_and_time_of_creation(api: Api) {
    let (brand, key) = (unique("brand"), unique("key"));
    let first = api.product(json!({"brand": brand, "key": key})).await;
    let second = api.product(json!({"brand": brand})).await;
    let list = async |filter: String| {
        let page = get(&api, &format!("/v1/products?brand={brand}&{filter}")).await;
        let items = page["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    let (one, two) = (&first["id"], &second["id"]);
    assert_eq!(list(format!("key={key}")).await, vec![one.clone()]);
    assert_eq!(list("key=nobody".to_owned()).await, Vec::<Value>::new());
    let at = text(&second, "/createdAt");
    assert_eq!(list(format!("createdSince={at}")).await, vec![two.clone()]);
    assert_eq!(list(format!("createdBefore={at}")).await, vec![one.clone()]);
    assert_eq!(
        list(format!("createdBefore={at}&createdSince={at}")).await,
        Vec::<Value>::new()
    );
    for bad in ["key=-", "key=", "createdSince=today", "createdBefore=1"] {
        api.get(&format!("/v1/products?{bad}"))
            .send()
            .await
            .problem(400, "invalid_parameter");
    }
}

async fn resources_of_every_kind_are_answered_in_part(api: Api) {
    for (list, one) in [
        ("/v1/channels", "key:default"),
        ("/v1/price-lists", "key:base"),
        ("/v1/product-types", "key:generic"),
    ] {
        let key = one.trim_start_matches("key:");
        let path = format!("{list}/{one}");
        let part = get(&api, &format!("{path}?fields=key")).await;
        assert_eq!(part, json!({"id": part["id"], "key": key}));
        let page = get(&api, &format!("{list}?fields=key&limit=200")).await;
        assert!(page["items"].as_array().unwrap().contains(&part), "{list}");
        let refused = api.get(&format!("{path}?fields=nothing")).send().await;
        refused.problem(400, "invalid_parameter");
    }
}
