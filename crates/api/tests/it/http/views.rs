//! Which products are looked at most.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    the_most_viewed_that_are_on_sale_are_listed,
    a_view_is_of_a_product_that_is_there,
    windows_and_limits_are_checked,
    reading_is_no_view_unless_it_is_told_to_be,
);

async fn channel(api: &Api) -> String {
    let key = unique("views");
    let body = json!({"key": key, "name": "Web", "locales": ["en", "de"], "currencies": ["EUR", "USD"]});
    api.post("/v1/channels").json(&body).send().await.is(201);
    key
}

/// A product on sale in the channel; gives its id.
async fn product(api: &Api, channel: &str) -> String {
    let body = json!({
        "name": {"en": unique("Looked at"), "de": unique("Angesehen")}, "slug": unique("slug"),
        "channels": [{"channel": format!("key:{channel}")}],
        "variants": [{"sku": unique("SKU"), "prices": [{"amount": "1.50", "currency": "EUR"}]}],
    });
    let created = api.post("/v1/products?publish=true").json(&body).send().await;
    text(&created.is(201).value(), "/id").to_owned()
}

async fn view(api: &Api, channel: &str, reference: &str, times: usize) {
    let path = format!("/v1/store/{channel}/products/{reference}/views");
    for _ in 0..times {
        let answer = api.post(&path).anonymous().send().await.is(204);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| text(item, "/id").to_owned()).collect()
}

/// Asks until the list is this one.
async fn becomes(api: &Api, path: &str, wanted: &[&String]) -> Value {
    let started = Instant::now();
    loop {
        let list = api.get(path).anonymous().send().await.is(200).value();
        if ids(&list).iter().eq(wanted.iter().copied()) {
            return list;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{wanted:?}: {list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn the_most_viewed_that_are_on_sale_are_listed(api: Api) {
    let channel = channel(&api).await;
    let [a, b, c] = [
        product(&api, &channel).await,
        product(&api, &channel).await,
        product(&api, &channel).await,
    ];
    view(&api, &channel, &a, 1).await;
    view(&api, &channel, &b, 5).await;
    view(&api, &channel, &c, 3).await;
    let path = format!("/v1/store/{channel}/trending");
    let list = becomes(&api, &path, &[&b, &c, &a]).await;
    assert_eq!(list["items"][0]["variants"][0]["price"]["amount"], "1.50");
    let answer = api.get(&path).anonymous().send().await.is(200);
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=10"
    );
    let tag = answer.header("etag").to_owned();
    let again = api.get(&path).header("if-none-match", &tag).send().await;
    again.is(304);
    for window in ["1h", "24h", "7d"] {
        becomes(&api, &format!("{path}?window={window}"), &[&b, &c, &a]).await;
    }
    becomes(&api, &format!("{path}?limit=1"), &[&b]).await;
    let german = becomes(
        &api,
        &format!("{path}?locale=de&currency=USD&fields=name"),
        &[&b, &c, &a],
    )
    .await;
    assert!(
        text(&german, "/items/0/name").starts_with("Angesehen"),
        "{german}"
    );
    assert_eq!(german["items"][0].as_object().unwrap().len(), 2);

    // What is hidden makes room for the next, at once.
    api.post(&format!("/v1/products/{b}/unpublish"))
        .send()
        .await
        .is(200);
    becomes(&api, &format!("{path}?limit=2"), &[&c, &a]).await;
    let other = self::channel(&api).await;
    let list = api.get(&format!("/v1/store/{other}/trending")).send().await;
    assert_eq!(list.is(200).value(), json!({"items": [], "nextCursor": null}));
}

async fn a_view_is_of_a_product_that_is_there(api: Api) {
    let channel = channel(&api).await;
    let id = product(&api, &channel).await;
    let at = |reference: &str| format!("/v1/store/{channel}/products/{reference}/views");
    for reference in ["nowhere", "key:nowhere", "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"] {
        let answer = api.post(&at(reference)).anonymous().send().await;
        answer.problem(404, "resource_not_found");
    }
    let elsewhere = format!("/v1/store/default/products/{id}/views");
    api.post(&elsewhere)
        .send()
        .await
        .problem(404, "resource_not_found");
    let nowhere = format!("/v1/store/nowhere/products/{id}/views");
    api.post(&nowhere).send().await.problem(404, "resource_not_found");
    let bad = api.post(&at("a%20b")).send().await;
    bad.problem(400, "invalid_parameter");
    let unknown = api.post(&format!("{}?times=5", at(&id))).send().await;
    unknown.problem(400, "invalid_parameter");
    let body = api.post(&at(&id)).json(&json!({"times": 5})).send().await;
    body.has_faults(&[("", "unknown_field")]);
    api.get(&at(&id)).send().await.problem(405, "method_not_allowed");

    // A former slug still leads to the product.
    let path = format!("/v1/products/{id}?publish=true");
    let slug = text(
        &api.get(&format!("/v1/products/{id}")).send().await.value(),
        "/slug/en",
    )
    .to_owned();
    let renamed = api.patch(&path).merge(&json!({"slug": {"en": unique("new")}}));
    renamed.send().await.is(200);
    view(&api, &channel, &slug, 1).await;
    becomes(&api, &format!("/v1/store/{channel}/trending"), &[&id]).await;
}

async fn windows_and_limits_are_checked(api: Api) {
    let path = "/v1/store/default/trending";
    for query in [
        "window=2h",
        "window=",
        "window=24H",
        "limit=0",
        "limit=51",
        "limit=-1",
        "limit=x",
        "limit=1e1",
        "limit=99999999999999999999",
        "window=1h&window=1h",
        "cursor=x",
        "brand=x",
        "locale=xx",
        "currency=XXX",
    ] {
        let answer = api.get(&format!("{path}?{query}")).anonymous().send().await;
        let problem = answer.problem(400, "invalid_parameter");
        assert_eq!(
            query.split('=').next(),
            problem["parameter"].as_str(),
            "{problem}"
        );
    }
    let nowhere = api.get("/v1/store/nowhere/trending").send().await;
    nowhere.problem(404, "resource_not_found");
    api.get(&format!("{path}?limit=50")).send().await.is(200);
}

async fn reading_is_no_view_unless_it_is_told_to_be(api: Api) {
    let channel = channel(&api).await;
    let (seen, read) = (product(&api, &channel).await, product(&api, &channel).await);
    for _ in 0..3 {
        let path = format!("/v1/store/{channel}/products/{read}");
        api.get(&path).anonymous().send().await.is(200);
    }
    view(&api, &channel, &seen, 1).await;
    becomes(&api, &format!("/v1/store/{channel}/trending"), &[&seen]).await;
}
