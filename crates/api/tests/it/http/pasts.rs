//! The past of what is no product, variant or category.

use serde_json::{Value, json};

use super::support::{Answer, Api, on_both, text, unique};

on_both!(
    whole_resources_have_a_past,
    whole_resources_go_back,
    going_back_needs_what_was_referred_to,
    prices_have_a_past,
    files_have_a_past,
    what_was_always_there_has_a_past,
    going_back_needs_a_scope,
);

/// One microsecond earlier than a body was written.
fn just_before(body: &Value) -> String {
    let time: chrono::DateTime<chrono::Utc> = text(body, "/updatedAt").parse().unwrap();
    let time = time - chrono::TimeDelta::microseconds(1);
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

impl Api {
    async fn read(&self, path: &str) -> Value {
        self.get(path).send().await.is(200).value()
    }

    async fn back_to(&self, path: &str, version: i64) -> Answer {
        let call = self.post(&format!("{path}/revert"));
        call.json(&json!({"version": version})).send().await
    }

    async fn created(&self, list: &str, body: Value) -> (String, Value) {
        let made = self.post(list).json(&body).send().await.is(201);
        (made.header("location").to_owned(), made.value())
    }

    async fn merged(&self, path: &str, patch: Value) -> Value {
        self.patch(path).merge(&patch).send().await.is(200).value()
    }
}

/// A body of each kind that is stored as a whole.
fn kinds() -> [(&'static str, Value); 3] {
    let channel = json!({"key": unique("past"), "name": "Web", "locales": ["en"], "currencies": ["EUR"]});
    let attribute = json!({"key": "colour", "name": "Colour", "type": "text", "level": "product"});
    [
        ("/v1/channels", channel),
        (
            "/v1/product-types",
            json!({"key": unique("past"), "name": "Web", "attributes": [attribute]}),
        ),
        ("/v1/price-lists", json!({"key": unique("past"), "name": "Web"})),
    ]
}

async fn whole_resources_have_a_past(api: Api) {
    for (list, body) in kinds() {
        let key = text(&body, "/key").to_owned();
        let (path, first) = api.created(list, body).await;
        let second = api
            .merged(&path, json!({"name": {"en": "Shop"}, "metadata": {"a": "b"}}))
            .await;
        api.delete(&path).send().await.is(204);

        let history = api.read(&format!("{list}/key:{key}/history")).await;
        let told: Vec<_> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["version"].as_i64().unwrap(), text(entry, "/events/0")))
            .collect();
        assert_eq!(told, [(3, "deleted"), (2, "updated"), (1, "created")], "{list}");
        assert_eq!(history["items"][1]["at"], second["updatedAt"]);
        assert_eq!(history["items"][1]["actor"], "tests");
        let page = api.read(&format!("{path}/history?limit=2")).await;
        let cursor = text(&page, "/nextCursor");
        let rest = api.read(&format!("{path}/history?limit=2&cursor={cursor}")).await;
        assert_eq!(rest["items"], json!([history["items"][2]]));

        let shown = api.get(&format!("{path}/history/1")).send().await.is(200);
        assert_eq!(shown.value(), first, "{list}");
        let again = api
            .get(&format!("{path}/history/1"))
            .header("If-None-Match", shown.header("etag"));
        again.send().await.is(304);
        let gone = api.read(&format!("{path}/history/3")).await;
        assert_eq!(gone["deletedAt"], gone["updatedAt"]);
        let diff = api.read(&format!("{path}/diff?from=2&to=1")).await;
        assert_eq!(
            diff["operations"],
            json!([{"op": "remove", "path": "/metadata/a"}, {"op": "replace", "path": "/name/en", "value": "Web"}])
        );
        for wrong in ["0", "-1", "x", "1.5"] {
            let answer = api.get(&format!("{path}/history/{wrong}")).send().await;
            assert_eq!(answer.problem(400, "invalid_parameter")["parameter"], "version");
        }
        api.get(&format!("{path}/history/4"))
            .send()
            .await
            .problem(404, "resource_not_found");
        api.get(&format!("{path}/diff?from=1"))
            .send()
            .await
            .problem(400, "invalid_parameter");

        let as_of = async |instant: &str| api.get(&format!("{path}?asOf={instant}")).send().await;
        assert_eq!(as_of(text(&first, "/updatedAt")).await.is(200).value(), first);
        assert_eq!(as_of(&just_before(&second)).await.is(200).value(), first);
        assert_eq!(as_of(&just_before(&gone)).await.is(200).value(), second);
        for absent in [just_before(&first), text(&gone, "/updatedAt").to_owned()] {
            as_of(&absent).await.problem(404, "resource_not_found");
        }
        let wrong = as_of("yesterday").await.problem(400, "invalid_parameter");
        assert_eq!(wrong["parameter"], "asOf");
        api.get(&format!("{list}/key:nowhere/history"))
            .send()
            .await
            .problem(404, "resource_not_found");
        api.back_to(&path, 1).await.problem(404, "resource_not_found");
    }
}

async fn whole_resources_go_back(api: Api) {
    for (list, body) in kinds() {
        let key = text(&body, "/key").to_owned();
        let (path, first) = api.created(list, body.clone()).await;
        let other = unique("other");
        api.merged(&path, json!({"name": {"en": "Shop"}, "key": other}))
            .await;

        let dry = api
            .post(&format!("{path}/revert?dryRun=true"))
            .json(&json!({"version": 1}));
        assert_eq!(dry.send().await.is(200).value()["name"]["en"], "Web");
        let stale = api
            .post(&format!("{path}/revert"))
            .header("If-Match", "\"1-x\"")
            .json(&json!({"version": 1}));
        stale.send().await.problem(412, "version_conflict");
        let back = api.back_to(&path, 1).await.is(200).value();
        assert_eq!(
            (&back["name"], &back["version"]),
            (&first["name"], &json!(3)),
            "{list}"
        );
        assert_eq!(api.read(&path).await, back);
        assert_eq!(api.back_to(&path, 3).await.is(200).value(), back, "no change");

        // The key must be free.
        api.merged(&path, json!({"key": other})).await;
        api.post(list).json(&body).send().await.is(201);
        let taken = api.back_to(&path, 1).await.problem(409, "duplicate_key");
        assert_eq!(taken["errors"][0]["pointer"], "/key", "{key}");
        api.back_to(&path, 0)
            .await
            .has_faults(&[("/version", "out_of_range")]);
        api.back_to(&path, 9).await.problem(404, "resource_not_found");
    }
}

async fn going_back_needs_what_was_referred_to(api: Api) {
    // A list of a channel, and a channel with a list.
    let body = json!({"key": unique("ch"), "name": "Web", "locales": ["en"], "currencies": ["EUR"]});
    let (channel, made) = api.created("/v1/channels", body).await;
    let body = json!({"key": unique("pl"), "name": "L", "conditions": {"channels": [made["id"]]}});
    let (list, _) = api.created("/v1/price-lists", body).await;
    api.merged(&list, json!({"conditions": {"channels": []}})).await;
    api.delete(&channel).send().await.is(204);
    let gone = api.back_to(&list, 1).await.problem(409, "state_conflict");
    let fault = &gone["errors"][0];
    assert_eq!(fault["pointer"], "/conditions/channels/0");
    assert_eq!(fault["code"], "reference_not_found");
    assert_eq!(api.read(&list).await["version"], 2);
    api.post(&format!("{channel}/restore")).send().await.is(200);
    api.back_to(&list, 1).await.is(200);

    // A product type that stored products would not fit.
    let key = unique("type");
    let body = json!({"key": key, "name": "T"});
    let (typed, _) = api.created("/v1/product-types", body).await;
    let attribute = json!({"key": "colour", "name": "Colour", "type": "text", "level": "product"});
    api.merged(&typed, json!({"attributes": [attribute]})).await;
    let product = json!({"productType": format!("key:{key}"), "attributes": {"colour": "red"}});
    api.product(product).await;
    let unfit = api.back_to(&typed, 1).await.problem(409, "state_conflict");
    assert_eq!(unfit["affected"], 1);

    // A price of a variant that is gone.
    let product = api.product(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let body = json!({"priceList": "key:base", "variant": variant["id"], "currency": "EUR", "amount": "1"});
    let (price, _) = api.created("/v1/prices", body).await;
    api.merged(&price, json!({"amount": "2"})).await;
    api.delete(&format!("/v1/variants/{}", text(&variant, "/id")))
        .send()
        .await
        .is(204);
    let gone = api.back_to(&price, 1).await;
    assert!([404, 409].contains(&gone.status), "{gone:?}");
}

async fn prices_have_a_past(api: Api) {
    let product = api.product(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let body = json!({"priceList": "key:base", "variant": variant["id"], "currency": "EUR", "amount": "1"});
    let (path, first) = api.created("/v1/prices", body.clone()).await;
    let second = api
        .merged(
            &path,
            json!({"amount": "2", "validUntil": "2030-01-01T00:00:00Z"}),
        )
        .await;
    let diff = api.read(&format!("{path}/diff?from=1&to=2")).await;
    assert_eq!(diff["operations"].as_array().unwrap().len(), 2, "{diff}");
    assert_eq!(api.read(&format!("{path}/history/1")).await, first);
    assert_eq!(
        api.read(&format!("{path}?asOf={}", just_before(&second))).await,
        first
    );
    // Another one holds then.
    let mut rival = body;
    rival["validFrom"] = json!("2030-01-01T00:00:00Z");
    let (rival, _) = api.created("/v1/prices", rival).await;
    api.back_to(&path, 1).await.problem(409, "price_overlap");
    api.delete(&rival).send().await.is(204);
    let back = api.back_to(&path, 1).await.is(200).value();
    assert_eq!((&back["amount"], &back["version"]), (&first["amount"], &json!(3)));

    // A deleted one is found by its past alone.
    api.delete(&path).send().await.is(204);
    api.get(&path).send().await.problem(404, "resource_not_found");
    let history = api.read(&format!("{path}/history")).await;
    assert_eq!(history["items"].as_array().unwrap().len(), 4);
    assert_eq!(history["items"][0]["events"], json!(["deleted"]));
    assert_eq!(api.read(&format!("{path}/history/2")).await, second);
    assert_eq!(
        api.read(&format!("{path}?asOf={}", just_before(&back))).await,
        second
    );
    api.back_to(&path, 1).await.problem(404, "resource_not_found");
    let nowhere = "/v1/prices/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64/history";
    api.get(nowhere).send().await.problem(404, "resource_not_found");
}

async fn files_have_a_past(api: Api) {
    let pdf = format!("%PDF-1.7\n{}{}", unique("past"), rand::random::<u64>());
    let uploaded = api.post("/v1/media?name=a.pdf").body("application/pdf", pdf);
    let uploaded = uploaded.send().await.is(201);
    let (path, first) = (uploaded.header("location").to_owned(), uploaded.value());
    api.delete(&path).send().await.is(204);
    let history = api.read(&format!("{path}/history")).await;
    assert_eq!(history["items"].as_array().unwrap().len(), 2);
    assert_eq!(history["items"][0]["actor"], "tests");
    assert_eq!(api.read(&format!("{path}/history/1")).await, first);
    let gone = text(&history, "/items/0/at").to_owned();
    assert_eq!(
        api.read(&format!("{path}?asOf={}", text(&first, "/updatedAt")))
            .await,
        first
    );
    api.get(&format!("{path}?asOf={gone}"))
        .send()
        .await
        .problem(404, "resource_not_found");
    assert_eq!(api.read(&format!("{path}/diff?from=1&to=2")).await["from"], 1);
    api.get("/v1/media/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64/history")
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn what_was_always_there_has_a_past(api: Api) {
    let path = "/v1/price-lists/key:base";
    let now = api.read(path).await;
    let version = &now["version"];
    assert_eq!(api.read(&format!("{path}/history/{version}")).await, now);
    assert_eq!(api.read(&format!("{path}?asOf=2100-01-01T00:00:00Z")).await, now);
    api.get(&format!("{path}?asOf=1999-01-01T00:00:00Z"))
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn going_back_needs_a_scope(api: Api) {
    let reader = api.instance.token("catalog:read", "reader").await;
    let product = api.product(json!({})).await;
    let variant = api.variant(text(&product, "/id"), json!({})).await;
    let body = json!({"priceList": "key:base", "variant": variant["id"], "currency": "EUR", "amount": "1"});
    let (price, _) = api.created("/v1/prices", body).await;
    for (path, scope) in [
        ("/v1/channels/key:default", "catalog:write"),
        ("/v1/product-types/key:generic", "catalog:write"),
        ("/v1/price-lists/key:base", "prices:write"),
        (price.as_str(), "prices:write"),
    ] {
        let history = api.get(&format!("{path}/history")).token(&reader);
        history.send().await.is(200);
        let revert = api.post(&format!("{path}/revert")).token(&reader);
        let refused = revert.json(&json!({"version": 1})).send().await;
        assert_eq!(refused.problem(403, "scope_missing")["requiredScope"], scope);
    }
}
